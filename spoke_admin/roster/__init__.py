"""A file of users: reading, checking, reporting."""
