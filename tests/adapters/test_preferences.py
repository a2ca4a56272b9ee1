"""Preferences: kept whole through errors and kills, damaged ones set aside, no secret in them."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters.preferences import FILE_NAME, Preferences
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses

ACME = Addresses("Acme", "https://acme.askspoke.com/scim/v2", "", "https://acme.okta.com")
SANDBOX = Addresses("Sandbox", "http://127.0.0.1:1/scim/v2", "http://127.0.0.1:1/api", "http://127.0.0.1:1/okta")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "spoke-admin"


def document(folder: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((folder / FILE_NAME).read_bytes()))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"preferences.lock"}


def test_without_a_file_everything_is_at_its_start_and_nothing_is_made(folder: Path) -> None:
    start = Preferences.load(folder)
    assert (start.connections, start.default_connection(), start.theme, start.window_geometry) == (
        (),
        None,
        "system",
        "",
    )
    assert (start.token_backend("https://x.example"), start.notice) == ("", "")
    assert not folder.exists()


def test_what_is_kept_is_there_at_the_next_start(folder: Path) -> None:
    kept = Preferences.load(folder)
    kept.keep_connection(SANDBOX)
    kept.keep_connection(ACME)
    kept.keep_theme("dark")
    kept.keep_window_geometry("AdnQywADAAA=")
    kept.keep_token_backend("https://acme.askspoke.com/scim/v2/", "Secret Service")
    for found in (kept, Preferences.load(folder)):
        assert found.connections == (SANDBOX, ACME)
        assert found.default_connection() == ACME
        assert (found.theme, found.window_geometry) == ("dark", "AdnQywADAAA=")
        assert found.token_backend("https://acme.askspoke.com/scim/v2") == "Secret Service"


def test_a_connection_of_the_same_name_is_replaced_and_can_be_forgotten(folder: Path) -> None:
    kept = Preferences.load(folder)
    kept.keep_connection(ACME)
    moved = Addresses("Acme", "https://acme2.askspoke.com/scim/v2")
    kept.keep_connection(moved)
    assert kept.connections == (moved,)
    kept.forget_connection("Acme")
    kept.forget_connection("Acme")
    assert Preferences.load(folder).connections == ()
    assert Preferences.load(folder).default_connection() is None
    kept.keep_token_backend("https://x.example", "KWallet")
    kept.keep_token_backend("https://x.example", "")
    assert document(folder)["token_backends"] == {}


def test_the_platforms_folder_is_the_default() -> None:
    Preferences.load().keep_theme("light")
    assert (Path(os.environ["XDG_CONFIG_HOME"]) / "spoke-admin" / FILE_NAME).is_file()


def test_only_the_owner_can_read_it(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    Preferences.load(folder).keep_theme("dark")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_settings_of_another_version_are_kept(folder: Path) -> None:
    folder.mkdir(parents=True)
    known = {"name": "Acme", "scim_url": "https://acme.askspoke.com/scim/v2", "colour": "red"}
    (folder / FILE_NAME).write_text(json.dumps({"format": 1, "later": {"a": [1]}, "connections": [known]}))
    Preferences.load(folder).keep_theme("dark")
    Preferences.load(folder).keep_connection(Addresses("Acme", "https://acme2.askspoke.com/scim/v2"))
    assert document(folder)["later"] == {"a": [1]}
    assert document(folder)["connections"][0]["colour"] == "red"
    assert document(folder)["connections"][0]["scim_url"] == "https://acme2.askspoke.com/scim/v2"


def test_a_file_of_a_newer_format_is_read_and_never_changed(folder: Path) -> None:
    folder.mkdir(parents=True)
    written = json.dumps({"format": 2, "theme": "dark", "connections": {"by": "name"}})
    (folder / FILE_NAME).write_text(written)
    newer = Preferences.load(folder)
    assert (newer.theme, newer.connections, newer.notice) == ("dark", (), "")
    with pytest.raises(AdminError, match="newer version"):
        newer.keep_theme("light")
    assert (folder / FILE_NAME).read_text() == written
    assert names(folder) == {FILE_NAME}


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"\0" * 100, b'{"theme": "dark"', b"[" * 100_000,
     b"1" * 5000, b" " * 5_000_000],
    ids=["empty", "cut", "list", "null", "not UTF-8", "zeros", "cut later", "deep", "digits", "too long"],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_whole_and_said_once(folder: Path, damaged: bytes) -> None:
    folder.mkdir(parents=True)
    for number in (1, 2):
        (folder / FILE_NAME).write_bytes(damaged)
        found = Preferences.load(folder)
        assert found.theme == "system"
        assert f"preferences.damaged-{number}.json" in found.notice
        assert (folder / f"preferences.damaged-{number}.json").read_bytes() == damaged
        assert Preferences.load(folder).notice == ""
    found.keep_theme("dark")
    assert Preferences.load(folder).theme == "dark"


def test_damage_in_one_setting_costs_that_setting_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    sound = {"name": "Acme", "scim_url": "https://acme.askspoke.com/scim/v2"}
    was = json.dumps({"theme": "pink", "window_geometry": "AA==", "connections": [sound, 3, {"name": "x"}], "later": 1})
    (folder / FILE_NAME).write_text(was)
    found = Preferences.load(folder)
    assert (found.theme, found.window_geometry) == ("system", "AA==")
    assert [connection.name for connection in found.connections] == ["Acme"]
    assert "theme, connections" in found.notice
    assert (folder / "preferences.damaged-1.json").read_text() == was
    assert Preferences.load(folder).notice == ""
    assert document(folder)["later"] == 1


def test_damage_between_load_and_save_is_set_aside_too(folder: Path) -> None:
    kept = Preferences.load(folder)
    kept.keep_theme("dark")
    (folder / FILE_NAME).write_bytes(b"\0\0")
    kept.keep_window_geometry("AA==")
    assert "damaged-1" in kept.notice
    assert names(folder) == {FILE_NAME, "preferences.damaged-1.json"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SETTINGS = ["format", "connections", "default_connection", "theme", "window_geometry", "token_backends", "other"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(SETTINGS), JSON_VALUES) | JSON_VALUES)
def test_any_json_is_read_and_can_be_written_again(tmp_path: Path, content: object) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    found = Preferences.load(tmp_path)
    assert found.theme in ("system", "light", "dark")
    assert all(isinstance(connection.scim_url, str) for connection in found.connections)
    assert isinstance(found.token_backend("x") + found.window_geometry, str)
    if not (isinstance(content, dict) and isinstance(content.get("format"), int) and content["format"] > 1):
        found.keep_theme("dark")
        assert Preferences.load(tmp_path).theme == "dark"
    for path in tmp_path.glob("preferences.damaged-*"):
        path.unlink()


@pytest.mark.parametrize(
    "addresses",
    [
        Addresses("a", "https://admin:canary-1@acme.example/scim"),
        Addresses("a", "https://acme.example/scim?token=canary-1"),
        Addresses("a", "https://acme.example/scim", "https://canary-1@acme.example"),
        Addresses("a", "https://acme.example/scim", "", "https://acme.example/#canary-1"),
    ],
)
def test_addresses_with_something_secret_in_them_are_refused(folder: Path, addresses: Addresses) -> None:
    with pytest.raises(AdminError) as refused:
        Preferences.load(folder).keep_connection(addresses)
    assert "canary" not in str(refused.value.document())
    with pytest.raises(AdminError):
        Preferences.load(folder).keep_token_backend(addresses.identity_provider_url or "https://a@b", "x")
    assert not (folder / FILE_NAME).exists()


def test_a_secret_is_never_written(folder: Path) -> None:
    secret = cast("Any", Secret("canary-2-canary-2"))
    kept = Preferences.load(folder)
    kept.keep_theme("dark")
    attempts: list[Callable[[], None]] = [
        lambda: kept.keep_window_geometry(secret),
        lambda: kept.keep_connection(Addresses(secret, "https://acme.example")),
        lambda: kept.keep_token_backend("https://acme.example", secret),
    ]
    for keep in attempts:
        with pytest.raises(TypeError, match="a secret"):
            keep()
    assert [path for path in folder.iterdir() if b"canary" in path.read_bytes()] == []
    assert names(folder) == {FILE_NAME}


def test_a_link_stays_a_link(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    elsewhere = tmp_path / "dotfiles.json"
    elsewhere.write_text("{}")
    (folder / FILE_NAME).symlink_to(elsewhere)
    Preferences.load(folder).keep_theme("dark")
    assert (folder / FILE_NAME).is_symlink()
    assert json.loads(elsewhere.read_text())["theme"] == "dark"


def test_what_is_no_file_is_said(folder: Path) -> None:
    (folder / FILE_NAME).mkdir(parents=True)
    with pytest.raises(AdminError, match="is not a file"):
        Preferences.load(folder)
    (folder / FILE_NAME).rmdir()
    os.mkfifo(folder / FILE_NAME)
    with pytest.raises(AdminError, match="is not a file"):
        Preferences.load(folder)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AdminError, match="folder for preferences"):
        Preferences.load(tmp_path / "file" / "below").keep_theme("dark")


class Half:
    """A stream that takes half of what it is given, then fails."""

    def __init__(self, stream: IO[bytes], fail: Callable[[], None]) -> None:
        self._stream, self._fail = stream, fail

    def write(self, data: bytes) -> None:
        self._stream.write(data[: len(data) // 2])
        self._stream.flush()
        self._fail()

    def __enter__(self) -> "Half":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def inject(point: str, fail: Callable[[], None], patch: Callable[[str, object], None]) -> None:
    """Makes one of the system's calls fail: before it is done, after it, or in the middle."""
    name, _, when = point.partition(" ")
    original = getattr(os, name)

    def failing(*arguments: Any, **options: Any) -> Any:
        is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
        if name == "fsync" and is_folder != (when.endswith("folder")):
            return original(*arguments, **options)
        if when.startswith("before"):
            fail()
        result = original(*arguments, **options)
        if when.startswith("half"):
            return Half(result, fail)
        fail()
        return result

    patch(name, failing)


POINTS = ["fdopen half", "fsync before", "fsync after", "replace before", "replace after", "fsync before folder"]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_while_writing_is_said_and_leaves_a_whole_file(
    folder: Path, point: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Preferences.load(folder)
    kept.keep_theme("light")

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        inject(point, fail, lambda name, call: patched.setattr(os, name, call))
        with pytest.raises(AdminError) as said:
            kept.keep_theme("dark")
    assert os.strerror(code) in said.value.title
    assert FILE_NAME in said.value.title
    found = Preferences.load(folder)
    assert found.notice == ""
    assert found.theme == ("dark" if point in ("replace after", "fsync before folder") else "light")
    assert names(folder) == {FILE_NAME}
    kept.keep_window_geometry("AA==")
    assert Preferences.load(folder).window_geometry == "AA=="


KILLED = """
import os, signal, sys
from pathlib import Path
from spoke_admin.adapters.preferences import Preferences
from tests.adapters.test_preferences import inject
kept = Preferences.load(Path(sys.argv[1]))
inject(sys.argv[2], lambda: os.kill(os.getpid(), signal.SIGKILL), lambda name, call: setattr(os, name, call))
kept.keep_theme("dark")
"""


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_while_writing_leaves_a_whole_file_and_no_litter(folder: Path, point: str) -> None:
    kept = Preferences.load(folder)
    kept.keep_theme("light")
    kept.keep_connection(ACME)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), point], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    found = Preferences.load(folder)
    assert found.notice == ""
    assert found.theme == ("dark" if point in ("replace after", "fsync before folder") else "light")
    assert found.connections == (ACME,)
    found.keep_window_geometry("AA==")
    assert names(folder) == {FILE_NAME}


AT_ONCE = """
import sys
from pathlib import Path
from spoke_admin.adapters.preferences import Preferences
kept = Preferences.load(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    kept.keep_token_backend(f"https://{sys.argv[2]}{number}.example", "x")
"""


def test_two_programs_do_not_undo_each_others_changes(folder: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(folder), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write(b"go\n")
        program.stdin.flush()
    for program in programs:
        program.communicate(timeout=60)
    assert [program.returncode for program in programs] == [0, 0]
    wanted = {f"https://{name}{number}.example" for name in "ab" for number in range(100)}
    assert document(folder)["token_backends"].keys() == wanted
