"""KDE's wallet over D-Bus, looked at before it is used: a look never makes a window pop up.

keyring has a back end for it, but that needs dbus-python, which has to be compiled; jeepney is here already.
"""

import os
from contextlib import suppress
from typing import Any

from spoke_admin.domain.systems import KeychainState

DAEMONS = ("kwalletd6", "kwalletd5")
APP = "Spoke Admin"
DESKTOP_SECONDS = 2.0  # for the calls that make no window
PERSON_SECONDS = 600.0  # for those that may; whoever calls has a deadline of his own
NO_WINDOW = 0


class WalletClosedError(Exception):
    """The person, or a policy, did not let the wallet be opened."""


def is_kde() -> bool:
    return "KDE" in os.environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":")


class KWallet:
    """Fulfils `keychain.Backend`: the service is the wallet's folder, the user name the entry in it.

    Each call opens a connection of its own; the wallet is asked to open when it is used, not before.
    """

    def __init__(self, daemon: str) -> None:
        self._daemon = daemon

    def get_password(self, service: str, username: str) -> str | None:
        with _Bus(self._daemon) as bus:
            handle = bus.opened()
            if not bus.call("hasEntry", "isss", (handle, service, username, APP)):
                return None
            return str(bus.call("readPassword", "isss", (handle, service, username, APP)))

    def set_password(self, service: str, username: str, password: str) -> None:
        with _Bus(self._daemon) as bus:
            if bus.call("writePassword", "issss", (bus.opened(), service, username, password, APP)) != 0:
                raise WalletClosedError

    def delete_password(self, service: str, username: str) -> None:
        with _Bus(self._daemon) as bus:
            bus.call("removeEntry", "isss", (bus.opened(), service, username, APP))

    def state(self) -> KeychainState:
        """AVAILABLE, LOCKED (closed), or SESSION_ONLY where it is switched off or does not answer."""
        try:
            with _Bus(self._daemon) as bus:
                if not bus.call("isEnabled"):
                    return KeychainState.SESSION_ONLY
                is_open = bus.call("isOpen", "s", (bus.call("networkWallet"),))
        except (OSError, WalletClosedError):
            return KeychainState.SESSION_ONLY
        return KeychainState.AVAILABLE if is_open else KeychainState.LOCKED


def found() -> KWallet | None:
    """The wallet of this desktop; None where it is not KDE's, or has none. May wait for a stalled one."""
    if not is_kde():
        return None
    for daemon in DAEMONS:
        with suppress(OSError), _Bus(daemon) as bus:
            if bus.is_there():
                return KWallet(daemon)
    return None


class _Bus:
    """A connection to the session bus, and calls to the wallet on it. Raises OSError when nothing answers."""

    def __init__(self, daemon: str) -> None:
        self._daemon = daemon

    def __enter__(self) -> "_Bus":
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]  # it has no types

        try:
            self._connection: Any = open_dbus_connection("SESSION")
        except OSError:
            raise
        except Exception as fault:  # noqa: BLE001  # jeepney's own exceptions, and those of a broken bus address
            raise OSError(str(type(fault).__name__)) from None
        return self

    def __exit__(self, *reason: object) -> None:
        self._connection.close()

    def is_there(self) -> bool:
        """Whether the wallet runs, or would be started by a call."""
        from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]  # it has no types

        name = f"org.kde.{self._daemon}"
        (runs,) = self._reply(message_bus.NameHasOwner(name), DESKTOP_SECONDS)
        (startable,) = self._reply(message_bus.ListActivatableNames(), DESKTOP_SECONDS)
        return bool(runs) or name in startable

    def opened(self) -> int:
        """The wallet's handle; asks the person where it is closed. Raises WalletClosedError."""
        wallet = self.call("networkWallet")
        handle = int(self.call("open", "sxs", (wallet, NO_WINDOW, APP), PERSON_SECONDS))
        if handle < 0:
            raise WalletClosedError
        return handle

    def call(self, method: str, signature: str = "", body: tuple[Any, ...] = (), seconds: float = 0.0) -> Any:
        from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]  # it has no types

        address = DBusAddress(f"/modules/{self._daemon}", f"org.kde.{self._daemon}", "org.kde.KWallet")
        message = new_method_call(address, method, signature or None, body)
        answer = self._reply(message, seconds or DESKTOP_SECONDS)
        return answer[0] if answer else None

    def _reply(self, message: Any, seconds: float) -> tuple[Any, ...]:
        from jeepney import MessageType

        reply = self._connection.send_and_get_reply(message, timeout=seconds)
        if reply.header.message_type is MessageType.error:
            raise OSError("the wallet refused a call")
        body: tuple[Any, ...] = reply.body
        return body
