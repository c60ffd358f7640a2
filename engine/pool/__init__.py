"""What the shared-memory mode is made of: the arena of shared data, the result slots, the workers and their crew."""
