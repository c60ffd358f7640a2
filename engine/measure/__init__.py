"""Timing one plan, checking its results, and what disturbs both."""
