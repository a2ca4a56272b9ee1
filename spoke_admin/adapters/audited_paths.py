"""Paths as the activity log and the lines of -vv show them: without ids, names, and whatever may be a secret."""

from urllib.parse import urlsplit

# The segments of a path that are shown. Whatever else stands there is an id, or may be a secret.
WORDS = frozenset({
    "scim", "v1", "v2", "Users", "Groups", "Bulk", "Me", "Schemas", "ResourceTypes", "ServiceProviderConfig",
    ".search", "api", "integrations", "sso", "saml", "test", "activate", "token", "old", "plan", "okta", "apps",
    "users", "groups", "lifecycle", "deactivate", "suspend", "unsuspend", "mappings", "group-push", "meta", "schemas",
    "default", "connections", "features", "api-tokens", "current", "rehearsal", "api-integration", "at-service",
    "import", "confirm",
})  # fmt: skip
COLLECTIONS = frozenset({"Users", "Groups", "users", "groups", "apps", "mappings", "features"})


def template(url: str) -> str:
    """The path of an address with every id, name and unknown word as {id}: "/scim/v2/Users/{id}"."""
    shown: list[str] = []
    below = False  # a collection, where ids stand
    for segment in urlsplit(url).path.split("/"):
        if segment:
            known = segment in WORDS and (not below or segment == ".search")
            shown.append(segment if known else "{id}")
            below = known and segment in COLLECTIONS
    return "/" + "/".join(shown)
