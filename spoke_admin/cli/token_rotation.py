"""`spoke-admin token regenerate` and `resume`: a new token in the old one's place."""

import argparse
import asyncio
import math
from typing import TYPE_CHECKING

from spoke_admin.cli import output, secret_input
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from spoke_admin.domain.rotation import Outcome
    from spoke_admin.domain.secret import Secret
    from spoke_admin.domain.systems import Addresses, Connection

MOST_GRACE_S = 3600.0


def add(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds both to the command `token`."""
    regenerate = what.add_parser(
        "regenerate",
        help="a new token in the old one's place, handed to the identity provider",
        description="Makes a new token, keeps and proves it, hands it over, and ends the old one. Where the service"
        " lets both live at once nothing stands still; else the gap is told and measured.",
        epilog="Example: spoke-admin token regenerate --hand-over ./to-okta.sh",
    )
    resume = what.add_parser(
        "resume",
        help="finish a regeneration that was interrupted, or take it back",
        description="Goes on where `token regenerate` was interrupted; nothing to resume is no fault.",
        epilog="Example: spoke-admin token resume --handed-over",
    )
    for parser in (regenerate, resume):
        parser.add_argument("address", metavar="ADDRESS", nargs="?", default="", help="the SCIM base URL")
        parser.add_argument("--settings", metavar="URL", default="", help="settings API of the service")
        parser.add_argument(
            "--hand-over",
            metavar="COMMAND",
            default="",
            help="gets the new token on standard input; exit 0: the identity provider has it",
        )
        parser.add_argument(
            "--grace",
            metavar="SECONDS",
            type=_seconds,
            default=2.0,
            help="how long the old token goes on after the hand-over (2)",
        )
        secret_input.add_options(parser)
        output.common(parser)
        parser.set_defaults(run=run, resume=parser is resume)
    resume.add_argument(
        "--handed-over",
        action="store_true",
        help="the new token was entered at the identity provider by hand, and its test passed",
    )


def run(options: argparse.Namespace) -> int:
    try:
        return asyncio.run(_run(options, secret_input.read_secret(options)))
    except KeyboardInterrupt:
        output.say("What was begun is kept in the journal: `spoke-admin token resume` finishes it.")
        raise


async def _run(options: argparse.Namespace, key: "Secret | None") -> int:
    from spoke_admin import connection

    address = _address(options)
    if options.resume and (not address or not await connection.rotation_was_interrupted(address)):
        _mention_others(address)
        return _show(address, _nothing(), options)
    addresses = await connection.rotated_addresses(address, options.settings.strip())
    if not addresses.settings_url:
        raise AdminError("The settings API of the service is not known.", "Give its address with --settings URL.")
    await _make_sure_of_a_keychain(address)
    opened = await connection.open_connection(addresses, await _keys(addresses, key))
    try:
        return await _rotate(options, opened)
    finally:
        await opened.close()


def _address(options: argparse.Namespace) -> str:
    """As given, else the default connection's; to resume, else the only one there is to resume, or ""."""
    from spoke_admin import connection

    if options.address:
        return connection.checked_address(options.address)
    try:
        return connection.default_address()
    except AdminError:
        if not options.resume:
            raise
    interrupted = connection.open_rotations()
    return interrupted[0] if len(interrupted) == 1 else ""


def _mention_others(address: str) -> None:
    from spoke_admin import connection

    for other in connection.open_rotations():
        if other != address:
            output.say(f"An interrupted one is at another address: `spoke-admin token resume {other}`.")


async def _rotate(options: argparse.Namespace, opened: "Connection") -> int:
    from spoke_admin import connection
    from spoke_admin.adapters.hand_over import HandingOver

    address = opened.service.scim_url
    confirmed = options.resume and options.handed_over
    how = HandingOver(options.hand_over, confirmed, grace_s=options.grace)
    try:
        outcome = await connection.rotate_token(opened, _tell, how, resume=options.resume)
    except AdminError as error:
        if not connection.rotation_is_open(address):
            raise
        return await _show_interrupted(opened, error, options)
    return _show(address, outcome, options)


async def _make_sure_of_a_keychain(address: str) -> None:
    """A new token is shown once, and this command's memory ends with it."""
    from spoke_admin import connection

    kept = await connection.keychain().read(address)
    if kept.state not in ("available", "missing"):
        remedy = kept.remedy if kept.state != "session_only" else "Regenerate where a keychain is."
        raise AdminError(kept.title, f"No token was made: it could not be kept. {remedy}")


async def _keys(addresses: "Addresses", given: "Secret | None") -> "dict[str, Secret]":
    """The secret that was given, for the settings; a stand-in beside them takes the same key, unless it has its own."""
    from spoke_admin import connection

    settings, provider = (
        connection.checked_address(it) if it else "" for it in (addresses.settings_url, addresses.identity_provider_url)
    )
    keys = {settings: given} if given is not None else {}
    if not provider or _host(provider) != _host(settings):
        return keys
    keychain = connection.keychain()
    if given is None and (await keychain.read(provider)).secret is not None:
        return keys
    key = given or (await keychain.read(settings)).secret
    return keys | {provider: key} if key is not None else keys


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _show(address: str, outcome: "Outcome", options: argparse.Namespace) -> int:
    """Prints what became of it; 1 when a person has to do something: no token may be left that works."""
    secret = outcome.kept.secret if outcome.kept else None
    if options.json:
        output.print_document(_document(outcome, secret))
    else:
        output.answer(_words(address, outcome, secret))
    if outcome.state == "waiting":
        output.say(outcome.words)
    return 1 if outcome.state == "waiting" or (outcome.state, outcome.old) == ("taken_back", "ended") else 0


def _document(outcome: "Outcome", secret: "Secret | None") -> dict[str, object]:
    return {
        "state": outcome.state,
        "last_four": secret.last_four if secret else None,
        "old": outcome.old,
        "overlap": outcome.overlap,
        "gap_s": outcome.gap_s,
    }


def _words(address: str, outcome: "Outcome", secret: "Secret | None") -> str:
    if outcome.state == "none":
        return f"{address}: there is nothing to resume." if address else "There is nothing to resume."
    if outcome.state == "taken_back":
        return f"{address}: {outcome.words}"
    ends = f" ending in {secret.last_four}" if secret and secret.last_four else ""
    place = f"is in {outcome.kept.backend}" if outcome.kept else "is kept"
    gap = "" if outcome.gap_s is None else f" Without a working token: {outcome.gap_s:g} s."
    return f"{address}: the new token{ends} {place}; the old one is {outcome.old}.{gap}"


def _nothing() -> "Outcome":
    from spoke_admin.domain.rotation import Outcome

    return Outcome("none")


async def _show_interrupted(opened: "Connection", error: AdminError, options: argparse.Namespace) -> int:
    """What is left is in the journal and the keychain; exit 2."""
    from spoke_admin import connection

    resume = f"Then run `spoke-admin token resume {opened.service.scim_url}`."
    told = AdminError(error.title, f"{error.remedy} {resume}".strip(), error.detail)
    output.show_error(told, as_json=False)
    if options.json:
        try:
            outcome = await connection.interrupted_rotation(opened)
        except AdminError:  # the same fault again: nothing more is known
            outcome = _nothing()
        secret = outcome.kept.secret if outcome.kept else None
        output.print_document(_document(outcome, secret) | {"state": "interrupted", "error": told.document()})
    return 2


def _tell(words: str) -> None:
    output.say(words)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MOST_GRACE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to {MOST_GRACE_S:,.0f}")
    return seconds
