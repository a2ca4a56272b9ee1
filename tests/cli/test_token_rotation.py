"""`spoke-admin token regenerate` and `resume`: a real keyring, the real stand-ins, real kills."""

import asyncio
import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.keychain import service_of
from spoke_admin.domain.exchange import Call
from tests.keyring_session import KeyringSession, keyring_session, needs_a_keyring
from tests.stand_ins import StandIns, StartStandIns

pytestmark = needs_a_keyring
KILLS = Path(__file__).parents[1] / "adapters" / "rotation_kills.py"
MOST_CALLS = 5000
KEYRINGS = 4
MOST_SECONDS = 40.0


@pytest.fixture
def session(tmp_path: Path) -> Iterator[KeyringSession]:
    with keyring_session(tmp_path / "session") as found:
        yield found


@pytest.fixture
def rfc(session: KeyringSession, rfc_stand_ins: StandIns) -> StandIns:
    return connected(session, rfc_stand_ins)


def connected(session: KeyringSession, rfc_stand_ins: StandIns) -> StandIns:
    """Two tokens may live at once; this computer has the token and the key."""
    kept(session, rfc_stand_ins.scim_url, rfc_stand_ins.token or "")
    kept(session, rfc_stand_ins.settings_url, rfc_stand_ins.key)
    return rfc_stand_ins


@pytest.fixture
def walked(session: KeyringSession, stand_ins: StandIns) -> StandIns:
    return walked_through(session, stand_ins)


def walked_through(session: KeyringSession, stand_ins: StandIns) -> StandIns:
    """The set-up is done: the stand-in Okta pushes with the token that this computer has, too."""
    urls = stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url
    options = [
        word for pair in zip(("--scim", "--settings", "--identity-provider"), urls, strict=True) for word in pair
    ]
    done = session.run("guide", "set-up", "--walk", *options, "--token-stdin", stdin=stand_ins.key)
    assert done.returncode == 0, done.stderr
    kept(session, stand_ins.settings_url, stand_ins.key)
    return stand_ins


def kept(session: KeyringSession, address: str, token: str) -> None:
    assert session.run("token", "set", address, "--token-stdin", stdin=token).returncode == 0


def told(session: KeyringSession, *words: str, code: int = 0, stdin: str = "") -> Any:
    done = session.run("token", *words, "--json", stdin=stdin)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def token_of(session: KeyringSession, address: str) -> str:
    """The token in the keychain; nothing may lie beside it."""
    found = {name: secret for name, secret in session.secrets().items() if address in name and "sso" not in name}
    assert list(found) == [service_of(address)]
    return found[service_of(address)]


def works(url: str, token: str) -> bool:
    async def asked() -> bool:
        async with HttpCaller(deadline=20) as caller:
            reply = await caller(Call("GET", f"{url}/Users?count=1", authorization=f"Bearer {token}"))
            assert reply.status in (200, 401)
            return reply.ok

    return asyncio.run(asked())


def settings_of(stand_ins: StandIns) -> Any:
    async def asked() -> Any:
        async with HttpCaller(deadline=20) as caller:
            reply = await caller(Call("GET", stand_ins.settings_url, authorization=f"Bearer {stand_ins.key}"))
            return reply.document()

    return asyncio.run(asked())


def test_a_new_token_in_the_old_ones_place_without_a_gap(
    session: KeyringSession, rfc: StandIns, tmp_path: Path
) -> None:
    place = tmp_path / "at the identity provider"
    command = f"cat > {shlex.quote(str(place))}"
    regenerated = told(
        session, "regenerate", rfc.scim_url, "--settings", rfc.settings_url, "--hand-over", command, "--grace", "0"
    )
    new = token_of(session, rfc.scim_url)
    assert regenerated == {"state": "done", "last_four": new[-4:], "old": "ended", "overlap": True, "gap_s": 0.0}
    assert new != rfc.token
    assert place.read_text() == new, "the bare token"
    assert (works(rfc.scim_url, new), works(rfc.scim_url, rfc.token or "")) == (True, False)
    assert told(session, "status", rfc.scim_url)["rotation"] == "none"
    assert told(session, "resume", rfc.scim_url)["state"] == "none"
    journal = b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))
    assert b'"stage": "done"' in journal
    assert new.encode() not in journal
    assert new[-4:].encode() not in journal
    listed = json.loads(session.run("activity", "--json").stdout)["entries"]
    changes = [(it["method"], it["path"].removeprefix("/scim/v2 ")) for it in listed if "(new)" in it["path"]]
    assert changes == [("KEYCHAIN SET", "(new)"), ("KEYCHAIN FORGET", "(new)")] * 2, "a trial, then the new one"
    assert {it["result"].partition(" ")[0] for it in listed} == {"done"}
    assert [it["method"] for it in listed].index("POST") > 2, "nothing was made before the trial"


def test_under_load_no_call_fails(session: KeyringSession, rfc: StandIns, tmp_path: Path) -> None:
    place = tmp_path / "token.txt"
    place.write_text(rfc.token or "")
    command = f"cat > {shlex.quote(str(place))}.new && mv {shlex.quote(str(place))}.new {shlex.quote(str(place))}"
    words = ["regenerate", rfc.scim_url, "--settings", rfc.settings_url, "--hand-over", command]
    outcome, statuses, tokens = asyncio.run(under_load(session, rfc, place, words))
    assert outcome["state"] == "done"
    assert outcome["overlap"] is True
    assert len(tokens) == 2, "calls were made with both"
    assert len(statuses) > 50
    assert set(statuses) == {200}


def written(place: Path) -> str:
    return place.read_text()


async def under_load(
    session: KeyringSession, stand_ins: StandIns, place: Path, words: list[str]
) -> tuple[Any, list[int], set[str]]:
    """Four callers that take the token from a file before each call, as long as the command runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "spoke_admin", "token", *words, "--json",
        env=session.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    statuses: list[int] = []
    tokens: set[str] = set()
    until = time.monotonic() + MOST_SECONDS

    async def call(caller: HttpCaller) -> None:
        while process.returncode is None and len(statuses) < MOST_CALLS and time.monotonic() < until:
            token = written(place)
            reply = await caller(Call("GET", f"{stand_ins.scim_url}/Users?count=1", authorization=f"Bearer {token}"))
            tokens.add(token)
            statuses.append(reply.status)

    async with HttpCaller(deadline=20) as caller:
        callers = [asyncio.ensure_future(call(caller)) for _ in range(4)]
        out, _ = await process.communicate()
        await asyncio.gather(*callers)
    assert process.returncode == 0
    return json.loads(out), statuses, tokens


def test_where_the_old_one_ends_at_once_the_gap_is_told_and_measured(session: KeyringSession, walked: StandIns) -> None:
    old = token_of(session, walked.scim_url)
    began = time.monotonic()
    done = session.run("token", "regenerate", walked.scim_url, "--settings", walked.settings_url, "--json")
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert done.stderr.index("ends the old token at once") < done.stderr.index("The new token opens SCIM")
    outcome, new = json.loads(done.stdout), token_of(session, walked.scim_url)
    assert (outcome["state"], outcome["old"], outcome["overlap"]) == ("done", "ended", False)
    assert 0 < outcome["gap_s"] < took
    assert (works(walked.scim_url, new), works(walked.scim_url, old)) == (True, False)
    assert "passed" in done.stderr, "the stand-in Okta was served by itself, and tried it"
    assert (new in done.stderr, new in done.stdout) == (False, False)


def test_a_kill_while_handing_over_is_resumed_with_the_same_command(
    session: KeyringSession, rfc: StandIns, tmp_path: Path
) -> None:
    place = tmp_path / "got"
    here = shlex.quote(str(place))  # the first time it ends the program that started it, as kill -9 would
    command = f"cat >> {here}; test -e {here}.2 || {{ : > {here}.2; kill -9 $PPID; }}"
    urls = rfc.scim_url, "--settings", rfc.settings_url
    words = ["token", "regenerate", *urls, "--hand-over", command, "--grace", "0"]
    assert session.run(*words).returncode == -9
    assert told(session, "status", rfc.scim_url)["rotation"] == "interrupted"
    assert works(rfc.scim_url, session.secrets()[service_of(rfc.scim_url)])
    command_kept = [name for name in session.secrets() if name.endswith("(hand-over)")]
    assert command_kept, "in the keychain: it may hold a key of its own"
    assert told(session, "resume", rfc.scim_url, "--grace", "0")["state"] == "done"
    new = token_of(session, rfc.scim_url)
    assert place.read_text() == new * 2
    assert works(rfc.scim_url, new)
    assert not works(rfc.scim_url, rfc.token or "")


def test_a_command_that_fails_leaves_both_and_is_resumed_with_another(session: KeyringSession, rfc: StandIns) -> None:
    words = ["regenerate", rfc.scim_url, "--settings", rfc.settings_url, "--grace", "0", "--hand-over"]
    failed = told(session, *words, "exit 3", code=2)
    assert (failed["state"], failed["old"], failed["overlap"]) == ("interrupted", "alive", True)
    assert "exit code 3" in failed["error"]["title"]
    assert "token resume" in failed["error"]["remedy"]
    assert works(rfc.scim_url, rfc.token or ""), "the identity provider still has it"
    assert works(rfc.scim_url, session.secrets()[service_of(rfc.scim_url)])
    again = told(session, *words, "cat > /dev/null")
    assert again["state"] == "done"
    assert again["last_four"] == token_of(session, rfc.scim_url)[-4:]


def test_at_another_identity_provider_a_person_does_it(session: KeyringSession, rfc: StandIns) -> None:
    folder = Path(session.environment["HOME"]) / ".config" / "spoke-admin"
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"name": "Acme", "profile": "generic", "scim_url": rfc.scim_url, "settings_url": rfc.settings_url}
    entry["identity_provider_url"] = "https://acme-admin.okta.example"
    document = {"format": 1, "connections": [entry], "default_connection": "Acme"}
    (folder / "preferences.json").write_text(json.dumps(document))
    done = session.run("token", "regenerate", "--json")
    assert done.returncode == 1
    outcome = json.loads(done.stdout)
    assert (outcome["state"], outcome["old"], outcome["overlap"]) == ("waiting", "alive", True)
    assert "https://acme-admin.okta.example" in done.stderr
    new = session.secrets()[service_of(rfc.scim_url)]
    assert outcome["last_four"] == new[-4:]
    assert (works(rfc.scim_url, new), works(rfc.scim_url, rfc.token or "")) == (True, True)
    assert told(session, "resume", code=1)["state"] == "waiting"
    assert told(session, "resume", "--handed-over", "--grace", "0")["state"] == "done"
    assert token_of(session, rfc.scim_url) == new
    assert not works(rfc.scim_url, rfc.token or "")


def test_without_a_keychain_no_token_is_made(session: KeyringSession, rfc_stand_ins: StandIns) -> None:
    session.environment |= {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "XDG_RUNTIME_DIR": ""}
    before = settings_of(rfc_stand_ins)
    words = ["regenerate", rfc_stand_ins.scim_url, "--settings", rfc_stand_ins.settings_url, "--token-stdin"]
    refused = told(session, *words, code=2, stdin=rfc_stand_ins.key)
    assert "No token was made" in refused["error"]["remedy"]
    assert settings_of(rfc_stand_ins) == before
    assert told(session, "resume", rfc_stand_ins.scim_url)["state"] == "none"
    assert told(session, "resume")["state"] == "none"


def test_what_is_missing_is_said_before_anything_is_made(session: KeyringSession, rfc_stand_ins: StandIns) -> None:
    assert "settings API" in told(session, "regenerate", rfc_stand_ins.scim_url, code=2)["error"]["title"]
    words = ["regenerate", rfc_stand_ins.scim_url, "--settings", rfc_stand_ins.settings_url]
    assert "key" in told(session, *words, code=2)["error"]["title"]
    wrong = told(session, *words, "--token-stdin", code=2, stdin="of-another-sandbox")
    assert wrong["error"]["detail"].startswith("unauthorized")
    assert told(session, *words, "--grace", "-1", code=2)["error"]
    assert told(session, "status", rfc_stand_ins.scim_url, code=1)["rotation"] == "none"


@pytest.mark.parametrize("mode", ["rfc", "askspoke"])
def test_a_kill_after_any_effect_leaves_a_token_that_works(
    start_stand_ins: StartStandIns, tmp_path: Path, mode: str
) -> None:
    def use(session: KeyringSession, folder: Path) -> None:
        ready = connected if mode == "rfc" else walked_through
        stand_ins = ready(session, start_stand_ins(mode=mode))
        states = killed_everywhere(session, stand_ins, folder, "rotation", pushes=mode == "askspoke")
        assert states >= {"done", "taken_back"}

    on_a_keyring_that_lasts(tmp_path, use)


def test_a_kill_after_any_effect_of_the_guides_step_leaves_one_token_that_is_known(
    start_stand_ins: StartStandIns, tmp_path: Path
) -> None:
    on_a_keyring_that_lasts(tmp_path, lambda session, folder: guide_step_killed(session, start_stand_ins(), folder))


def on_a_keyring_that_lasts(folder: Path, use: Callable[[KeyringSession, Path], None]) -> None:
    """Where gnome-keyring itself aborts, all is done again with a new one.

    It does when a client is killed between asking for a property and the answer ("assertion 'client' failed", then
    GLib's `invoke_get_property_in_idle_cb`), under load in one of some ten of these tests. The bus then starts another,
    which is locked: nothing that follows says anything about us.
    """
    for left in reversed(range(KEYRINGS)):
        place = folder / f"keyring-{left}"
        with keyring_session(place) as session:
            try:
                use(session, place)
            except AssertionError:
                assert session.keyring is not None
                if session.keyring.poll() != -signal.SIGABRT or not left:
                    raise
            else:
                return


def guide_step_killed(session: KeyringSession, stand_ins: StandIns, folder: Path) -> None:
    step(session, stand_ins, "saml")
    step(session, stand_ins, "scim")
    assert killed_everywhere(session, stand_ins, folder, "guide") == {"done"}
    session.run("token", "forget", stand_ins.scim_url)
    told_again = step(session, stand_ins, "token")
    assert "ends the old token at once" in told_again
    assert token_of(session, stand_ins.scim_url) not in told_again
    assert works(stand_ins.scim_url, token_of(session, stand_ins.scim_url))
    journal = b"".join(path.read_bytes() for path in folder.rglob("*.jsonl"))
    assert journal.rstrip().endswith(b'"}')
    assert b'"stage": "done"' in journal.splitlines()[-1], "the guide's own rotation is journalled as well"


def step(session: KeyringSession, stand_ins: StandIns, name: str) -> str:
    """Does one step of the guide; what was said of it."""
    urls = "--scim", stand_ins.scim_url, "--settings", stand_ins.settings_url
    provider = "--identity-provider", stand_ins.identity_provider_url
    done = session.run("guide", "set-up", "--step", name, *urls, *provider, "--token-stdin", stdin=stand_ins.key)
    assert done.returncode == 0, done.stderr
    return done.stderr


def killed_everywhere(
    session: KeyringSession, stand_ins: StandIns, folder: Path, way: str, *, pushes: bool = False
) -> set[str]:
    """What the resumes came to, after a kill at every effect of a rotation."""
    at: dict[str, Any] = {"way": way, "pushes": pushes, "made": str(folder / "made")}
    names = "scim_url", "settings_url", "identity_provider_url", "key"
    done = subprocess.run(
        [sys.executable, str(KILLS)], env=session.environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        input=json.dumps(at | {name: getattr(stand_ins, name) for name in names}), capture_output=True, text=True,
        timeout=170, check=False,
    )  # fmt: skip
    assert session.keyring is not None
    assert done.returncode == 0, (session.keyring.poll(), done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["kills"] > 12
    return {line["state"] for line in lines[:-1]}
