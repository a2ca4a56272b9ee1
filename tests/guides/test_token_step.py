"""The step "API token": a rotation like any other, finished where it was interrupted."""

from dataclasses import replace
from pathlib import Path

import pytest

from spoke_admin import connection
from spoke_admin.adapters.keychain import Keychain, service_of
from spoke_admin.adapters.rotation_journal import RotationJournal
from spoke_admin.connection.rotation import Rotations, may_stay_in_memory
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import StepState
from spoke_admin.domain.rotation import Place, Stage
from spoke_admin.domain.systems import Connection, KeychainState
from spoke_admin.guides.service_steps import INTERRUPTED, WAITS
from spoke_admin.guides.set_up import GUIDE
from tests.adapters.test_token_rotation import FAST, Drawer, with_opened, works
from tests.stand_ins import StandIns

STEP = GUIDE.step("token")


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})


async def look(opened: Connection) -> StepState:
    return next(it for it in await GUIDE.look(opened) if it.step is STEP)


async def act(opened: Connection) -> list[str]:
    """Does the step; what was told of it."""
    told: list[str] = []
    await STEP.act(opened, {}, told.append)
    return told


def test_a_missing_token_is_made_anew_and_journalled(rfc_stand_ins: StandIns, own_folders: Path) -> None:
    drawer, old = Drawer(), rfc_stand_ins.token or ""

    async def use(opened: Connection) -> None:
        assert (await look(opened)).status == "ready"
        told = await act(opened)
        assert any("opens SCIM" in words for words in told)
        (token,) = drawer.held.values()
        assert list(drawer.held) == [service_of(rfc_stand_ins.scim_url)]
        assert (await works(opened, token), await works(opened, old)) == (True, False)
        assert (await look(opened)).status == "done"

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)
    (journal,) = own_folders.rglob("rotations/*.jsonl")
    assert b'"done"' in journal.read_bytes().splitlines()[-1]


def test_an_interrupted_one_is_offered_and_finished_though_a_token_works(rfc_stand_ins: StandIns) -> None:
    drawer, url = Drawer(), rfc_stand_ins.scim_url
    drawer.held[service_of(url)] = rfc_stand_ins.token or ""

    async def use(opened: Connection) -> None:
        assert (await look(opened)).status == "done"
        made = await opened.service.regenerate_token(60)
        drawer.held[service_of(url + Place.NEW)] = made.reveal()
        RotationJournal().record(url, Stage.BEGUN)
        RotationJournal().record(url, Stage.KEPT)
        state = await look(opened)
        assert (state.status, state.reason) == ("ready", INTERRUPTED)
        await act(opened)
        assert drawer.held == {service_of(url): made.reveal()}, "no third one"
        assert not await works(opened, rfc_stand_ins.token or "")
        assert (await look(opened)).status == "done"

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_where_a_person_hands_it_over_the_step_is_done_and_says_what_is_left(rfc_stand_ins: StandIns) -> None:
    drawer = Drawer()

    async def use(sandbox: Connection) -> None:
        opened = replace(sandbox, identity_provider=None)
        told = await act(opened)
        assert any("at the identity provider" in words for words in told)
        state = await look(opened)
        assert (state.status, state.evidence.notes) == ("done", (WAITS,))
        assert await works(opened, rfc_stand_ins.token or ""), "whoever has the old one goes on"
        outcome = await connection.rotate_token(opened, lambda _: None, replace(FAST, confirmed=True), resume=True)
        assert (outcome.state, outcome.old) == ("done", "ended")
        assert (await look(opened)).evidence.notes == ()

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_a_dead_token_beside_an_unfinished_one_is_ready_too(rfc_stand_ins: StandIns) -> None:
    drawer, url = Drawer(), rfc_stand_ins.scim_url
    drawer.held[service_of(url)] = "a-token-that-has-ended-0123456789"

    async def use(sandbox: Connection) -> None:
        opened = replace(sandbox, identity_provider=None)
        assert (await look(opened)).status == "blocked"
        RotationJournal().record(url, Stage.BEGUN)
        assert (await look(opened)).reason == INTERRUPTED

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_a_command_s_memory_is_no_place_for_a_live_token(rfc_stand_ins: StandIns) -> None:
    nowhere = Keychain(backend=lambda: ("memory", None, KeychainState.SESSION_ONLY))

    async def use(sandbox: Connection) -> None:
        live = replace(sandbox, sandbox=False)
        assert may_stay_in_memory(live) == {KeychainState.SESSION_ONLY}
        before = await live.service.settings()
        with pytest.raises(AdminError, match="no keychain"):
            await act(replace(live, renewing=Rotations(lasts=False)))
        assert await live.service.settings() == before, "no token was made"
        assert any("in memory" in words for words in await act(sandbox))

    with_opened(rfc_stand_ins, nowhere, use)
