"""Opens a connection, to the sandbox or to real systems: the only place that wires adapters to the rest.

Light to import: adapters and what they stand on are imported where they are first used.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import (
    Addresses,
    Connection,
    IdentityProvider,
    KeptToken,
    KeychainState,
    Tokens,
    Unlocks,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from spoke_admin.adapters.audit_log import AuditLog
    from spoke_admin.adapters.audited_calls import AuditedCaller
    from spoke_admin.adapters.audited_tokens import AuditedTokens
    from spoke_admin.adapters.http import HttpCaller
    from spoke_admin.adapters.preferences import Preferences
    from spoke_admin.adapters.stand_in_process import StandIns
    from spoke_admin.adapters.token_notes import TokenNotes
    from spoke_admin.domain.token_kinds import Wanted

log = logging.getLogger(__name__)

DOCUMENT_BYTES = 5 * 1024 * 1024
DOCUMENT_SECONDS = 10.0
SANDBOX_NAME = "Sandbox"

Keys = Mapping[str, Secret]  # by address: given for this process, asked before the keychain


async def open_connection(addresses: Addresses, keys: Keys | None = None, *, lasts: bool = True) -> Connection:
    """Wires a connection. Makes no call yet. Raises AdminError for an address or a profile that cannot be used.

    `lasts`: this program goes on, so that without any keychain a new token may stay in its memory.
    """
    from spoke_admin.adapters.audit_log import AuditLog
    from spoke_admin.adapters.http import HttpCaller, check_url, is_loopback
    from spoke_admin.adapters.service import ScimService
    from spoke_admin.connection.rotation import Rotations

    checked, log_of_changes = _checked(addresses, check_url), AuditLog()
    caller = audited(HttpCaller(), log_of_changes)
    tokens = GivenTokens(keychain(log_of_changes), keys or {})
    taken = TakenTokens(tokens)
    key_of = _key_of(taken)
    service = ScimService(
        profile=profile(checked.profile),
        scim_url=checked.scim_url,
        settings_url=checked.settings_url or None,
        caller=caller,
        tokens=taken,
        settings_key=lambda: key_of(checked.settings_url),
    )
    return Connection(
        name=checked.name,
        # a tunnel to a live tenant is on loopback as well, but has no settings API: it must never look like the sandbox
        sandbox=is_loopback(checked.scim_url) and is_loopback(checked.settings_url),
        profile=service.profile,
        service=service,
        identity_provider=_identity_provider(checked.identity_provider_url, caller, key_of),
        tokens=tokens,
        console_url="" if is_loopback(checked.identity_provider_url) else checked.identity_provider_url,
        fetch_document=fetch_document,
        closing=caller.aclose,
        renewing=Rotations(lasts),
    )


def _checked(addresses: Addresses, check_url: Callable[[str], str]) -> Addresses:
    return Addresses(
        name=addresses.name,
        scim_url=check_url(addresses.scim_url),
        settings_url=check_url(addresses.settings_url) if addresses.settings_url else "",
        identity_provider_url=check_url(addresses.identity_provider_url) if addresses.identity_provider_url else "",
        profile=addresses.profile,
    )


def _identity_provider(url: str, caller: Caller, key_of: "KeyOf") -> IdentityProvider | None:
    """The one that can be asked: so far the stand-in; at any other the steps are done by hand."""
    from spoke_admin.adapters.http import is_loopback
    from spoke_admin.adapters.stand_in_okta import StandInOkta

    return StandInOkta(url, caller, lambda: key_of(url)) if is_loopback(url) else None


KeyOf = Callable[[str], Awaitable[Secret]]


def _key_of(tokens: Tokens) -> KeyOf:
    from spoke_admin.adapters.http import is_loopback

    async def key_of(address: str) -> Secret:
        kept = await tokens.read(address)
        if kept.secret is None:
            remedy = "Give it with --token-stdin, or store it on the page Tokens."
            if is_loopback(address):
                remedy = "Give it with --token-stdin: `spoke-admin sandbox` prints it; a demo's is known to its window."
            raise AdminError(f"The key of {address} is not on this computer.", f"{kept.title} {remedy}".strip())
        return kept.secret

    return key_of


@dataclass
class GivenTokens:
    """The keychain, with secrets given for this process before it: those are asked first and never stored."""

    kept: Tokens
    given: Keys = field(repr=False)

    async def read(self, address: str) -> KeptToken:
        if (secret := self.given.get(address.rstrip("/"))) is not None:
            return KeptToken(KeychainState.SESSION_ONLY, "given for this run", secret)
        return await self.kept.read(address)

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        return await self.kept.keep(address, secret)

    async def forget(self, address: str) -> KeptToken:
        return await self.kept.forget(address)

    async def unlock(self, address: str) -> KeptToken:
        return await (self.kept.unlock(address) if isinstance(self.kept, Unlocks) else self.kept.read(address))


@dataclass
class TakenTokens(GivenTokens):
    """The same, for whoever makes calls with them: when a token was used last is noted."""

    given: Keys = field(default_factory=dict, repr=False)

    async def read(self, address: str) -> KeptToken:
        kept = await self.kept.read(address)
        if kept.secret is not None:
            token_notes().used(address)
        return kept


def start_stand_ins(folder: "Path", options: tuple[str, ...] = ()) -> "StandIns":
    """Starts a stand-in service and a stand-in identity provider with their data in `folder`; returns at once."""
    from spoke_admin.adapters.stand_in_process import StandIns

    return StandIns(folder, options)


def fresh_folder(kind: str) -> "Path":
    """A new folder for a demo or a sandbox: below the data folder, or below $TMPDIR where that cannot be written."""
    import tempfile
    from pathlib import Path

    import platformdirs

    for parent in (platformdirs.user_data_path("spoke-admin", appauthor=False) / kind, Path(tempfile.gettempdir())):
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=parent))
        except OSError:
            continue
    raise AdminError("There is no folder to keep the stand-ins' data in.", "Name one you may write to in TMPDIR.")


def remember_sandbox(scim_url: str, settings_url: str, identity_provider_url: str) -> Addresses:
    """Makes running stand-ins the connection that commands without addresses mean."""
    addresses = Addresses(SANDBOX_NAME, scim_url, settings_url, identity_provider_url)
    try:
        preferences().keep_connection(addresses)
    except AdminError as fault:  # a rehearsal works without preferences, too
        log.info("the sandbox is not remembered: %s", fault.title)
    return addresses


async def open_sandbox(stand_ins: "StandIns") -> Connection:
    """Opens the connection to started stand-ins, as soon as they answer."""
    at = await asyncio.to_thread(stand_ins.addresses)
    addresses = remember_sandbox(at.scim_url, at.settings_url, at.identity_provider_url)
    return await open_connection(addresses, {at.settings_url: at.key, at.identity_provider_url: at.key})


async def fetch_document(address: str) -> str:
    """A document by its address, such as SAML metadata: at most 5 MB within 10 s, no redirects."""
    from spoke_admin.adapters.http import HttpCaller, check_url

    async with HttpCaller(deadline=DOCUMENT_SECONDS, most_bytes=DOCUMENT_BYTES) as caller:
        reply = await caller(
            Call("GET", check_url(address, query=True), headers={"accept": "application/xml, text/xml, */*"})
        )
    if not reply.ok:
        raise AdminError(f"The address answered HTTP {reply.status}.", "Check the address of the document.", address)
    return (
        reply.body.decode("utf-8-sig", "replace")
        if reply.body[:2] not in (b"\xff\xfe", b"\xfe\xff")
        else (reply.body.decode("utf-16", "replace"))
    )


async def check_token(address: str, secret: Secret) -> bool:
    """One authenticated read at the address; False when the token is refused there. Raises AdminError otherwise."""
    token_notes().used(address)
    return await is_taken(address, secret, (401, 403))


async def is_taken(address: str, secret: Secret, refusals: tuple[int, ...]) -> bool:
    from spoke_admin.adapters.http import HttpCaller, check_url

    url = check_url(address)
    path, scheme = _proof_of(url)
    async with HttpCaller(deadline=DOCUMENT_SECONDS) as caller:
        reply = await caller(Call("GET", url + path, authorization=f"{scheme} {secret.reveal()}"))
    if reply.status in refusals:
        return False
    if not reply.ok:
        raise AdminError(f"{url} answered HTTP {reply.status}.", "Check the address; it should be a SCIM base URL.")
    reply.document()
    return True


def _proof_of(url: str) -> tuple[str, str]:
    """The read that proves a right, by the kind of address: settings API, SCIM base URL, identity provider."""
    if url.endswith("/integrations/sso"):
        return "", "Bearer"
    if "/scim" in url:
        return "/Users?startIndex=1&count=1", "Bearer"
    return "/api/v1/users?limit=1", "SSWS"


def audited(caller: "HttpCaller", log_of_changes: "AuditLog | None" = None) -> "AuditedCaller":
    """The caller with the activity log behind it: every change it sends leaves a line there. To be closed."""
    from spoke_admin.adapters.audit_log import AuditLog
    from spoke_admin.adapters.audited_calls import AuditedCaller

    return AuditedCaller(caller, log_of_changes or AuditLog())


def wanted_at(address: str) -> "Wanted":
    """The kind of token that an address takes, as far as the address shows it."""
    return "okta" if _proof_of(address)[1] == "SSWS" else "service"


def http_caller() -> "HttpCaller":
    """For whoever must make HTTP calls without knowing how: the stand-in identity provider. To be closed."""
    from spoke_admin.adapters.http import HttpCaller

    return HttpCaller()


def keychain(log_of_changes: "AuditLog | None" = None) -> "AuditedTokens":
    """The keychain of this computer, with the activity log behind it.

    Which store holds which token is remembered in the preferences; where those cannot be read it is not known, no more.
    """
    from spoke_admin.adapters.audit_log import AuditLog
    from spoke_admin.adapters.audited_tokens import AuditedTokens
    from spoke_admin.adapters.keychain import Keychain

    def remembered(address: str) -> str:
        try:
            return preferences().token_backend(address)
        except AdminError as fault:
            log.info("which store held the token is not known: %s", fault.title)
            return ""

    def remember(address: str, backend: str) -> None:
        if " " in address:  # items beside a token's own, during a rotation, are where that one is
            return
        if remembered(address) != backend:
            try:
                preferences().keep_token_backend(address, backend)
            except AdminError as fault:
                log.info("which store holds the token is not remembered: %s", fault.title)
        token_notes().replaced(address)

    kept = Keychain(remembered=remembered, remember=remember)
    return AuditedTokens(kept, log_of_changes or AuditLog())


def token_notes() -> "TokenNotes":
    """When tokens were used last, and when they end."""
    from spoke_admin.adapters.token_notes import TokenNotes

    return TokenNotes()


async def token_set_at(address: str) -> "datetime | None":
    """When the token of an address was stored, where the keychain tells."""
    from spoke_admin.adapters.keychain import set_at

    return await set_at(address)


def nothing_kept(kept: KeptToken) -> KeptToken:
    """The answer of a command that ends at once, where a token could only be kept in memory."""
    remedy = "Give the token to each command with --token-stdin."
    if kept.state is not KeychainState.SESSION_ONLY:
        remedy = kept.remedy
    return KeptToken(kept.state, kept.backend, None, kept.title, f"Nothing was kept. {remedy}")


def checked_address(text: str) -> str:
    """An address as it was typed, in the form calls are made to. Raises AdminError in words."""
    from spoke_admin.adapters.http import check_url

    return check_url(text)


def profile(name: str) -> ServiceProfile:
    """A service profile by name. Raises AdminError when there is none or it is broken."""
    from spoke_admin.adapters import profiles

    return profiles.profile(name)


def profiles() -> list[ServiceProfile]:
    """Every profile that can be used."""
    from spoke_admin.adapters import profiles as kept

    return kept.profiles()


def preferences() -> "Preferences":
    """The admin's preferences, as they are on disk now."""
    from spoke_admin.adapters.preferences import Preferences

    return Preferences.load()


def default_addresses() -> Addresses:
    """The connection that commands without an address mean: the last one opened, usually the sandbox."""
    saved = preferences().default_connection()
    if saved is None:
        raise AdminError("There is no connection yet.", "Start `spoke-admin demo`, or give the addresses as options.")
    return saved


def default_address() -> str:
    """The SCIM base URL of the default connection."""
    return default_addresses().scim_url
