"""Tokens in this computer's keychain, each below the address it belongs to. Fulfils `domain.systems.Tokens`.

The platform's back end is made by its name: environment variables, keyringrc.cfg and the plaintext and null back ends
cannot divert it. Every call runs in a thread of its own with a deadline, because a stalled keychain blocks for ever.
Without a keychain a token stays in this process's memory; it is never written to a file.
Why so: docs/decisions/0003-keychain.md.
"""

import asyncio
import logging
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit

from spoke_admin.adapters import kwallet, secret_service
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeptToken, KeychainState

SECONDS = 3.0
PERSON_SECONDS = 180.0  # while the system's own window asks a person
USER = "token"
LINUX = "Secret Service"
WINDOWS = "Windows Credential Manager"
WINDOWS_LIMIT = 1280  # characters: the Credential Manager takes 2,560 bytes of UTF-16
LOCKED_BY_NAME = ("KeyringLocked", "LockedException", "WalletClosedError")

log = logging.getLogger(__name__)
Result = TypeVar("Result")

_WORDS = {
    KeychainState.LOCKED: (
        "The keychain is locked.",
        "Unlock it (on a GNOME desktop: Passwords and Keys, Login), then try again.",
    ),
    KeychainState.DENIED: (
        "The keychain refuses Spoke Admin.",
        "Allow it in the keychain's own window, then try again.",
    ),
    KeychainState.TIMED_OUT: (
        "The keychain did not answer in time.",
        "Look for a window of the keychain that waits for you; else restart the desktop session.",
    ),
    KeychainState.TOO_LARGE: (
        "The token is too long for the keychain.",
        f"Windows keeps at most {WINDOWS_LIMIT:,} characters; make a shorter token.",
    ),
    KeychainState.SESSION_ONLY: (
        "There is no keychain that can be used on this computer.",
        "Tokens stay in memory until this program ends; in a terminal give them with --token-stdin.",
    ),
}


class Backend(Protocol):
    """A keychain of one kind: keyring's back ends fulfil it."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class Keychain:
    """The keychain of this computer, or memory where there is none.

    `deadline` in seconds for each call. `backend` stands for the platform's own (tests hand in refusing ones): its
    name, itself, and whether it can be used without asking a person. `remembered` and `remember`: which back end holds
    the token of an address, kept outside; "" forgets it.
    """

    _memory: dict[str, Secret] = {}  # noqa: RUF012  # of the process: every opened connection shares it

    def __init__(
        self,
        deadline: float = SECONDS,
        backend: Callable[[], tuple[str, Backend | None, KeychainState]] | None = None,
        remembered: Callable[[str], str] = lambda _: "",
        remember: Callable[[str, str], None] = lambda _address, _backend: None,
    ) -> None:
        self._deadline = deadline
        self._backend = backend or platform_backend
        self._remembered = remembered
        self._remember = remember
        self._hanging: threading.Event | None = None  # set when the call that was left is answered after all

    @property
    def hangs(self) -> bool:
        """Whether an earlier call is not answered yet: nothing is begun until it is."""
        return self._hanging is not None and not self._hanging.is_set()

    async def read(self, address: str) -> KeptToken:
        """What is kept for the address; never waits longer than the deadline, never asks a person anything."""
        address = normal(address)
        return self._with_memory(address, await self._within(lambda: self._read(address)))

    async def unlock(self, address: str, seconds: float = PERSON_SECONDS) -> KeptToken:
        """As `read`, and the system's own window may ask a person meanwhile. Cancelling it leaves that window alone."""
        address = normal(address)
        return self._with_memory(address, await self._within(lambda: self._read(address, ask=True), seconds))

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        """Stores and reads back. What the keychain does not take stays in memory: a token may be shown only once."""
        address = normal(address)
        kept = await self._within(lambda: self._keep(address, secret))
        if kept.state is KeychainState.AVAILABLE:
            self._memory.pop(address, None)
            return kept
        self._memory[address] = secret
        return self._with_memory(address, kept)

    async def forget(self, address: str, lay_there: Callable[[], None] = lambda: None) -> KeptToken:
        """Removes the token of the address; MISSING when it is gone. `lay_there` is called where there was one."""
        address = normal(address)
        self._memory.pop(address, None)
        return await self._within(lambda: self._forget(address, lay_there))

    def _read(self, address: str, *, ask: bool = False) -> KeptToken:
        name, backend, state = self._backend()
        usable = state is KeychainState.AVAILABLE or (ask and state is KeychainState.LOCKED)
        if backend is None or not usable:
            return _without(state, name)
        if state is KeychainState.LOCKED and name == LINUX and not secret_service.unlock():
            return _without(state, name)
        text = backend.get_password(service_of(address), USER)
        before = self._remembered(address)
        change = f"The token of {address} was kept in {before}; now {name} answers" if before not in ("", name) else ""
        if text is None:
            remedy = f"Start {before} again, or store the token anew." if change else ""
            return KeptToken(KeychainState.MISSING, name, None, f"{change} and holds none." if change else "", remedy)
        remedy = (
            "Nothing was changed there. If this token is refused, the other one may be the newer." if change else ""
        )
        title = f"{change} and holds one, too." if change else ""
        return KeptToken(KeychainState.AVAILABLE, name, Secret(text), title, remedy)

    def _keep(self, address: str, secret: Secret) -> KeptToken:
        name, backend, state = self._backend()
        if backend is None or state is not KeychainState.AVAILABLE:
            return _without(state, name)
        if name == WINDOWS and len(secret.reveal()) > WINDOWS_LIMIT:
            return _without(KeychainState.TOO_LARGE, name)
        backend.set_password(service_of(address), USER, secret.reveal())
        if backend.get_password(service_of(address), USER) != secret.reveal():
            return KeptToken(
                KeychainState.DENIED, name, None, f"{name} took the token and does not hold it.", "See its settings."
            )
        before = self._remembered(address)
        self._remember(address, name)
        if before in ("", name):
            return KeptToken(KeychainState.AVAILABLE, name, secret)
        title = f"From now on the token of {address} is kept in {name}; before, it was {before}."
        return KeptToken(KeychainState.AVAILABLE, name, secret, title, f"What lies in {before} was left as it is.")

    def _forget(self, address: str, lay_there: Callable[[], None]) -> KeptToken:
        name, backend, state = self._backend()
        if state is KeychainState.SESSION_ONLY:
            return self._forgotten_without_any(address)
        if backend is None or state is not KeychainState.AVAILABLE:
            return _without(state, name)
        if backend.get_password(service_of(address), USER) is not None:
            lay_there()
            backend.delete_password(service_of(address), USER)
            if backend.get_password(service_of(address), USER) is not None:
                return KeptToken(
                    KeychainState.DENIED, name, None, f"{name} did not remove the token.", "Remove it there."
                )
        before = self._remembered(address)
        if before == name:
            self._remember(address, "")
        if before in ("", name):
            return KeptToken(KeychainState.MISSING, name)
        title = f"{name} holds no token of {address} any more; {before} may."
        return KeptToken(KeychainState.MISSING, name, None, title, f"Remove it in {before} as well.")

    def _forgotten_without_any(self, address: str) -> KeptToken:
        """From memory the token is gone; what a keychain took before lies there still."""
        if not (before := self._remembered(address)):
            return _without(KeychainState.MISSING, "")
        title = f"{before} cannot be reached from here and may still hold the token of {address}."
        return KeptToken(
            KeychainState.SESSION_ONLY,
            before,
            None,
            title,
            f"Forget it where {before} answers: in your desktop session.",
        )

    def _with_memory(self, address: str, kept: KeptToken) -> KeptToken:
        """The answer, with the token of this process's memory where the keychain gave none."""
        if kept.secret is not None or address not in self._memory:
            return kept
        return replace(kept, secret=self._memory[address], backend="memory")

    async def _within(self, work: Callable[[], KeptToken], seconds: float | None = None) -> KeptToken:
        """As long as a call is not answered, another would hang as well: it is not begun. A person may always ask."""
        if seconds is None and self.hangs:
            return _without(KeychainState.TIMED_OUT, "the keychain")
        answered = threading.Event()

        def watched() -> KeptToken:
            try:
                return work()
            finally:
                answered.set()

        try:
            return await in_thread(watched, seconds or self._deadline)
        except TimeoutError:
            self._hanging = answered
            return _without(KeychainState.TIMED_OUT, "the keychain")
        except AdminError:
            raise
        except Exception as fault:  # noqa: BLE001  # each back end has exceptions of its own
            log.debug("the keychain refused: %s", type(fault).__name__)
            locked = type(fault).__name__ in LOCKED_BY_NAME
            return _without(KeychainState.LOCKED if locked else KeychainState.DENIED, "the keychain")


def _without(state: KeychainState, name: str) -> KeptToken:
    title, remedy = _WORDS.get(state, ("", ""))
    return KeptToken(state, name, None, title, remedy)


async def in_thread(work: Callable[[], Result], seconds: float) -> Result:
    """Runs `work` in a daemon thread. TimeoutError after so many seconds; the thread then ends when it is answered."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Result] = loop.create_future()

    def deliver(settle: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(lambda: None if answered.done() else settle())
        except RuntimeError:  # the loop is closed: nobody waits any more
            log.debug("an answer of the keychain came after the end")

    def run() -> None:
        try:
            result = work()
        except Exception as fault:  # noqa: BLE001  # handed on to whoever waits
            deliver(lambda fault=fault: answered.set_exception(fault))  # type: ignore[misc]  # bound now: it is cleared
        else:
            deliver(lambda: answered.set_result(result))

    threading.Thread(target=run, name="keychain", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await answered


def platform_backend() -> tuple[str, Backend | None, KeychainState]:
    """The platform's keychain by name, and whether it can be used now without asking a person."""
    if sys.platform == "win32":
        from keyring.backends.Windows import WinVaultKeyring

        vault: Any = WinVaultKeyring()
        vault.persist = "local machine"
        return WINDOWS, vault, KeychainState.AVAILABLE
    if sys.platform == "darwin":
        from keyring.backends.macOS import Keyring as MacKeychain

        return "macOS Keychain", MacKeychain(), KeychainState.AVAILABLE
    state = secret_service.state()
    if state is KeychainState.SESSION_ONLY:
        return _kwallet() or ("memory", None, state)
    from keyring.backends import SecretService

    service: Any = SecretService
    return LINUX, service.Keyring(), state


def _kwallet() -> tuple[str, Backend | None, KeychainState] | None:
    """KWallet, where a KDE desktop runs and no Secret Service answers."""
    wallet = kwallet.found() if secret_service.has_session_bus() else None
    state = wallet.state() if wallet is not None else KeychainState.SESSION_ONLY
    return None if state is KeychainState.SESSION_ONLY else ("KWallet", wallet, state)


def service_of(address: str) -> str:
    """The keychain's name for the token of an address: one for each."""
    return f"Spoke Admin: {address}"


def normal(address: str) -> str:
    """The form under which a token is kept: no blanks, no slash behind, scheme and host in lower case."""
    text = address.strip()
    try:
        parts = urlsplit(text)
        text = urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, parts.query, parts.fragment))
    except ValueError:
        pass  # whatever it is, it is kept as it is
    return re.sub(r"[\s/]+$", "", text)


async def set_at(address: str, deadline: float = SECONDS) -> datetime | None:
    """When the token of the address was stored, where the keychain tells."""
    if sys.platform in ("win32", "darwin") or not secret_service.has_session_bus():
        return None
    service = service_of(normal(address))
    try:
        return await in_thread(lambda: secret_service.modified(service, USER), deadline)
    except TimeoutError:
        return None
