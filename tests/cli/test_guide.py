"""`spoke-admin guide` against the real stand-ins: states from evidence, gates, a walk that resumes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stand_ins import StandIns, StartStandIns

STEPS = ["plan", "saml", "scim", "token", "application", "api_integration", "to_app", "assign", "verify"]


def command(
    stand_ins: StandIns, *options: str, key: str = "", environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """`guide set-up` at these stand-ins, with their key on standard input and no keychain but the test's own."""
    addresses = ("--scim", stand_ins.scim_url, "--settings", stand_ins.settings_url)
    provider = ("--identity-provider", stand_ins.identity_provider_url)
    words = [sys.executable, "-m", "spoke_admin", "guide", "set-up", *addresses, *provider, "--token-stdin", *options]
    return subprocess.run(
        words, input=key or stand_ins.key, capture_output=True, text=True, timeout=60, check=False,
        env=environment or no_keychain(),
    )  # fmt: skip


def no_keychain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"} | {
        "XDG_RUNTIME_DIR": "", "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }  # fmt: skip


def steps(done: "subprocess.CompletedProcess[str]") -> dict[str, dict[str, Any]]:
    assert done.stdout, done.stderr
    return {step["id"]: step for step in json.loads(done.stdout)["steps"]}


def statuses(stand_ins: StandIns) -> dict[str, str]:
    return {name: step["status"] for name, step in steps(command(stand_ins, "--json")).items()}


def settings(stand_ins: StandIns) -> Any:
    headers = {"authorization": f"Bearer {stand_ins.key}"}
    return httpx.get(stand_ins.settings_url, headers=headers, trust_env=False).json()


def test_at_first_only_what_needs_nothing_is_ready_and_looking_changes_nothing(stand_ins: StandIns) -> None:
    before = settings(stand_ins)
    found = statuses(stand_ins)
    assert list(found) == STEPS
    assert found["plan"] == "done"
    assert {name for name, status in found.items() if status == "ready"} == {"saml", "application"}
    assert {name for name, status in found.items() if status == "blocked"} == set(STEPS[2:]) - {"application"}
    assert settings(stand_ins) == before


def test_the_walk_proves_every_step_and_says_what_was_lost(stand_ins: StandIns) -> None:
    done = command(stand_ins, "--walk", "--json")
    assert done.returncode == 0, done.stderr
    found = steps(done)
    assert {step["status"] for step in found.values()} == {"done"}
    assert "ignored as forecast: Phone" in found["verify"]["evidence"]
    phone = next(fact for fact in found["verify"]["facts"] if fact["label"] == "Phone")
    assert phone["found"] == "not set"
    assert "800" in phone["expected"]
    assert "800" in done.stderr, "it is said before it is sent, too"
    again = command(stand_ins, "--walk", "--json")
    assert again.returncode == 0
    assert {step["status"] for step in steps(again).values()} == {"done"}


def test_a_person_with_a_1800_number_arrives_without_it(stand_ins: StandIns) -> None:
    assert command(stand_ins, "--walk").returncode == 0
    headers = {"authorization": f"SSWS {stand_ins.key}"}
    okta = stand_ins.identity_provider_url
    with httpx.Client(headers=headers, trust_env=False) as client:
        people = client.get(f"{okta}/api/v1/users").json()
        token = client.post(
            f"{stand_ins.settings_url}/scim/token", headers={"authorization": f"Bearer {stand_ins.key}"}
        ).json()["token"]
        login = people[0]["profile"]["login"]
        phones = people[0]["profile"].get("primaryPhone") or people[0]["profile"].get("mobilePhone")
        found = client.get(
            f"{stand_ins.scim_url}/Users",
            params={"filter": f'userName eq "{login}"'},
            headers={"authorization": f"Bearer {token}"},
        ).json()
    assert "800" in phones
    assert found["totalResults"] == 1
    assert "phoneNumbers" not in found["Resources"][0]


def test_a_walk_that_was_interrupted_goes_on_where_it_stopped(stand_ins: StandIns) -> None:
    for step in ("saml", "scim"):
        assert command(stand_ins, "--step", step).returncode == 0
    before = statuses(stand_ins)
    assert before["scim"] == "done"
    stand_ins.restart()
    assert statuses(stand_ins) == before
    assert command(stand_ins, "--walk").returncode == 0


def test_a_blocked_step_is_refused_and_changes_nothing(stand_ins: StandIns) -> None:
    before = settings(stand_ins)
    done = command(stand_ins, "--step", "scim", "--json")
    assert done.returncode == 1
    assert steps(done)["scim"]["status"] == "blocked"
    assert "SAML single sign-on comes first" in steps(done)["scim"]["reason"]
    assert settings(stand_ins) == before


def test_below_plus_nothing_is_offered(start_stand_ins: StartStandIns) -> None:
    stand_ins = start_stand_ins(plan="free")
    before = settings(stand_ins)
    done = command(stand_ins, "--walk", "--json")
    assert done.returncode == 1
    found = steps(done)
    assert found["plan"]["status"] == "manual"
    assert "need Plus" in found["plan"]["reason"]
    assert {found[name]["status"] for name in ("saml", "scim", "token")} == {"blocked"}
    assert settings(stand_ins) == before


def test_a_step_that_is_no_longer_true_turns_back(stand_ins: StandIns) -> None:
    assert command(stand_ins, "--walk").returncode == 0
    httpx.post(
        f"{stand_ins.settings_url}/scim/token", headers={"authorization": f"Bearer {stand_ins.key}"}, trust_env=False
    ).raise_for_status()
    found = steps(command(stand_ins, "--json"))
    assert found["api_integration"]["status"] != "done"
    assert found["token"]["status"] == "ready"
    assert command(stand_ins, "--walk").returncode == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "wrong-key-of-another-sandbox"}, "key"),
        ({"key": "two\nlines"}, "line break"),
        ({"scim_url": "http://127.0.0.1:1/scim/v2", "settings_url": "http://127.0.0.1:1/x"}, "127.0.0.1:1"),
        ({"settings_url": "http://example.com/settings"}, "https"),
        ({"scim_url": "not an address"}, "address"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(stand_ins: StandIns, change: dict[str, str], words: str) -> None:
    given = StandIns(stand_ins.folder, (), stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url)
    for name, value in change.items():
        setattr(given, name, value)
    done = command(given, "--json", key=change.get("key", stand_ins.key))
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert words in f"{error['title']} {error['remedy']}"
    assert error["remedy"]
    assert "Traceback" not in done.stderr


def test_without_a_key_it_says_how_to_give_one(stand_ins: StandIns) -> None:
    addresses = ["--scim", stand_ins.scim_url, "--settings", stand_ins.settings_url]
    words = [sys.executable, "-m", "spoke_admin", "guide", "set-up", *addresses, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=no_keychain())
    assert done.returncode == 2
    assert "--token-stdin" in json.loads(done.stdout)["error"]["remedy"]


def guide(*options: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "spoke_admin", "guide", "set-up", "--json", *options]
    return subprocess.run(
        words,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**no_keychain(), "PYTHONUNBUFFERED": "1"},
    )


def test_a_service_without_a_settings_api_gets_steps_by_hand_proved_through_scim(
    start_stand_ins: StartStandIns,
) -> None:
    stand_ins = start_stand_ins(mode="rfc")
    addresses = ("--scim", stand_ins.scim_url)
    without = guide(*addresses)
    assert without.returncode == 0
    assert {steps(without)[name]["status"] for name in ("plan", "saml", "scim", "token")} == {"manual"}
    done = guide(*addresses, "--token-stdin", given=str(stand_ins.token))
    found = steps(done)
    assert {found[name]["status"] for name in ("plan", "saml", "scim", "token")} == {"done"}
    assert found["application"]["status"] == "manual"
    walked = guide(*addresses, "--token-stdin", "--walk", given=str(stand_ins.token))
    assert walked.returncode == 1, "it stops at the first step a person has to do"


def test_an_address_where_nothing_answers_or_a_web_page_does(tmp_path: Path) -> None:
    nothing = guide("--scim", "http://127.0.0.1:9/scim/v2")
    assert nothing.returncode == 2
    assert "Nothing listens" in json.loads(nothing.stdout)["error"]["title"]
    (tmp_path / "index.html").write_text("<html>Log in</html>")
    words = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            port = re.search(r"port (\d+)", server.stdout.readline())
            assert port
            page = guide("--scim", f"http://127.0.0.1:{port[1]}/scim/v2")
        finally:
            server.terminate()
    assert page.returncode == 2
    assert "not a SCIM service" in json.loads(page.stdout)["error"]["title"]


def test_the_key_and_the_token_are_nowhere(stand_ins: StandIns, own_folders: Path) -> None:
    done = command(stand_ins, "--walk", "--json", "-vv")
    assert done.returncode == 0
    assert stand_ins.key not in done.stdout + done.stderr
    for path in own_folders.rglob("*"):
        if path.is_file():
            assert stand_ins.key.encode() not in path.read_bytes(), path
