"""Every change of the keychain leaves a line in the activity log: for which address, and what became of it.

A line has the form of any other change: the method says what was done, the path is that of the address, and behind it,
in brackets, which of a rotation's items it was. Neither a token nor any part of one is in it.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable

from spoke_admin.adapters.address import host_and_port
from spoke_admin.adapters.audit_chain import Entry, now
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.audited_paths import template
from spoke_admin.adapters.keychain import Keychain
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeptToken, KeychainState

SET, FORGET = "KEYCHAIN SET", "KEYCHAIN FORGET"
DONE = {SET: KeychainState.AVAILABLE, FORGET: KeychainState.MISSING}
REFUSED = {
    KeychainState.LOCKED: "locked",
    KeychainState.TOO_LARGE: "too large",
    KeychainState.DENIED: "denied",
}


class AuditedTokens:
    """Fulfils `domain.systems.Tokens` and `Unlocks` in front of the keychain.

    Looks leave no line, and nothing that changed nothing: forgetting where nothing lies, the memory of this process
    where there is no keychain, and what was not begun because the keychain hangs.
    """

    def __init__(self, keychain: Keychain, log: AuditLog) -> None:
        self._keychain = keychain
        self._log = log

    async def read(self, address: str) -> KeptToken:
        return await self._keychain.read(address)

    async def unlock(self, address: str) -> KeptToken:
        return await self._keychain.unlock(address)

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        began, asked = time.monotonic(), not self._keychain.hangs
        kept = await self._noted_when_given_up(SET, address, began, self._keychain.keep(address, secret))
        if asked and kept.state is not KeychainState.SESSION_ONLY:
            self._note(SET, address, _result(SET, kept), began)
        return kept

    async def forget(self, address: str) -> KeptToken:
        began, asked, lay_there = time.monotonic(), not self._keychain.hangs, threading.Event()
        forgetting = self._keychain.forget(address, lay_there.set)
        kept = await self._noted_when_given_up(FORGET, address, began, forgetting)
        if lay_there.is_set() or (asked and kept.state not in (KeychainState.MISSING, KeychainState.SESSION_ONLY)):
            self._note(FORGET, address, _result(FORGET, kept), began)
        return kept

    async def _noted_when_given_up(
        self, method: str, address: str, began: float, change: Awaitable[KeptToken]
    ) -> KeptToken:
        """The keychain goes on with what nobody waits for any more."""
        try:
            return await change
        except asyncio.CancelledError:
            self._note(method, address, "unknown (given up)", began)
            raise

    def _note(self, method: str, address: str, result: str, began: float) -> None:
        url, blank, item = address.strip().partition(" ")
        path = f"{template(url)}{blank}{item}"
        seconds = round(time.monotonic() - began, 3)
        self._log.note(Entry(now(), method, host_and_port(url), path, None, result, None, seconds))


def _result(method: str, kept: KeptToken) -> str:
    if kept.state is DONE[method]:
        return f"done ({kept.backend})"
    if kept.state is KeychainState.TIMED_OUT:
        return "unknown (timed out)"
    return f"refused ({REFUSED.get(kept.state, kept.state.value)})"
