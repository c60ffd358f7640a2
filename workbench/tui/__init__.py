"""The terminal UI. It never measures and never computes: it starts the engine as a process and shows its events."""
