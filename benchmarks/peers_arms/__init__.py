"""What benchmarks/peers.py is made of: the series, the arms, the process each of them lives in, ties and claims."""
