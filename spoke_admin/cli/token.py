"""`spoke-admin token`: where a token is kept; storing, checking and forgetting one."""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.cli import output, secret_input, token_rotation
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from datetime import datetime

    from spoke_admin.domain.systems import KeptToken

ICS_SECONDS = 20.0
Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name


@dataclass(frozen=True)
class Known:
    """What else is known of a token; None where it is not."""

    set_at: "datetime | None" = None
    used: "datetime | None" = None
    expires: "datetime | None" = None
    unused: bool = False  # it expires only if nobody uses it till then
    works: bool | None = None
    interrupted: bool = False


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "token",
        help="where an API token is kept; store, regenerate or forget one",
        description="Tokens live in this computer's keychain, each below the address it belongs to.",
        epilog="Example: spoke-admin token set https://acme.askspoke.com/scim/v2 --token-stdin < token.txt",
    )
    what = parser.add_subparsers(title="what", metavar="WHAT", required=True)
    for name, words, run in (
        ("status", "where the token is, and whether it works", status),
        ("set", "store a token", store),
        ("forget", "remove the token from the keychain", forget),
    ):
        one = what.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
        one.add_argument("address", metavar="ADDRESS", nargs="?", default="", help="SCIM, settings or provider URL")
        if name == "status":
            one.add_argument("--check", action="store_true", help="make one call with it")
            one.add_argument(
                "--ics", metavar="PATH", type=Path, help="save what of the connection expires when, as a calendar"
            )
        if name == "set":
            secret_input.add_options(one)
            one.add_argument("--any-kind", action="store_true", help="also one that looks like another system's token")
        output.common(one)
        one.set_defaults(run=run)
    token_rotation.add(what)


def status(options: argparse.Namespace) -> int:
    return asyncio.run(_status(options))


async def _status(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    address = _address(options)
    kept = await connection.keychain().read(address)
    known = await _known(address, kept)
    works = await _works(address, kept) if options.check else None
    if options.ics is not None:
        await _save_calendar(address, options.ics)
    return _show(address, kept, options, known, works)


async def _known(address: str, kept: "KeptToken") -> Known:
    """Without a call: from the keychain and this computer's notes."""
    from spoke_admin import connection

    answers = kept.state in ("available", "missing")
    interrupted = (
        await connection.rotation_was_interrupted(address) if answers else connection.rotation_is_open(address)
    )
    if kept.secret is None:
        return Known(interrupted=interrupted)
    moment = await connection.token_set_at(address)
    expires, unused = connection.token_expiry(address, kept.secret, moment)
    return Known(moment, connection.token_notes().of(address).used, expires, unused, interrupted=interrupted)


async def _works(address: str, kept: "KeptToken") -> bool | None:
    from spoke_admin import connection

    return await connection.check_token(address, kept.secret) if kept.secret is not None else None


async def _save_calendar(address: str, path: Path) -> None:
    """What the connection of the address tells of ends; of an address without one, what is known here."""
    from datetime import UTC, datetime

    from spoke_admin import connection
    from spoke_admin.domain.expiry import calendar
    from spoke_admin.domain.systems import Addresses

    known = (it for it in connection.preferences().connections)
    fitting = (it for it in known if address in (it.scim_url, it.settings_url, it.identity_provider_url))
    addresses = next(fitting, Addresses(address, address))
    opened = await connection.open_connection(addresses)
    try:
        async with asyncio.timeout(ICS_SECONDS):
            found = await connection.expiries_of(opened)
    except TimeoutError:
        raise AdminError(f"{addresses.name} did not answer in time.", "Try again later.") from None
    finally:
        await opened.close()
    connection.save(path, calendar(found, addresses.name, datetime.now(UTC)))
    output.say(f"{path}: {len(found)} {'date' if len(found) == 1 else 'dates'}.")


def store(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    address = _address(options)
    wanted = "any" if options.any_kind else connection.wanted_at(address)
    secret = secret_input.read_secret(options, wanted)
    if secret is None:
        raise AdminError("No token was given.", "Give it with --token-stdin or --token-file, not as an argument.")
    kept = asyncio.run(connection.keychain().keep(address, secret))
    if kept.state != "available":  # memory ends with this command: nothing was kept
        kept = connection.nothing_kept(kept)
    return _show(address, kept, options)


def forget(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    address = _address(options)
    kept = asyncio.run(connection.forget_token(address))
    code = _show(address, kept, options)
    return 0 if kept.state == "missing" else code


def _address(options: argparse.Namespace) -> str:
    from spoke_admin.connection import checked_address, default_address

    return checked_address(options.address) if options.address else default_address()


def _show(
    address: str,
    kept: "KeptToken",
    options: argparse.Namespace,
    known: Known = Known(),
    works: bool | None = None,
) -> int:
    """Prints the state; 0 available, 1 missing, 2 any other with its words."""
    document = _document(kept, known)
    if getattr(options, "check", False):
        document["works"] = works
    code = {"available": 0, "missing": 1}.get(kept.state.value, 2)
    if code == 2:
        document["error"] = AdminError(kept.title, kept.remedy).document()
    if options.json:
        output.print_document(document)
    else:
        _say(address, kept, known, works)
    return 1 if works is False else code


def _document(kept: "KeptToken", known: Known) -> dict[str, object]:
    from spoke_admin.domain.token_kinds import fingerprint

    secret = kept.secret
    return {
        "state": kept.state.value,
        "backend": kept.backend,
        "last_four": secret.last_four if secret else None,
        "fingerprint": fingerprint(secret) if secret else None,
        "set_at": known.set_at.isoformat() if known.set_at else None,
        "last_used": known.used.isoformat() if known.used else None,
        "expires": known.expires.isoformat() if known.expires else None,
        "rotation": "interrupted" if known.interrupted else "none",
    }


def _say(address: str, kept: "KeptToken", known: Known, works: bool | None) -> None:
    if kept.secret is not None and kept.state == "available":
        output.answer(f"{address}: the token ending in {kept.secret.last_four} is in {kept.backend}.{_times(known)}")
    elif kept.state == "missing":
        output.answer(f"{address}: no token is kept. {kept.title}".strip())
    if works is not None:
        output.answer("It works." if works else "It is refused: copy it again from the service, or regenerate it.")
    if known.interrupted:
        output.answer(f"Its regeneration was interrupted: `spoke-admin token resume {address}` finishes it.")
    if kept.title and kept.state != "missing":
        output.say(f"{kept.title}\n  {kept.remedy}")


def _times(known: Known) -> str:
    unused = " unless it is used" if known.unused else ""
    parts = (("Set", known.set_at, ""), ("Last used", known.used, ""), ("Expires", known.expires, unused))
    return "".join(f" {words} {moment.astimezone():%Y-%m-%d %H:%M}{more}." for words, moment, more in parts if moment)
