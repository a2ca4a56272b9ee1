"""Tokens and keys are in the keychain and nowhere else: real programs at -vv, then every file, stream and process.

Every other test is watched in the same way while it runs: `tests/secret_watch.py`. That the search finds what is there
is shown by leaks planted by a child process.
"""

import base64
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.keyring_session import KeyringSession, keyring_session, needs_a_keyring, started
from tests.secret_search import Search, forms

CANARIES = ("canary-by-hand-0123456789-abcdef+/=~", "another.canary_9f3ac51e2b84d60.wrong")
ADDRESS = "http://127.0.0.1:9/scim/v2"
ROSTER = "login,email,firstName,lastName\nada@example.com,ada@example.com,Ada,Lovelace\nbad,bad,B,\n"
CRASH = """
import sys
from spoke_admin import __main__, connection
def mistake(*_):
    raise ValueError(f"cannot use {connection.given!r}: {connection.given.reveal()}")
from spoke_admin.cli import secret_input, token
read = secret_input.read_secret
def kept(options):
    connection.given = read(options)
    return connection.given
secret_input.read_secret = kept
connection.keychain = mistake
sys.exit(__main__.main(sys.argv[1:]))
"""
LEAK = """
import os, pathlib, sys
path = pathlib.Path(sys.argv[1]) / "deep" / "down.bin"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_bytes(b"before " + sys.stdin.buffer.read() + b" behind")
"""


class Programs:
    """Runs commands in a session; what they printed, and what the search found of them while they ran."""

    def __init__(self, session: KeyringSession, folder: Path) -> None:
        self.session, self.folder = session, folder
        self.said: dict[str, bytes] = {}
        self.known: dict[str, str] = dict(zip(("the first", "the second"), CANARIES, strict=True))
        self.hits: list[str] = []

    def run(self, *words: str, stdin: str = "", codes: tuple[int, ...] = (0,), program: tuple[str, ...] = ()) -> bytes:
        """One program; looked at while it waits for its standard input, and again when it has ended."""
        with subprocess.Popen(
            [sys.executable, *(program or ("-m", "spoke_admin")), *words],
            env=self.session.environment | {"QT_QPA_PLATFORM": "offscreen"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2],
        ) as process:  # fmt: skip
            self.hits += Search(self.known).in_processes(self.folder)
            try:
                out, err = process.communicate(stdin.encode(), timeout=60)
            finally:
                process.kill()
        name = f"{len(self.said)} {' '.join(words[:2])}"
        self.said[f"{name}, output"], self.said[f"{name}, words"] = out, err
        assert process.returncode in codes, err.decode()
        return out


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    folder = tmp_path / "session"
    with keyring_session(folder) as session:
        yield Programs(session, folder)


def stand_ins(stack: ExitStack, programs: Programs) -> list[str]:
    """A sandbox at -vv, whose words go to a file; its addresses as options. Its key is known from now on."""
    folder = programs.folder / "stand-ins"
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-m", "spoke_admin", "sandbox", "-vv", "--data", str(folder), "--end-with-stdin"]
    log = stack.enter_context((programs.folder / "sandbox.log").open("wb"))
    process = subprocess.Popen(
        command, env=programs.session.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
    )
    stack.callback(process.communicate, timeout=20)
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    programs.known["the key"] = line["key"]
    urls = {"--scim": "scim_url", "--settings": "settings_url", "--identity-provider": "identity_provider_url"}
    return [word for option, name in urls.items() for word in (option, line[name])]


@needs_a_keyring
@pytest.mark.timeout(240)
def test_after_real_work_at_vv_no_secret_is_anywhere_but_in_the_keychain(programs: Programs, tmp_path: Path) -> None:
    first, second = CANARIES
    roster = programs.folder / "users.csv"
    roster.write_text(ROSTER)
    with ExitStack() as stack:
        urls = stand_ins(stack, programs)
        key = programs.known["the key"]
        programs.run("guide", "set-up", "-vv", "--walk", "--token-stdin", *urls, stdin=key)
        programs.known["the SCIM token"] = next(iter(programs.session.secrets().values()))
        for address in (urls[3], urls[5]):
            programs.run("token", "set", "-vv", address, "--token-stdin", stdin=key)
            programs.run("token", "status", "-vv", address, "--check")
        programs.run("token", "set", "-vv", ADDRESS, "--token-stdin", stdin=first)
        programs.run("token", "status", "-vv", "--json", ADDRESS)
        programs.run("token", "status", "-vv", ADDRESS, "--check", codes=(2,))
        programs.run("guide", "set-up", "-vv", "--token-stdin", *urls, stdin=second, codes=(1, 2))
        programs.run("token", "set", "-vv", ADDRESS, "--token-stdin", stdin=f"{second}\n{first}", codes=(2,))
        programs.run("token", "set", ADDRESS, "--token-stdin", stdin=second, codes=(2,), program=("-c", CRASH))
        token = programs.known["the SCIM token"]
        programs.run("doctor", "-vv", urls[1], "--write", "--json", "--token-stdin", stdin=token, codes=(0, 1))
        programs.run("validate", "-vv", str(roster), "--json", codes=(1,))
        programs.run("activity", "-vv", "--json")
        programs.run("activity", "export", "-o", str(programs.folder / "activity-export.log"))
        read = programs.run("Sandbox", program=("-m", "tests.end_to_end.window_texts"))
        programs.run("activity", "verify", str(programs.folder / "activity-export.log"))
        search = Search(programs.known)
        hits = programs.hits + search.in_processes(programs.folder) + search.in_files(programs.folder)
    assert len(set(programs.known.values())) == 4
    for name, content in programs.said.items():
        hits += search.in_bytes(content, name)
    hits += search.in_files(programs.folder)
    assert hits == []
    kept = set(programs.session.secrets().values())
    assert kept == {first, programs.known["the key"], programs.known["the SCIM token"]}
    assert b"tokens_page" in read
    assert b"The chain holds" in read, "the window has really been visited"
    data = programs.folder / "home" / ".local" / "share" / "spoke-admin"
    assert list((data / "crash-reports").glob("*.txt")), "the mistake has left a report, which was searched"
    assert (data / "activity.log").stat().st_size > 1000
    assert b"DEBUG" in b"".join(programs.said.values())


# the search itself


@pytest.mark.parametrize("form", forms(CANARIES[0]))
def test_the_search_finds_what_a_child_process_leaks_into_a_file(form: str, tmp_path: Path) -> None:
    search = Search({"planted": CANARIES[0]})
    assert search.in_files(tmp_path) == []
    leaked = forms(CANARIES[0])[form]
    subprocess.run([sys.executable, "-c", textwrap.dedent(LEAK), str(tmp_path)], input=leaked, check=True, timeout=20)
    assert any(form in hit and "down.bin" in hit for hit in search.in_files(tmp_path))


def test_the_search_finds_what_stands_in_the_arguments_environment_or_name_of_anything(tmp_path: Path) -> None:
    first, second = CANARIES
    search = Search({"planted": first, "other": second})
    with ExitStack() as stack:
        environment = os.environ | {"HOME": str(tmp_path), "TOKEN": base64.b64encode(second.encode()).decode()}
        waiting = "import sys; print('ready', flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", waiting, f"--token={first}"]
        leaking = started(stack, command, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert leaking.stdout is not None
        leaking.stdout.readline()
        hits = " ".join(search.in_processes(tmp_path))
    assert "planted, plain: the arguments" in hits
    assert "other, base64 at 0: the environment" in hits
    (tmp_path / f"{second}.txt").touch()
    assert "the name of" in " ".join(search.in_files(tmp_path))
    (tmp_path / "keyrings").mkdir()
    (tmp_path / "keyrings" / "login.keyring").write_text(first)
    assert not any("planted" in hit for hit in search.in_files(tmp_path)), "the keychain's own store is left out"
