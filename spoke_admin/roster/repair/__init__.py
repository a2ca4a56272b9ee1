"""Repairs of a file of users: by class, previewed, as a copy that is byte for byte the same elsewhere."""
