"""Spoke Admin: enable SAML and SCIM between a service and an identity provider, rehearsed and proved."""

__version__ = "0.2.0"
