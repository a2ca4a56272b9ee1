"""`spoke-admin activity` as an admin runs it: what a walk of the guide leaves, checked and exported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spoke_admin.adapters.audit_chain import Entry, now
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.folders import data_folder
from tests.stand_ins import StandIns

KEYS = {"time", "method", "host", "path", "person", "result", "status", "seconds"}


def run(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "spoke_admin", *words], input=stdin, capture_output=True, text=True, timeout=60,
        check=False, env={name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"},
    )  # fmt: skip


def told(*words: str, code: int = 0) -> Any:
    done = run("activity", *words, "--json")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def filled(count: int) -> Path:
    written = AuditLog()
    for number in range(count):
        written.note(
            Entry(now(), "DELETE", "acme.example:443", "/scim/v2/Users/{id}", f"p{number}", "done (204)", 204, 0.1)
        )
    assert written.flush()
    return data_folder() / "activity.log"


def test_a_walk_of_the_guide_leaves_its_changes_and_no_secret(stand_ins: StandIns) -> None:
    urls = ["--scim", stand_ins.scim_url, "--settings", stand_ins.settings_url]
    urls += ["--identity-provider", stand_ins.identity_provider_url]
    walked = run("guide", "set-up", "--walk", "--token-stdin", *urls, stdin=stand_ins.key)
    assert walked.returncode == 0, walked.stderr
    listed = told()
    assert all(set(entry) == KEYS for entry in listed["entries"])
    changes = [(entry["method"], entry["path"], entry["person"]) for entry in listed["entries"]]
    assert changes[0] == ("PUT", "/api/v1/integrations/sso/saml", None)
    assert ("POST", "/api/v1/integrations/sso/scim", None) in changes
    method, path, person = changes[-1]
    assert (method, path) == ("POST", "/okta/api/v1/apps/{id}/users")
    assert "@" in person
    assert {entry["result"] for entry in listed["entries"]} == {"done (200)", "done (201)"}
    assert listed["counts"] == {"entries": len(changes), "torn": 0}
    assert stand_ins.key not in json.dumps(listed)
    looked = run("guide", "set-up", "--token-stdin", *urls, stdin=stand_ins.key)
    assert looked.returncode in (0, 1)
    assert told()["counts"]["entries"] == len(changes), "a look is no change"


def test_before_anything_was_changed_and_in_words(tmp_path: Path) -> None:
    assert told()["entries"] == []
    assert told("verify")["verified"] is True
    assert "Nothing was changed yet." in run("activity").stderr
    filled(3)
    listed = run("activity")
    assert [line.split(" ", 1)[1] for line in listed.stdout.splitlines()] == [
        f"acme.example:443 DELETE /scim/v2/Users/{{id}} p{number}: done (204)" for number in range(3)
    ]
    assert "The chain holds: 3 changes" in run("activity", "verify").stdout


def test_the_limit_takes_the_last_and_counts_all() -> None:
    filled(5)
    assert [entry["person"] for entry in told("--limit", "2")["entries"]] == ["p3", "p4"]
    assert told("--limit", "0") == {"entries": [], "counts": {"entries": 5, "torn": 0}}
    assert "The last 2 of 5 changes" in run("activity", "--limit", "2").stderr
    for wrong in ("-1", "x", "1.5"):
        assert told("--limit", wrong, code=2)["error"]["remedy"]


def test_tampering_is_exit_1_with_the_line(tmp_path: Path) -> None:
    path = filled(6)
    whole = path.read_bytes()
    assert told("verify") == {
        "verified": True, "entries": 6, "first_bad": None, "fault": "", "torn": 0, "digest": told("verify")["digest"],
    }  # fmt: skip
    path.write_bytes(whole.replace(b'"p2"', b'"p9"'))
    found = told("verify", code=1)
    assert (found["verified"], found["entries"], found["first_bad"]) == (False, 6, 3)
    assert found["fault"]
    assert "line 3" in run("activity").stderr
    assert told("export", "-o", str(tmp_path / "broken.log"), code=1)["first_bad"] == 3
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert told("verify", code=1)["first_bad"] == 6


def test_an_export_is_verified_and_its_cut_off_tail_shows(tmp_path: Path) -> None:
    filled(4)
    target = tmp_path / "export.log"
    made = told("export", "-o", str(target))
    assert (made["path"], made["entries"], made["verified"]) == (str(target), 4, True)
    assert told("verify", str(target)) == {name: made[name] for name in made if name != "path"}
    assert json.loads(target.read_bytes().splitlines()[-1])["entries"] == 4
    target.write_bytes(b"".join(target.read_bytes().splitlines(keepends=True)[:-1]))
    assert told("verify", str(target), code=1)["first_bad"] == 5
    in_words = run("activity", "export", "-o", str(target))
    assert in_words.returncode == 0
    assert made["digest"] in in_words.stdout
    assert run("activity", "--json", "verify", str(target)).stdout.startswith("{"), "also before the word"


@pytest.mark.parametrize(
    "words",
    [["export"], ["export", "-o", "/nowhere/x.log"], ["verify", "nothing.log"], ["verify", "/"], ["nonsense"]],
)
def test_what_cannot_be_done_is_said(words: list[str]) -> None:
    assert told(*words, code=2)["error"]["title"].endswith(".")


def test_help_has_an_example() -> None:
    for words in (["activity"], ["activity", "export"], ["activity", "verify"]):
        assert "Example: spoke-admin activity" in run(*words, "--help").stdout
