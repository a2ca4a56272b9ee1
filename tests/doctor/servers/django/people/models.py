"""Django's own user and group with the fields that django-scim2 wants."""
# mypy: ignore-errors
# Django and django-scim2 are in the server's own environment

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class User(AbstractSCIMUserMixin, AbstractUser):
    scim_groups = models.ManyToManyField("Group", related_name="user_set")
    groups = None


class Group(AbstractSCIMGroupMixin):
    name = models.CharField(max_length=150, unique=True)
