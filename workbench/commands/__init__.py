"""The sub-commands, one file per subject."""
