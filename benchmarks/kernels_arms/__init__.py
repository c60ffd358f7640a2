"""What benchmarks/kernels.py and benchmarks/gpu_batch.py measure."""
