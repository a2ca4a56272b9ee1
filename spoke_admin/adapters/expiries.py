"""What of a connection ends when, as far as its systems and this computer's notes tell. Asks; changes nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from spoke_admin.adapters import keychain
from spoke_admin.adapters.token_notes import TokenNotes
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.expiry import OKTA_UNUSED, Expiry, in_order
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection
from spoke_admin.domain.token_kinds import ends_at, looks_like_okta

log = logging.getLogger(__name__)
HAND_OVER_ANEW = "Regenerate it on the page Tokens and hand it over."


async def expiries(connection: Connection, notes: TokenNotes) -> list[Expiry]:
    """The nearest first. What one system does not tell leaves the others."""
    scim, okta, provider, service = await asyncio.gather(
        _or_nothing(lambda: _scim_token(connection, notes)),
        _or_nothing(lambda: _okta_token(connection, notes)),
        _or_nothing(lambda: _identity_provider_certificates(connection)),
        _or_nothing(lambda: _service_certificate(connection)),
    )
    moments = {it.when for it in provider}
    copies = [it for it in service if it.when not in moments]  # the same certificate is no second one
    return in_order([*scim, *okta, *provider, *copies])


async def learn(connection: Connection, notes: TokenNotes) -> None:
    """Asks the service when its token ends, and notes the answer. Raises AdminError."""
    settings = await connection.service.settings()
    if settings.token is not None:
        notes.learned(connection.service.scim_url, settings.token.expires)


def token_ends(
    address: str, secret: Secret | None, notes: TokenNotes, set_at: datetime | None
) -> tuple[datetime | None, bool]:
    """When the token of an address ends, None where that is not known, and whether that is only when it is unused."""
    noted = notes.of(address)
    told = noted.expires or (ends_at(secret) if secret is not None else None)
    if told is not None or secret is None or not looks_like_okta(secret):
        return told, False
    last = max((it for it in (noted.used, set_at) if it is not None), default=None)
    return (last + OKTA_UNUSED if last is not None else None), True


async def _or_nothing(look: Callable[[], Awaitable[list[Expiry]]]) -> list[Expiry]:
    try:
        return await look()
    except AdminError as fault:
        log.debug("what ends when is not known: %s", fault.title)
        return []


async def _scim_token(connection: Connection, notes: TokenNotes) -> list[Expiry]:
    address = connection.service.scim_url
    if connection.service.settings_url is not None:
        try:
            await learn(connection, notes)
        except AdminError as fault:
            log.debug("the service does not tell when its token ends: %s", fault.title)
    kept = await connection.tokens.read(address)
    when, _ = token_ends(address, kept.secret, notes, None)
    return [Expiry(f"The API token of {connection.profile.title}", when, HAND_OVER_ANEW)] if when else []


async def _okta_token(connection: Connection, notes: TokenNotes) -> list[Expiry]:
    address = connection.console_url
    kept = await connection.tokens.read(address) if address else None
    if kept is None or kept.secret is None:
        return []
    when, unused = token_ends(address, kept.secret, notes, await keychain.set_at(address))
    todo = "Look at the page Tokens with this connection open: that uses it." if unused else "Make a new one in Okta."
    return [Expiry("The API token of Okta", when, todo, unused)] if when else []


async def _identity_provider_certificates(connection: Connection) -> list[Expiry]:
    if connection.identity_provider is None:
        return []
    from spoke_admin.saml.metadata import read_metadata  # lxml and cryptography: after the first paint

    title = connection.identity_provider.title
    metadata = read_metadata(await connection.identity_provider.metadata())
    many = len(metadata.certificates) > 1
    return [
        Expiry(
            f"The signing certificate of {title}" + (f" ({it.sha256[:8]}…)" if many else ""),
            it.not_after,
            f"Make a new one in {title} and hand its metadata to {connection.profile.title}: sign-on stops without it.",
        )
        for it in metadata.certificates
    ]


async def _service_certificate(connection: Connection) -> list[Expiry]:
    if connection.service.settings_url is None:
        return []
    ends = (await connection.service.settings()).saml_certificate_ends
    what = f"The identity provider's certificate that {connection.profile.title} holds"
    todo = "Hand over the identity provider's current metadata: sign-on stops without it."
    return [Expiry(what, ends, todo)] if ends is not None else []
