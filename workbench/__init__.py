"""The program around the engine: command line, text and terminal UI."""
