"""A stand-in of KDE's wallet on the session bus: `open`, `closed` (a person says no) or `off` as its one argument.

Prints a line when it answers; serves until it is ended.
"""

import sys
from typing import Any

from jeepney import HeaderFields, MessageType, new_error, new_method_return  # type: ignore[import-untyped]  # it has no types
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]  # it has no types
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]  # it has no types

HANDLE = 7
held: dict[tuple[str, str], str] = {}
mode = sys.argv[1]


def answered(method: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    if method == "isEnabled":
        return "b", (mode != "off",)
    if method == "networkWallet":
        return "s", ("kdewallet",)
    if method == "isOpen":
        return "b", (mode == "open",)
    if method == "open":
        return "i", (HANDLE if mode == "open" else -1,)
    handle, folder, entry = body[:3]
    if handle != HANDLE:
        raise KeyError(method)
    if method == "hasEntry":
        return "b", ((folder, entry) in held,)
    if method == "readPassword":
        return "s", (held.get((folder, entry), ""),)
    if method == "writePassword":
        held[folder, entry] = body[3]
        return "i", (0,)
    if method == "removeEntry":
        return "i", (0 if held.pop((folder, entry), None) is not None else -3,)
    raise KeyError(method)


def main() -> None:
    with open_dbus_connection("SESSION") as bus:
        bus.send_and_get_reply(message_bus.RequestName("org.kde.kwalletd6"))
        print("ready", flush=True)
        while True:
            message = bus.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            try:
                signature, body = answered(message.header.fields[HeaderFields.member], message.body)
            except (KeyError, ValueError) as fault:
                bus.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", (str(fault),)))
            else:
                bus.send(new_method_return(message, signature, body))


if __name__ == "__main__":
    main()
