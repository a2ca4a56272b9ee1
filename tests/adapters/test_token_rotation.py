"""Rotations against the real stand-in: what is refused before a token is made, and what others did meanwhile."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin import connection
from spoke_admin.adapters.hand_over import HandingOver, by_command, command_of, memo_of
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.keychain import Backend, Keychain, service_of
from spoke_admin.adapters.rotation_journal import RotationJournal
from spoke_admin.adapters.stand_in_okta import StandInOkta
from spoke_admin.adapters.token_rotation import forget, was_interrupted, whole
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.rotation import Outcome, Place, Stage
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection, KeychainState, NoOverlapError, NothingMadeError
from tests.stand_ins import StandIns

ADDRESS = "https://acme.askspoke.com/scim/v2"
FAST = HandingOver(grace_s=0.0, settle_s=0.2)
FAILING = replace(FAST, command="exit 4")
TAKING = replace(FAST, command="cat > /dev/null")


class Drawer:
    """A keychain in this test's memory, and the ways in which one may refuse."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.refuses = self.swallows = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.refuses:
            raise PermissionError
        if not self.swallows:
            self.held[service] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service]

    def found(self) -> tuple[str, Backend | None, KeychainState]:
        return "Drawer", self, KeychainState.AVAILABLE


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})


@pytest.fixture(scope="module")
def one_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """Stand-ins in mode rfc."""
    started = StandIns(tmp_path_factory.mktemp("stand-ins") / "data", ("--mode", "rfc"))
    started.start()
    yield started
    started.close()


@pytest.fixture
def rfc_stand_ins(one_for_all: StandIns) -> StandIns:
    """They have one token, which is new for each test."""

    async def new_token() -> str:
        async with HttpCaller(deadline=20) as caller:
            url, right = f"{one_for_all.settings_url}/scim/token", f"Bearer {one_for_all.key}"
            return str((await caller(Call("POST", url, authorization=right))).document()["token"])

    one_for_all.token = asyncio.run(new_token())
    return one_for_all


@pytest.fixture
def drawer(rfc_stand_ins: StandIns) -> Drawer:
    made = Drawer()
    made.held[service_of(rfc_stand_ins.scim_url)] = rfc_stand_ins.token or ""
    return made


@pytest.fixture
def journal() -> RotationJournal:
    return RotationJournal()


Use = Callable[[Connection], Awaitable[None]]


def with_opened(stand_ins: StandIns, tokens: Keychain, use: Use) -> None:
    key = Secret(stand_ins.key)
    addresses = Addresses("Sandbox", stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url)

    async def run() -> None:
        keys = {stand_ins.settings_url: key, stand_ins.identity_provider_url: key}
        opened = await connection.open_connection(addresses, keys)
        try:
            await use(replace(opened, tokens=tokens))
        finally:
            await opened.close()

    asyncio.run(run())


async def rotated(opened: Connection, how: HandingOver = FAST, *, resume: bool = False) -> Outcome:
    return await connection.rotate_token(opened, lambda _words: None, how, resume=resume)


async def refused(opened: Connection, how: HandingOver = FAST, *, resume: bool = False) -> AdminError:
    with pytest.raises(AdminError) as caught:
        await rotated(opened, how, resume=resume)
    return caught.value


def remove_journals(folder: Path) -> None:
    for path in folder.rglob("rotations/*.jsonl"):
        path.unlink()


async def works(opened: Connection, token: str) -> bool:
    return await connection.check_token(opened.service.scim_url, Secret(token))


@pytest.mark.parametrize("way", ["refuses", "swallows"])
def test_a_keychain_that_does_not_keep_is_found_out_before_a_token_is_made(
    rfc_stand_ins: StandIns, drawer: Drawer, journal: RotationJournal, way: str
) -> None:
    setattr(drawer, way, True)

    async def use(opened: Connection) -> None:
        before = await opened.service.settings()
        error = await refused(opened)
        assert "No token was made" in error.remedy
        assert await opened.service.settings() == before
        assert journal.open(rfc_stand_ins.scim_url) is None

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_a_journal_that_cannot_be_written_keeps_a_token_from_being_made(
    rfc_stand_ins: StandIns, drawer: Drawer, own_folders: Path
) -> None:
    folder = own_folders / "xdg_data_home" / "spoke-admin"
    folder.mkdir(parents=True)
    (folder / "rotations").write_text("in the way")

    async def use(opened: Connection) -> None:
        before = await opened.service.settings()
        assert "no token is made" in (await refused(opened)).remedy
        assert await opened.service.settings() == before

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_where_scim_is_off_there_is_nothing_to_regenerate(stand_ins: StandIns) -> None:
    async def use(opened: Connection) -> None:
        assert "SCIM is not connected" in (await refused(opened)).title
        assert RotationJournal().open(stand_ins.scim_url) is None

    with_opened(stand_ins, Keychain(backend=Drawer().found), use)


def test_an_identity_provider_that_cannot_be_served_is_found_out_before_a_token_is_made(
    rfc_stand_ins: StandIns, drawer: Drawer
) -> None:
    async def use(opened: Connection) -> None:
        before = await opened.service.settings()
        async with HttpCaller(deadline=20) as caller:
            without_key = StandInOkta(rfc_stand_ins.identity_provider_url, caller, wrong_key)
            error = await refused(replace(opened, identity_provider=without_key))
        assert "refuses the key" in error.title
        assert await opened.service.settings() == before

    async def wrong_key() -> Secret:
        return Secret("of-another-sandbox")

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_in_the_rehearsal_memory_will_do(rfc_stand_ins: StandIns) -> None:
    keychain = Keychain(backend=lambda: ("memory", None, KeychainState.SESSION_ONLY))

    async def use(opened: Connection) -> None:
        await opened.tokens.keep(rfc_stand_ins.scim_url, Secret(rfc_stand_ins.token or ""))
        assert "no keychain" in (await refused(opened)).title.lower()
        outcome = await rotated(opened, replace(FAST, memory=frozenset(KeychainState)))
        assert (outcome.state, outcome.old) == ("done", "ended")
        assert outcome.kept is not None
        assert outcome.kept.secret is not None
        assert await works(opened, outcome.kept.secret.reveal())
        assert list(Keychain._memory) == [rfc_stand_ins.scim_url]

    with_opened(rfc_stand_ins, keychain, use)


def test_a_token_that_somebody_else_made_meanwhile_is_left_alone(rfc_stand_ins: StandIns, drawer: Drawer) -> None:
    async def use(opened: Connection) -> None:
        await refused(opened, FAILING)
        theirs = await opened.service.regenerate_token()
        outcome = await rotated(opened, resume=True)
        assert (outcome.state, outcome.old) == ("taken_back", "ended")
        assert "paste the one that does" in outcome.words
        await opened.service.probe(theirs)
        assert list(drawer.held) == [service_of(rfc_stand_ins.scim_url)]
        assert (await rotated(opened, resume=True)).state == "none"

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_a_new_token_that_has_ended_gives_way_to_the_one_before(
    rfc_stand_ins: StandIns, drawer: Drawer, journal: RotationJournal
) -> None:
    new = service_of(rfc_stand_ins.scim_url + Place.NEW)

    async def use(opened: Connection) -> None:
        drawer.held[new] = "a-token-that-has-ended-0123456789"
        assert await was_interrupted(rfc_stand_ins.scim_url, opened.tokens), "by what lies in the keychain alone"
        outcome = await rotated(opened, resume=True)
        assert (outcome.state, outcome.old) == ("taken_back", "alive")
        assert drawer.held == {service_of(rfc_stand_ins.scim_url): rfc_stand_ins.token}
        assert journal.open(rfc_stand_ins.scim_url) is None

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_without_its_journal_a_rotation_is_finished_from_the_keychain(
    rfc_stand_ins: StandIns, drawer: Drawer, own_folders: Path
) -> None:
    async def use(opened: Connection) -> None:
        await refused(opened, FAILING)
        remove_journals(own_folders)
        assert (await rotated(opened, TAKING, resume=True)).old == "ended"
        (token,) = drawer.held.values()
        assert await works(opened, token)
        assert not await works(opened, rfc_stand_ins.token or "")

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_regenerating_again_finishes_what_was_begun(rfc_stand_ins: StandIns, drawer: Drawer) -> None:
    async def use(opened: Connection) -> None:
        await refused(opened, FAILING)
        made = drawer.held[service_of(rfc_stand_ins.scim_url)]
        outcome = await rotated(opened, TAKING)
        assert outcome.state == "done"
        assert drawer.held == {service_of(rfc_stand_ins.scim_url): made}, "no third one"

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_forgetting_gives_an_unfinished_rotation_up(
    rfc_stand_ins: StandIns, drawer: Drawer, journal: RotationJournal
) -> None:
    async def use(opened: Connection) -> None:
        await refused(opened, FAILING)
        assert len(drawer.held) > 1
        assert (await forget(rfc_stand_ins.scim_url, opened.tokens)).state is KeychainState.MISSING
        assert drawer.held == {}
        assert journal.open(rfc_stand_ins.scim_url) is None

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_only_one_rotates_at_a_time(rfc_stand_ins: StandIns, drawer: Drawer, journal: RotationJournal) -> None:
    async def use(opened: Connection) -> None:
        with journal.alone(rfc_stand_ins.scim_url):
            assert "Another program" in (await refused(opened)).title

    with_opened(rfc_stand_ins, Keychain(backend=drawer.found), use)


def test_the_service_says_whether_two_may_live(stand_ins: StandIns, rfc_stand_ins: StandIns) -> None:
    async def rfc(opened: Connection) -> None:
        await opened.service.end_old_token()
        first = await opened.service.regenerate_token(60)
        settings = await opened.service.settings()
        assert settings.old_token is not None
        assert settings.old_token.expires is not None
        assert settings.token is not None
        assert settings.token.last_four == first.last_four
        await opened.service.end_old_token()
        assert (await opened.service.settings()).old_token is None

    async def askspoke(opened: Connection) -> None:
        with pytest.raises(NothingMadeError) as caught:
            await opened.service.regenerate_token()
        assert not isinstance(caught.value, NoOverlapError)

    with_opened(rfc_stand_ins, Keychain(backend=Drawer().found), rfc)
    with_opened(stand_ins, Keychain(backend=Drawer().found), askspoke)


def test_what_is_whole_is_ended_before_a_stop() -> None:
    async def run() -> list[str]:
        begun, go_on = asyncio.Event(), asyncio.Event()
        done: list[str] = []

        async def work() -> None:
            begun.set()
            await go_on.wait()
            done.append("kept")

        task = asyncio.ensure_future(whole(work()))
        await begun.wait()
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        return done

    assert asyncio.run(run()) == ["kept"]


# the command


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_a_command_comes_back_from_the_keychain(command: str) -> None:
    assert command_of(memo_of(command)) == command


def test_a_command_gets_the_bare_token_at_once_and_its_exit_code_counts(tmp_path: Path) -> None:
    secret = Secret("x" * 8192)
    path = tmp_path / "got"
    assert asyncio.run(by_command(f"cat > '{path}'", secret)).done
    assert path.read_text() == secret.reveal()
    with pytest.raises(AdminError, match="exit code 7"):
        asyncio.run(by_command("exit 7", secret))
    with pytest.raises(AdminError, match=r"did not end within 0\.3 s"):
        asyncio.run(by_command("exec sleep 30", secret, seconds=0.3))
    with pytest.raises(AdminError, match="exit code 127"):
        asyncio.run(by_command("no-such-command-anywhere 2> /dev/null", secret))


def test_a_command_s_words_do_not_mix_with_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    asyncio.run(by_command("cat; echo seen >&2", Secret("canary-0123456789")))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "seen\n")


# the journal


def test_a_journal_tells_how_far_it_came(journal: RotationJournal) -> None:
    assert journal.open(ADDRESS) is None
    journal.record(ADDRESS, Stage.BEGUN, created="2026-01-01T00:00:00+00:00", known=True, settings_url="https://x/sso")
    journal.record(ADDRESS, Stage.MAKING, overlap=True)
    progress = journal.open(ADDRESS)
    assert progress is not None
    assert (progress.stage, progress.known, progress.overlap, progress.gap_s) == (Stage.MAKING, True, True, None)
    assert progress.making is not None
    journal.record(ADDRESS, Stage.HANDED, gap_s=1.5)
    assert replace(progress, stage=Stage.HANDED, gap_s=1.5) == journal.open(ADDRESS)
    journal.record(ADDRESS, Stage.MAKING, overlap=False)
    again = journal.open(ADDRESS)
    assert again is not None
    assert (again.overlap, again.gap_s) == (False, None)
    assert journal.addresses() == [ADDRESS]
    assert journal.began_with(ADDRESS)["settings_url"] == "https://x/sso"
    journal.record(ADDRESS, Stage.DONE)
    assert journal.open(ADDRESS) is None
    assert journal.addresses() == []


@given(st.integers(0, 400), st.binary(max_size=30))
def test_a_journal_that_was_cut_short_goes_on(tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes) -> None:
    journal = RotationJournal(tmp_path_factory.mktemp("journal"))
    for stage in (Stage.BEGUN, Stage.MAKING, Stage.KEPT):
        journal.record(ADDRESS, stage)
    (path,) = journal._folder.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:cut] + noise)
    journal.open(ADDRESS)
    journal.record(ADDRESS, Stage.PROVED)
    progress = journal.open(ADDRESS)
    assert progress is not None
    assert progress.stage is Stage.PROVED


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_journal_is_its_owners_alone(journal: RotationJournal) -> None:
    before = os.umask(0)
    try:
        journal.record(ADDRESS, Stage.BEGUN)
    finally:
        os.umask(before)
    (path,) = journal._folder.glob("*.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600
    assert journal._folder.stat().st_mode & 0o777 == 0o700
    assert [json.loads(line).get("stage") for line in path.read_text().split("\n") if line] == [None, "begun"]
