"""django-scim2 below /scim/v2."""
# mypy: ignore-errors
# Django and django-scim2 are in the server's own environment

from django.urls import include, path

urlpatterns = [path("scim/v2/", include("django_scim.urls"))]
