"""Tokens of a connection: their rotation, and when they end."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spoke_admin.connection.opening import fetch_document, is_taken, keychain, preferences, token_notes
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import (
    Addresses,
    Connection,
    KeptToken,
    KeychainState,
    Tokens,
)

if TYPE_CHECKING:
    from datetime import datetime

    from spoke_admin.adapters.hand_over import HandingOver
    from spoke_admin.domain.expiry import Expiry
    from spoke_admin.domain.rotation import Outcome
    from spoke_admin.domain.rotation import Tell as TellRotation


async def forget_token(address: str, tokens: Tokens | None = None) -> KeptToken:
    """Removes the token of an address, and what an interrupted rotation left beside it: that is given up."""
    from spoke_admin.adapters import token_rotation

    return await token_rotation.forget(address, tokens or keychain())


async def rotate_token(
    opened: Connection, tell: "TellRotation", hand_over: "HandingOver | None" = None, *, resume: bool = False
) -> "Outcome":
    """A new SCIM token in the old one's place, without a gap where the service allows it; or what is left of one.

    Raises AdminError; `rotation_is_open` then tells whether it has to be resumed.
    """
    from spoke_admin.adapters import token_rotation

    address = opened.service.scim_url
    return await token_rotation.rotate(
        opened, tell, hand_over, lambda secret: is_taken(address, secret, (401,)), resume=resume
    )


def may_stay_in_memory(opened: Connection, *, lasts: bool = True) -> frozenset[KeychainState]:
    """The states of the keychain in which a new token may stay in this process's memory.

    In the rehearsal every one: its token ends with it. Elsewhere where there is none at all, if this program `lasts`.
    """
    if opened.sandbox:
        return frozenset(KeychainState)
    return frozenset((KeychainState.SESSION_ONLY,)) if lasts else frozenset()


@dataclass(frozen=True)
class Rotations:
    """Fulfils `domain.systems.Renewing`."""

    lasts: bool

    async def renew(self, connection: Connection, tell: "TellRotation") -> "Outcome":
        from spoke_admin.adapters.hand_over import HandingOver

        memory = may_stay_in_memory(connection, lasts=self.lasts)
        return await rotate_token(connection, tell, HandingOver(memory=memory))

    def is_unfinished(self, connection: Connection) -> bool:
        return rotation_is_open(connection.service.scim_url)


async def interrupted_rotation(opened: Connection) -> "Outcome":
    """How an unfinished rotation stands. Raises AdminError."""
    from spoke_admin.adapters import token_rotation

    address = opened.service.scim_url
    return await token_rotation.interrupted(opened, lambda secret: is_taken(address, secret, (401,)))


async def rotated_addresses(address: str, settings_url: str) -> Addresses:
    """The connection whose token is rotated: as saved, else as its last rotation began, else with a stand-in beside."""
    from spoke_admin.adapters.rotation_journal import RotationJournal

    saved = next((it for it in preferences().connections if it.scim_url == address), None)
    if saved is not None:
        return replace(saved, settings_url=settings_url or saved.settings_url)
    begun = RotationJournal().began_with(address)
    settings = settings_url or begun.get("settings_url", "")
    provider = begun.get("identity_provider_url", "") or await _stand_in_beside(settings)
    return Addresses("given on the command line", address, settings, provider, begun.get("profile") or "askspoke")


async def _stand_in_beside(settings_url: str) -> str:
    """The stand-in identity provider of the same process as a stand-in service; "" where there is none."""
    from spoke_admin.adapters.http import is_loopback

    head, found, _ = settings_url.partition("/api/v1/integrations/sso")
    if not found or not is_loopback(settings_url):
        return ""
    try:
        await fetch_document(f"{head}/okta/saml/metadata")
    except AdminError:
        return ""
    return f"{head}/okta"


def rotation_is_open(address: str) -> bool:
    """Whether a rotation of the address's token was interrupted, or is under way. Raises AdminError."""
    from spoke_admin.adapters.rotation_journal import RotationJournal

    return RotationJournal().open(address) is not None


async def rotation_was_interrupted(address: str, tokens: Tokens | None = None) -> bool:
    """The same, also where only what lies in the keychain beside the token tells it."""
    from spoke_admin.adapters import token_rotation

    return await token_rotation.was_interrupted(address, tokens or keychain())


def open_rotations() -> list[str]:
    """The addresses whose token's rotation was interrupted, or is under way. Raises AdminError."""
    from spoke_admin.adapters.rotation_journal import RotationJournal

    return RotationJournal().addresses()


def token_expiry(address: str, secret: Secret | None, set_at: "datetime | None") -> "tuple[datetime | None, bool]":
    """When the token of an address ends, as far as this computer knows; and whether that is only if it stays unused."""
    from spoke_admin.adapters import expiries

    return expiries.token_ends(address, secret, token_notes(), set_at)


async def learn_token_expiry(opened: Connection) -> None:
    """Asks the service when its SCIM token ends, for `token_expiry`. Raises AdminError."""
    from spoke_admin.adapters import expiries

    await expiries.learn(opened, token_notes())


async def expiries_of(opened: Connection) -> "list[Expiry]":
    """What of a connection ends when, the nearest first: tokens and certificates. Asks the live systems."""
    from spoke_admin.adapters import expiries

    return await expiries.expiries(opened, token_notes())
