"""What a token shows of itself: its fingerprint, when it ends, and whether it is another kind of thing altogether."""

import base64
import binascii
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret

Wanted = Literal["service", "okta", "any"]
OKTA_TOKEN = re.compile(r"00[A-Za-z0-9_-]{40}")  # what Okta's console shows, once
LONGEST_JWT = 8192
LAST_SECOND = 253_402_300_799  # of the year 9999


class OtherKindError(AdminError):
    """What was given may be a token, but hardly the one that is wanted: a person may insist."""


def fingerprint(secret: Secret) -> str:
    """The first 16 hex digits of the SHA-256: they tell whether two are the same, and nothing else."""
    return hashlib.sha256(secret.reveal().encode()).hexdigest()[:16]


def looks_like_okta(secret: Secret) -> bool:
    """Whether it has the form of an Okta API token (SSWS)."""
    return OKTA_TOKEN.fullmatch(secret.reveal()) is not None


def read_pasted(text: str, wanted: Wanted) -> Secret:
    """The token in what was typed, pasted or read; outer blanks do not count.

    Raises AdminError where it can be none, and OtherKindError where it looks like one that is not `wanted`.
    """
    stripped = text.strip()
    for pattern, words, remedy in _NO_TOKENS:
        if re.match(pattern, stripped):
            raise AdminError(f"That is not a token: this looks like {words}.", remedy)
    secret = Secret(stripped)
    if wanted == "service" and looks_like_okta(secret):
        raise OtherKindError(
            "This looks like an Okta API token; the service's own API token is wanted here.",
            "Copy the token from the service's SCIM settings. Okta's belongs to Okta's address.",
        )
    return secret


_NO_TOKENS = (
    (r"(?i)[a-z][a-z0-9+.-]*://", "a URL", "Copy the token itself, not the address it belongs to."),
    (
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY",
        "a PEM with a private key",
        "A private key is never pasted here; copy the API token.",
    ),
    (r"-----BEGIN ", "a PEM (a certificate or a key)", "Certificates belong to the SAML step; copy the API token."),
    (r"MII[A-Za-z0-9+/=]{400,}", "a certificate", "Certificates belong to the SAML step; copy the API token."),
    (r"<[?!a-zA-Z]", "an XML or HTML document", "Copy the token alone."),
    (r'[{\[]\s*["{\[]', "JSON", 'Copy the token alone: the text between the quotes behind "token".'),
    (r"(?i)(bearer|ssws)\s", "a whole header", "Leave out the word before the token."),
    (r"[*•●.·…]+\Z", "the masked display of a token", "Show it first, or regenerate it, then copy it."),
)


def ends_at(secret: Secret) -> datetime | None:
    """When a token that is a JWT says that it ends (RFC 7519, section 4.1.4); None for any other."""
    parts = secret.reveal().split(".")
    if len(parts) != 3 or not parts[0].startswith("eyJ") or len(secret.reveal()) > LONGEST_JWT:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    ends = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not 0 < ends <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(ends, UTC)
