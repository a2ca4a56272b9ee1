"""The Django application that holds the users and groups of the server beside it."""
# mypy: ignore-errors
# Django and django-scim2 are in the server's own environment
