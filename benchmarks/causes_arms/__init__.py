"""Planted causes."""
