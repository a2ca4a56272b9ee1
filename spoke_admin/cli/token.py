"""`spoke-admin token`: where a token is kept; storing and forgetting one."""

import argparse
import asyncio
import hashlib
from typing import TYPE_CHECKING

from spoke_admin.cli import output, secret_input
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from datetime import datetime

    from spoke_admin.domain.systems import KeptToken

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "token",
        help="where an API token is kept; store or forget one",
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
        if name == "set":
            secret_input.add_options(one)
        output.common(one)
        one.set_defaults(run=run)


def status(options: argparse.Namespace) -> int:
    return asyncio.run(_status(options))


async def _status(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    address = _address(options)
    kept = await connection.keychain().read(address)
    moment = await connection.token_set_at(address) if kept.secret is not None else None
    works = await _works(address, kept) if options.check else None
    return _show(address, kept, options, moment, works)


async def _works(address: str, kept: "KeptToken") -> bool | None:
    from spoke_admin import connection

    return await connection.check_token(address, kept.secret) if kept.secret is not None else None


def store(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    address = _address(options)
    secret = secret_input.read_secret(options)
    if secret is None:
        raise AdminError("No token was given.", "Give it with --token-stdin or --token-file, not as an argument.")
    kept = asyncio.run(connection.keychain().keep(address, secret))
    if kept.state != "available":  # memory ends with this command: nothing was kept
        kept = connection.nothing_kept(kept)
    return _show(address, kept, options)


def forget(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    address = _address(options)
    kept = asyncio.run(connection.keychain().forget(address))
    code = _show(address, kept, options)
    return 0 if kept.state == "missing" else code


def _address(options: argparse.Namespace) -> str:
    from spoke_admin.connection import checked_address, default_address

    return checked_address(options.address) if options.address else default_address()


def _show(
    address: str,
    kept: "KeptToken",
    options: argparse.Namespace,
    moment: "datetime | None" = None,
    works: bool | None = None,
) -> int:
    """Prints the state; 0 available, 1 missing, 2 any other with its words."""
    document = _document(kept, moment)
    if getattr(options, "check", False):
        document["works"] = works
    code = {"available": 0, "missing": 1}.get(kept.state.value, 2)
    if code == 2:
        document["error"] = AdminError(kept.title, kept.remedy).document()
    if options.json:
        output.print_document(document)
    else:
        _say(address, kept, works)
    return 1 if works is False else code


def _document(kept: "KeptToken", moment: "datetime | None") -> dict[str, object]:
    secret = kept.secret
    return {
        "state": kept.state.value,
        "backend": kept.backend,
        "last_four": secret.last_four if secret else None,
        "fingerprint": hashlib.sha256(secret.reveal().encode()).hexdigest()[:16] if secret else None,
        "set_at": moment.isoformat() if moment else None,
        "last_used": None,
        "expires": None,
        "rotation": "none",
    }


def _say(address: str, kept: "KeptToken", works: bool | None) -> None:
    if kept.secret is not None and kept.state == "available":
        output.answer(f"{address}: the token ending in {kept.secret.last_four} is in {kept.backend}.")
    elif kept.state == "missing":
        output.answer(f"{address}: no token is kept. {kept.title}".strip())
    if works is not None:
        output.answer("It works." if works else "It is refused: copy it again from the service, or regenerate it.")
    if kept.title and kept.state != "missing":
        output.say(f"{kept.title}\n  {kept.remedy}")
