"""What benchmarks/overhead.py is made of: work, peers, the processes they live in, sections, claims and tables."""
