"""What the samples mean: figures, causes, the recommendation."""
