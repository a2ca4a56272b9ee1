"""`spoke-admin guide`: where a procedure stands, and doing its steps."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from spoke_admin.cli import output
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spoke_admin.domain.guide import Guide, StepState
    from spoke_admin.domain.secret import Secret
    from spoke_admin.domain.systems import Addresses, Connection

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name
MARKS = {"done": "✓", "ready": "→", "blocked": "✗", "manual": "☞"}


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    from spoke_admin.cli import secret_input

    parser = commands.add_parser(
        "guide",
        help="where a procedure stands, step by step; with --walk or --step it is done",
        description="Says where every step stands, from live evidence, and changes nothing unless asked to.",
        epilog="Example: spoke-admin guide set-up --walk",
    )
    parser.add_argument("guide", metavar="GUIDE", help="set-up")
    parser.add_argument("--scim", metavar="URL", default="", help="SCIM base URL of the service")
    parser.add_argument("--settings", metavar="URL", default="", help="settings API of the service, where it has one")
    parser.add_argument("--identity-provider", metavar="URL", default="", help="address of the identity provider")
    parser.add_argument("--profile", metavar="NAME", default="", help="service profile (askspoke)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--walk", action="store_true", help="do every step that needs no person")
    what.add_argument("--step", metavar="ID", default="", help="do this one step")
    what.add_argument("--markdown", action="store_true", help="print the guide as Markdown")
    secret_input.add_options(parser)
    output.common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from spoke_admin.cli import secret_input
    from spoke_admin.guides import guide

    chosen = guide(options.guide)
    if options.markdown:
        from spoke_admin.guides.markdown import as_markdown

        output.answer(as_markdown(chosen).rstrip())
        return 0
    step_id = chosen.step(options.step).id if options.step else ""
    addresses, given = _addresses(options), secret_input.read_secret(options)
    return asyncio.run(_run(chosen, addresses, given, options.walk, step_id, as_json=options.json))


def _addresses(options: argparse.Namespace) -> "Addresses":
    from spoke_admin.connection import default_addresses
    from spoke_admin.domain.systems import Addresses

    given = (options.scim, options.settings, options.identity_provider)
    if not any(given):
        return default_addresses()
    if not options.scim:
        raise AdminError("The SCIM base URL is missing.", "Give it with --scim URL.")
    return Addresses("given on the command line", *given, profile=options.profile or "askspoke")


async def _run(
    guide: "Guide", addresses: "Addresses", given: "Secret | None", walk: bool, step_id: str, *, as_json: bool
) -> int:
    from spoke_admin.connection import open_connection

    connection = await open_connection(addresses, _keys(addresses, given), lasts=False)
    try:
        await reach(connection)
        if walk:
            states = await walk_guide(guide, connection)
            code = 0 if all(state.status == "done" for state in states) else 1
        elif step_id:
            states, code = await one_step(guide, connection, step_id)
        else:
            states, code = await guide.look(connection), 0
    finally:
        await connection.close()
    show(states, as_json=as_json)
    return code


def _keys(addresses: "Addresses", given: "Secret | None") -> "dict[str, Secret]":
    """A secret from standard input belongs to the settings and the identity provider; without those, to SCIM."""
    if given is None:
        return {}
    owners = [url for url in (addresses.settings_url, addresses.identity_provider_url) if url] or [addresses.scim_url]
    return {url.strip().rstrip("/"): given for url in owners}


async def reach(connection: "Connection") -> None:
    """Raises AdminError when a system that should answer does not: then nothing can be said about any step."""
    await connection.service.reach()
    if connection.identity_provider is not None:
        await connection.identity_provider.application()


async def walk_guide(guide: "Guide", connection: "Connection") -> "Sequence[StepState]":
    """Does step after step until all are done, or one is blocked or needs a person; where everything stands then."""
    while True:
        states = await guide.look(connection)
        current = next((state for state in states if state.status != "done"), None)
        if current is None or current.status != "ready":
            return states
        output.say(f"{current.step.title}: {current.step.action.lower()} …")
        after = await guide.act(current.step, connection, {}, _tell)
        if after.status != "done":
            output.say(f"  {after.reason}")
            return await guide.look(connection)


async def one_step(guide: "Guide", connection: "Connection", step_id: str) -> "tuple[Sequence[StepState], int]":
    """Does one step, unless it is blocked, manual or done; where everything stands then, and the exit code."""
    step = guide.step(step_id)
    states = await guide.look(connection)
    before = next(state for state in states if state.step is step)
    if before.status in ("blocked", "manual"):
        output.say(f"{step.title}: {before.reason}")
        return states, 1
    if before.status == "done":
        return states, 0
    after = await guide.act(step, connection, {}, _tell)
    return await guide.look(connection), 0 if after.status == "done" else 1


def _tell(words: str) -> None:
    output.say(f"  {words}")


def show(states: "Sequence[StepState]", *, as_json: bool) -> None:
    """Every step with its state, in words or as JSON."""
    if as_json:
        output.print_document({"steps": [_document(state) for state in states]})
        return
    for state in states:
        words = state.evidence.summary if state.status == "done" else state.reason
        output.answer(f"{MARKS[state.status]} {state.status.title():8}{state.step.title}: {words}")
        for note in state.evidence.notes:
            output.answer(f"           {note}")


def _document(state: "StepState") -> dict[str, object]:
    evidence = state.evidence
    return {
        "id": state.step.id,
        "title": state.step.title,
        "status": state.status.value,
        "reason": state.reason,
        "evidence": " ".join((evidence.summary, *evidence.notes)),
        "facts": [
            {"label": fact.label, "found": fact.found, "expected": fact.expected, "ok": fact.ok}
            for fact in evidence.facts
        ],
    }
