"""Fixtures that start the real stand-in process."""
