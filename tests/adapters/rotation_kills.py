"""A program of the tests: rotates a token and is killed after every effect in turn; what each kill leaves is looked at.

Standard input: JSON with the stand-ins' addresses and key, a file for every token that was made, whether the stand-in
Okta pushes, and "way": "rotation", or "guide" for its step API token. Everything is imported once; each run is a fork
of it, so that a kill is a real one. Lines of standard output: {"state": …} of each resume, at the end {"kills": N}.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import secretstorage

from spoke_admin import connection
from spoke_admin.adapters import secret_service
from spoke_admin.adapters.hand_over import HandingOver
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.keychain import Keychain, service_of
from spoke_admin.adapters.rotation_journal import RotationJournal
from spoke_admin.cli.guide import one_step
from spoke_admin.connection.rotation import Rotations
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.rotation import Outcome, Place, Stage, Tell
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection
from spoke_admin.guides.set_up import GUIDE

MOST_EFFECTS = 60
AT: dict[str, Any] = json.load(sys.stdin)
KEY = Secret(AT["key"])
HOW = HandingOver(grace_s=0.0, settle_s=0.2)  # a request to the stand-in takes effect at once
MADE = Path(AT["made"])  # a token a line; read again, only those that may still live


class Killer:
    """Ends this very process after so many effects: writes to the keychain and the journal, and calls that change."""

    def __init__(self, after: int) -> None:
        self._left = after

    def passed(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        for owner, name in ((RotationJournal, "record"), (Keychain, "_keep"), (Keychain, "_forget")):
            setattr(owner, name, self._passing(getattr(owner, name)))
        call = HttpCaller.__call__

        async def answered(caller: HttpCaller, asked: Call) -> Reply:
            reply = await call(caller, asked)
            if asked.method != "GET":
                self.passed()
            return reply

        setattr(HttpCaller, "__call__", answered)  # noqa: B010  # a plain assignment has another type

    def _passing(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any, **named: Any) -> Any:
            done = act(*given, **named)
            if Place.HAND_OVER not in str(given[1]):  # there is no command in these rotations
                self.passed()
            return done

        return acted


def forked(act: Callable[[], Awaitable[None]], killed_after: int = 0) -> bool:
    """Whether a child that does this came to its end; a fault of its own ends the program."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            if killed_after:
                Killer(killed_after).watch()
            asyncio.run(act())  # type: ignore[arg-type]  # a coroutine
        except BaseException:  # noqa: BLE001  # told by the exit code
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(3)
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    if os.WEXITSTATUS(status):
        sys.exit(f"after {killed_after} effects")
    return True


async def opened() -> Connection:
    addresses = Addresses("kills", AT["scim_url"], AT["settings_url"], AT["identity_provider_url"])
    return await connection.open_connection(addresses, {AT["settings_url"]: KEY, AT["identity_provider_url"]: KEY})


def record(*tokens: Secret) -> None:
    with MADE.open("a") as file:
        file.writelines(f"{token.reveal()}\n" for token in tokens)


def recorded() -> set[Secret]:
    """All of them; the file is empty then."""
    MADE.touch()
    found = {Secret(line) for line in MADE.read_text().split()}
    os.truncate(MADE, 0)
    return found


def record_what_is_made() -> None:
    """Every token is written down before anyone in the program has seen it: a kill then loses it, but not the test."""
    call = HttpCaller.__call__

    async def answered(caller: HttpCaller, asked: Call) -> Reply:
        reply = await call(caller, asked)
        if asked.method == "POST" and asked.url.endswith("/scim/token") and reply.status == 201:
            record(Secret(reply.document()["token"]))
        return reply

    setattr(HttpCaller, "__call__", answered)  # noqa: B010  # a plain assignment has another type


class Quick(Rotations):
    """As the guide's own, without the times it gives others."""

    async def renew(self, connection: Connection, tell: Tell) -> Outcome:
        return await rotated(connection, tell)


async def rotated(here: Connection, tell: Tell) -> Outcome:
    return await connection.rotate_token(here, tell, HOW)


async def forget() -> None:
    here = await opened()
    try:
        await here.tokens.forget(AT["scim_url"])
    finally:
        await here.close()


async def do_the_step() -> None:
    """As `spoke-admin guide set-up --step token`, whether it was begun before or not."""
    here = await opened()
    try:
        states, code = await one_step(GUIDE, replace(here, renewing=Quick(lasts=False)), "token")
        state = next(it for it in states if it.step.id == "token")
        assert (code, state.status) == (0, "done"), state.reason
        assert not state.evidence.notes
        print(json.dumps({"state": state.status}))
    finally:
        await here.close()
    await look_at_the_end()


async def rotate() -> None:
    here = await opened()
    try:
        outcome = await connection.rotate_token(here, lambda _: None, HOW)
        assert outcome.state == "done", outcome
    finally:
        await here.close()
    await look_at_the_end()


async def resume() -> None:
    """Looks at what a kill left, goes on, and looks at the end."""
    await look_at_what_is_left()
    here = await opened()
    try:
        outcome = await connection.rotate_token(here, lambda _: None, HOW, resume=True)
        assert outcome.state in ("done", "taken_back", "none"), outcome
        print(json.dumps({"state": outcome.state}))
    finally:
        await here.close()
    await look_at_the_end()


def held() -> dict[str, Secret]:
    """What lies in the keychain for the address, by what stands behind its name; read as another program would."""
    with closing(secretstorage.dbus_init()) as bus:
        items = secretstorage.Collection(bus, secret_service.DEFAULT).get_all_items()
        found = {item.get_attributes()["service"]: Secret(item.get_secret().decode()) for item in items}
    name = service_of(AT["scim_url"])
    return {service.removeprefix(name): secret for service, secret in found.items() if service.startswith(name)}


async def works(secret: Secret) -> bool:
    return await connection.check_token(AT["scim_url"], secret)


async def look_at_what_is_left() -> None:
    """A working token in the keychain, and at most one alive that is not there.

    Where the service ends the old one at once, there is none between its answer and the keychain.
    """
    here = await opened()
    try:
        tokens = set(held().values())
        working = [it for it in tokens if await works(it)]
        settings = await here.service.settings()
        alive = [it for it in (settings.token, settings.old_token) if it is not None]
        progress = RotationJournal().open(AT["scim_url"])
        lost = progress is not None and progress.stage is Stage.MAKING and not progress.overlap
        assert working or lost, (progress, len(tokens))
        assert len(alive) - len(working) <= 1, (alive, progress)
    finally:
        await here.close()


async def look_at_every_token_ever_made(kept: Secret) -> None:
    """The one in the keychain works and no other."""
    assert [it for it in recorded() | {kept} if await works(it)] == [kept]
    record(kept)


async def look_at_the_end() -> None:
    """One token: alive, in the keychain, at the identity provider, and nothing beside it."""
    here = await opened()
    try:
        tokens = held()
        assert set(tokens) == {Place.TOKEN}, tokens
        await look_at_every_token_ever_made(tokens[Place.TOKEN])
        settings = await here.service.settings()
        assert settings.old_token is None
        assert settings.token is not None
        assert settings.token.last_four == tokens[Place.TOKEN].last_four
        assert RotationJournal().open(AT["scim_url"]) is None
        provider = here.identity_provider
        stored = await provider.api_integration() if provider is not None and AT["pushes"] else None
        if stored is not None:
            assert stored.works
            assert stored.token_last_four == tokens[Place.TOKEN].last_four
    finally:
        await here.close()


def main() -> None:
    """Kills after the 1st, 2nd, … effect; every third time the resume is killed as well, each time at another place.

    Not so the guide's, whose resume is the rotation's.
    """
    record_what_is_made()
    begin, go_on = (do_the_step, do_the_step) if AT["way"] == "guide" else (rotate, resume)
    for number in range(1, MOST_EFFECTS):
        if AT["way"] == "guide":
            forked(forget)  # the step is offered where no token is kept
        if forked(begin, number):
            print(json.dumps({"kills": number - 1}))
            return
        if go_on is do_the_step or number % 3 or not forked(go_on, number * 5 % 13 + 1):
            forked(go_on)
    sys.exit("it never came to its end")


if __name__ == "__main__":
    main()
