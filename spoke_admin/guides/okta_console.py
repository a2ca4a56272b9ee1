"""Okta's admin console: menu paths and deep links, in Okta's own words."""

from urllib.parse import urlsplit

from spoke_admin.domain.guide import Place

APPLICATIONS = "/admin/apps/active"


def place(console_url: str, *path: str, link: str = APPLICATIONS) -> Place:
    """A place in the admin console of the org at `console_url` ("" when there is no console to open)."""
    return Place("identity_provider", path, admin_console(console_url) + link if console_url else "")


def admin_console(org_url: str) -> str:
    """https://acme.okta.com -> https://acme-admin.okta.com; an address that has the suffix already stays."""
    host = urlsplit(org_url).hostname or ""
    name, _, domain = host.partition(".")
    return f"https://{name if name.endswith('-admin') else f'{name}-admin'}.{domain}"
