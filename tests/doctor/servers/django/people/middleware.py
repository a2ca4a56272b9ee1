"""Who calls: one bearer token opens everything, everybody else is nobody."""
# mypy: ignore-errors
# Django and django-scim2 are in the server's own environment

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from .models import User


class BearerToken:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        right = request.headers.get("authorization") == f"Bearer {settings.TOKEN}"
        request.user = User(username="the identity provider") if right else AnonymousUser()
        return self.get_response(request)
