"""`spoke-admin token` in sessions of its own: states, exit codes, and the token nowhere but in the keychain."""

import base64
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.keyring_session import KeyringSession, keyring_session, needs_a_keyring
from tests.stand_ins import StandIns

ADDRESS = "http://127.0.0.1:9/scim/v2"
CANARY = "canary-0123456789-abcdef"
OKTA = "00" + "aB3_-xY9" * 5
KEYS = {"state", "backend", "last_four", "fingerprint", "set_at", "last_used", "expires", "rotation"}

pytestmark = needs_a_keyring


@pytest.fixture
def session(tmp_path: Path) -> Iterator[KeyringSession]:
    with keyring_session(tmp_path) as found:
        yield found


def told(session: KeyringSession, *words: str, stdin: str = "", code: int = 0) -> Any:
    began = time.monotonic()
    done = session.run("token", *words, "--json", stdin=stdin)
    assert time.monotonic() - began < 5
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def remembered(session: KeyringSession, scim_url: str, settings_url: str = "", provider_url: str = "") -> None:
    """A connection named Acme in the preferences, the default one."""
    folder = Path(session.environment["HOME"]) / ".config" / "spoke-admin"
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"name": "Acme", "profile": "askspoke", "scim_url": scim_url, "settings_url": settings_url}
    entry["identity_provider_url"] = provider_url
    document = {"format": 1, "connections": [entry], "default_connection": "Acme"}
    (folder / "preferences.json").write_text(json.dumps(document))


def test_missing_set_available_forget(session: KeyringSession) -> None:
    missing = told(session, "status", ADDRESS, code=1)
    assert set(missing) == KEYS
    assert missing["state"] == "missing"
    kept = told(session, "set", ADDRESS, "--token-stdin", stdin=f"{CANARY}\n")
    assert (kept["state"], kept["last_four"]) == ("available", "cdef")
    there = told(session, "status", f"{ADDRESS}/")
    assert there["fingerprint"] == kept["fingerprint"]
    assert there["set_at"]
    assert list(session.secrets().values()) == [CANARY]
    assert told(session, "forget", ADDRESS)["state"] == "missing"
    assert session.secrets() == {}


def test_preferences_that_cannot_be_read_stand_in_no_tokens_way(session: KeyringSession) -> None:
    preferences = Path(session.environment["HOME"]) / ".config" / "spoke-admin" / "preferences.json"
    preferences.mkdir(parents=True)
    assert told(session, "set", ADDRESS, "--token-stdin", stdin=CANARY)["state"] == "available"
    assert told(session, "status", ADDRESS)["last_four"] == CANARY[-4:]
    assert told(session, "forget", ADDRESS)["state"] == "missing"
    assert session.secrets() == {}


def test_what_was_set_and_forgotten_is_in_the_activity_log(session: KeyringSession) -> None:
    told(session, "set", ADDRESS, "--token-stdin", stdin=CANARY)
    told(session, "status", ADDRESS)
    told(session, "forget", ADDRESS)
    told(session, "forget", ADDRESS)
    listed = json.loads(session.run("activity", "--json").stdout)["entries"]
    assert [(it["method"], it["host"], it["path"], it["result"]) for it in listed] == [
        ("KEYCHAIN SET", "127.0.0.1:9", "/scim/v2", "done (Secret Service)"),
        ("KEYCHAIN FORGET", "127.0.0.1:9", "/scim/v2", "done (Secret Service)"),
    ], "a look, and forgetting where nothing is, change nothing"
    assert CANARY[-4:] not in json.dumps(listed)
    assert session.run("activity", "verify").returncode == 0


def test_the_token_is_nowhere_but_in_the_keychain(session: KeyringSession, tmp_path: Path) -> None:
    done = session.run("token", "set", ADDRESS, "--token-stdin", "-vv", stdin=CANARY)
    also = session.run("token", "status", ADDRESS, "--check", "-vv")
    printed = "".join((done.stdout, done.stderr, also.stdout, also.stderr)).encode()
    content = printed + b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for form in (CANARY.encode(), CANARY.encode("utf-16-le"), base64.b64encode(CANARY.encode())):
        assert form not in content


def test_check_makes_one_call(session: KeyringSession, stand_ins: StandIns) -> None:
    told(session, "set", stand_ins.settings_url, "--token-stdin", stdin=stand_ins.key)
    assert told(session, "status", stand_ins.settings_url, "--check")["works"] is True
    told(session, "set", stand_ins.identity_provider_url, "--token-stdin", stdin=stand_ins.key)
    assert told(session, "status", stand_ins.identity_provider_url, "--check")["works"] is True
    told(session, "set", stand_ins.settings_url, "--token-stdin", stdin="of-another-sandbox")
    assert told(session, "status", stand_ins.settings_url, "--check", code=1)["works"] is False
    told(session, "set", ADDRESS, "--token-stdin", stdin=CANARY)
    assert "Nothing listens" in told(session, "status", ADDRESS, "--check", code=2)["error"]["title"]


def test_last_use_and_expiry_are_told_where_they_are_known(session: KeyringSession, rfc_stand_ins: StandIns) -> None:
    told(session, "set", rfc_stand_ins.scim_url, "--token-stdin", stdin=rfc_stand_ins.token or "")
    fresh = told(session, "status", rfc_stand_ins.scim_url)
    assert (fresh["last_used"], fresh["expires"], fresh["rotation"]) == (None, None, "none")
    checked = told(session, "status", rfc_stand_ins.scim_url, "--check")
    assert checked["works"] is True
    used = told(session, "status", rfc_stand_ins.scim_url)["last_used"]
    assert datetime.now(UTC) - datetime.fromisoformat(used) < timedelta(minutes=1)
    told(session, "set", rfc_stand_ins.scim_url, "--token-stdin", stdin=CANARY)
    assert told(session, "status", rfc_stand_ins.scim_url)["last_used"] is None, "another token was never used"
    claims = base64.urlsafe_b64encode(b'{"exp": 1900000000}').decode().rstrip("=")
    told(session, "set", ADDRESS, "--token-stdin", stdin=f"eyJhbGciOiJub25lIn0.{claims}.c2ln")
    assert told(session, "status", ADDRESS)["expires"] == "2030-03-17T17:46:40+00:00"
    told(session, "set", "https://acme.okta.com", "--token-stdin", stdin=OKTA)
    okta = told(session, "status", "https://acme.okta.com")
    ends = datetime.fromisoformat(okta["expires"]) - datetime.fromisoformat(okta["set_at"])
    assert ends == timedelta(days=30), "unless it is used"


def test_what_expires_is_saved_as_a_calendar(session: KeyringSession, stand_ins: StandIns, tmp_path: Path) -> None:
    told(session, "set", stand_ins.settings_url, "--token-stdin", stdin=stand_ins.key)
    told(session, "set", stand_ins.identity_provider_url, "--token-stdin", stdin=stand_ins.key)
    remembered(session, stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url)
    path = tmp_path / "expiry.ics"
    assert told(session, "status", "--ics", str(path), code=1)["state"] == "missing"
    data = path.read_bytes()
    assert data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"The signing certificate of Okta ends (Acme)" in data
    assert stand_ins.key.encode() not in data
    missing = str(tmp_path / "no" / "folder.ics")
    assert "could not be saved" in told(session, "status", "--ics", missing, code=2)["error"]["title"]


def test_what_looks_like_another_token_is_asked_about(session: KeyringSession) -> None:
    error = told(session, "set", ADDRESS, "--token-stdin", stdin=OKTA, code=2)["error"]
    assert "looks like an Okta API token" in error["title"]
    assert "--any-kind" in error["remedy"]
    assert "a URL" in told(session, "set", ADDRESS, "--token-stdin", stdin=ADDRESS, code=2)["error"]["title"]
    assert session.secrets() == {}
    assert told(session, "set", ADDRESS, "--token-stdin", "--any-kind", stdin=OKTA)["state"] == "available"


def test_a_locked_keyring_and_a_stalled_one(session: KeyringSession, tmp_path: Path) -> None:
    assert session.keyring is not None
    session.keyring.send_signal(signal.SIGSTOP)
    stalled = told(session, "status", ADDRESS, code=2)
    session.keyring.send_signal(signal.SIGCONT)
    assert stalled["state"] == "timed_out"
    assert stalled["error"]["remedy"]
    with keyring_session(tmp_path / "other", unlocked=False) as locked:
        answer = told(locked, "set", ADDRESS, "--token-stdin", stdin=CANARY, code=2)
        assert answer["state"] == "locked"
        assert answer["error"]["remedy"].startswith("Nothing was kept.")
        assert answer["last_four"] is None


def test_without_a_keychain_nothing_is_kept(session: KeyringSession) -> None:
    session.environment |= {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "XDG_RUNTIME_DIR": ""}
    answer = told(session, "set", ADDRESS, "--token-stdin", stdin=CANARY, code=2)
    assert answer["state"] == "session_only"
    assert "--token-stdin" in answer["error"]["remedy"]
    assert told(session, "status", ADDRESS, code=2)["state"] == "session_only"


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "empty"), ("   \n", "empty"), ("two\nlines", "line break"), ("a b", "blank"), ("tökén", "beyond ASCII"),
        ("••••••••", "the masked display"), ("x" * 70_000, "characters long"), ("a\x00b", "control character"),
    ],
)  # fmt: skip
def test_what_is_no_token_is_refused_in_words(session: KeyringSession, token: str, words: str) -> None:
    error = told(session, "set", ADDRESS, "--token-stdin", stdin=token, code=2)["error"]
    assert words in error["title"]
    assert session.secrets() == {}


def test_a_token_comes_from_a_file_too(session: KeyringSession, tmp_path: Path) -> None:
    path = tmp_path / "token.txt"
    path.write_text(f"{CANARY}\r\n")
    path.chmod(0o644)
    done = session.run("token", "set", ADDRESS, "--token-file", str(path))
    assert done.returncode == 0
    assert "Others may read" in done.stderr
    assert list(session.secrets().values()) == [CANARY]
    os.mkfifo(tmp_path / "pipe")
    for wrong in (tmp_path, tmp_path / "missing", tmp_path / "pipe"):
        assert told(session, "set", ADDRESS, "--token-file", str(wrong), code=2)["error"]["remedy"]
    both = session.run("token", "set", ADDRESS, "--token-stdin", "--token-file", str(path), stdin=CANARY)
    assert both.returncode == 2
    assert told(session, "set", ADDRESS, code=2)["error"]["title"] == "No token was given."


def test_without_an_address_the_default_connection_is_meant(session: KeyringSession) -> None:
    nothing = told(session, "status", code=2)
    assert "no connection" in nothing["error"]["title"]
    remembered(session, ADDRESS)
    told(session, "set", "--token-stdin", stdin=CANARY)
    assert told(session, "status", ADDRESS)["state"] == "available"


@pytest.mark.parametrize("address", ["nonsense", "ftp://x/y", "http://acme.example.com/scim/v2", "https://u:p@x.com/"])
def test_what_is_no_address_is_refused_in_words(session: KeyringSession, address: str) -> None:
    assert told(session, "status", address, code=2)["error"]["remedy"]
