"""`spoke-admin doctor` at the real stand-ins: the contract of its JSON, exit codes, files, silence on tokens."""

import asyncio
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.adapters.hostile import OK, endless, http, saying, serving
from tests.doctor.test_hostile_servers import bomb, listing
from tests.stand_ins import StandIns, StartStandIns

MIB = 1024 * 1024
RESULTS = {"pass", "fail", "warn", "skipped", "expected"}
CANARY = "canary-9d02c6e81b7f4a35"
PEAK = """
import re, sys
from pathlib import Path
from spoke_admin.__main__ import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
sys.exit(code)
"""  # getrusage would tell of the process that was forked before


def environment() -> dict[str, str]:
    """No keychain."""
    return os.environ | {"XDG_RUNTIME_DIR": "", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}


def run(*words: str, token: str = CANARY, code: int = 0) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "spoke_admin", "doctor", *words, "--token-stdin"]
    done = subprocess.run(
        command, input=token, capture_output=True, text=True, timeout=90, check=False, env=environment()
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert token not in done.stdout + done.stderr
    return done


def report(*words: str, token: str = CANARY, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", token=token, code=code).stdout)


def by_code(document: Any) -> dict[str, Any]:
    return {check["code"]: check for check in document["checks"]}


def users(stand_ins: StandIns) -> list[str]:
    headers = {"authorization": f"Bearer {stand_ins.token}"}
    page = httpx.get(f"{stand_ins.scim_url}/Users?count=1000", headers=headers, trust_env=False).json()
    return sorted(user["userName"] for user in page["Resources"])


@pytest.fixture
def ruled(start_stand_ins: StartStandIns) -> StandIns:
    """askSpoke, with people in it and SCIM connected."""
    return start_stand_ins(scenario="migrate-users", people=6)


def test_the_contract_of_its_json(rfc_stand_ins: StandIns) -> None:
    assert rfc_stand_ins.token
    began = time.monotonic()
    document = report(rfc_stand_ins.scim_url, "--write", "-vv", token=rfc_stand_ins.token)
    assert time.monotonic() - began < 30
    codes = [check["code"] for check in document["checks"]]
    assert len(codes) == len(set(codes)) >= 40
    assert {check["result"] for check in document["checks"]} <= RESULTS
    assert document["counts"] == {
        word: sum(check["result"] == word for check in document["checks"]) for word in document["counts"]
    }
    assert document["counts"]["fail"] == 0
    for check in document["checks"]:
        assert check["found"]
        if check["result"] in ("fail", "warn"):
            assert check["expected"]
            assert check["fix"]
    assert users(rfc_stand_ins) == []


def test_what_the_profile_declares_is_no_failure_and_without_it_is_one(ruled: StandIns) -> None:
    assert ruled.token
    before = users(ruled)
    generic = report(ruled.scim_url, "--write", token=ruled.token, code=1)
    own = report(ruled.scim_url, "--write", "--profile", "askspoke", token=ruled.token)
    assert by_code(generic)["deactivate_okta"]["result"] == "fail"
    assert by_code(own)["deactivate_okta"]["result"] == "expected"
    assert own["counts"]["expected"] >= 5
    assert own["counts"]["fail"] == 0
    assert users(ruled) == before


def test_nobodys_name_leaves_the_program(ruled: StandIns, tmp_path: Path) -> None:
    assert ruled.token
    words = ("--report", str(tmp_path / "r.md"), "--junit", str(tmp_path / "r.xml"), "--profile", "askspoke")
    done = run(ruled.scim_url, *words, "--json", "-vv", token=ruled.token)
    shown = done.stdout + (tmp_path / "r.md").read_text() + (tmp_path / "r.xml").read_text()
    for name in users(ruled):
        assert name.lower() not in shown.lower()
        assert name.partition("@")[0].lower() not in shown.lower()


def test_the_files_of_a_run(rfc_stand_ins: StandIns, tmp_path: Path) -> None:
    assert rfc_stand_ins.token
    vendor, junit, earlier = tmp_path / "report.md", tmp_path / "junit.xml", tmp_path / "earlier.json"
    wrong = report(rfc_stand_ins.scim_url, "--report", str(earlier), code=1)
    assert by_code(wrong)["token_accepted"]["result"] == "fail"
    words = ("--report", str(vendor), "--junit", str(junit), "--compare", str(earlier), "--write")
    document = report(rfc_stand_ins.scim_url, *words, token=rfc_stand_ins.token)
    assert document["comparison"]["mended"] == ["token_accepted"]
    assert vendor.read_text().startswith(f"# SCIM at {rfc_stand_ins.scim_url}")
    suite = ET.fromstring(junit.read_bytes())
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) == len(document["checks"])
    assert int(suite.attrib["failures"]) == document["counts"]["fail"]
    for path in (vendor, junit, earlier):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert rfc_stand_ins.token not in path.read_text()
        assert CANARY not in path.read_text()


def test_a_snapshot_holds_everyone(ruled: StandIns, tmp_path: Path) -> None:
    assert ruled.token
    path = tmp_path / "snapshot.json"
    told = report(ruled.scim_url, "--snapshot", str(path), token=ruled.token)
    document = json.loads(path.read_text())
    assert sorted(user["userName"] for user in document["users"]) == users(ruled)
    assert told == {"snapshot": str(path), "users": 6, "groups": len(document["groups"]), "complete": True}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    error = report(ruled.scim_url, "--snapshot", str(tmp_path / "other.json"), code=2)["error"]
    assert "HTTP 401" in error["title"]
    assert sorted(it.name for it in tmp_path.iterdir() if it.suffix == ".json") == ["snapshot.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["http://127.0.0.1:9/scim/v2"], "Nothing listens"),
        (["acme.example/scim/v2"], "https:// is missing"),
        (["http://acme.example/scim/v2"], "plain http"),
        (["https://user:secret@acme.example/scim/v2"], "user name or a password"),
        (["http://127.0.0.1:9", "--profile", "nobody"], "no service profile"),
        (["http://127.0.0.1:9", "--deadline", "soon"], "not a number of seconds"),
        (["http://127.0.0.1:9", "--report", "/no/such/folder/report.md"], "Nothing can be saved"),
        (["http://127.0.0.1:9", "--compare", "/no/such/file"], "cannot be read"),
        (["http://127.0.0.1:9", "--compare", __file__], "no earlier report"),
        ([], "base URL is missing"),
    ],
)
def test_when_nothing_could_be_asked(words: list[str], said: str) -> None:
    document = report(*words, code=2)
    assert said in document["error"]["title"]
    assert document["error"]["remedy"]


def test_the_checks_are_listed_and_in_words_the_worst_comes_first(rfc_stand_ins: StandIns) -> None:
    listed = json.loads(run("--list", "--json").stdout)["checks"]
    assert len(listed) > 40
    assert all(check["title"] and check["trips"] and check["fix"] and check["source"] for check in listed)
    assert "url_trailing_slash" in run("--list").stdout
    words = run(f"{rfc_stand_ins.scim_url}/", code=1).stdout
    assert words.index("FAIL     token_accepted") < words.index("WARN     url_trailing_slash")
    assert "to mend it: Copy the token again" in words


def test_the_whole_run_ends_by_its_deadline() -> None:
    async def against(answer: Any) -> tuple[Any, float]:
        async with serving(answer) as server:
            command = [sys.executable, "-m", "spoke_admin", "doctor", server.url("/v2"), "--json", "--deadline", "3"]
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment()
            )
            out, _ = await process.communicate()
            assert process.returncode == 1
            return json.loads(out), time.monotonic() - began

    document, seconds = asyncio.run(against(saying(b"")))
    assert by_code(document)["reachable"]["result"] == "fail"
    assert document["elapsed_s"] < 3
    assert seconds < 10  # the interpreter's own start on a busy machine included


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_what_a_hostile_server_costs() -> None:
    """The most memory of a whole run, beside that of a run at a harmless server: at most 64 MiB more."""
    many = [{"id": str(place), "userName": f"user-{place}", "emails": [{}] * 3} for place in range(9_900)]
    answers = {
        "harmless": saying(http(body=b"{}")),
        "bomb": saying(bomb()),
        "endless": endless(OK + b"\r\n", b" " * 65536),
        "many": saying(listing(many)),
        "empty": saying(http(body=b'{"totalResults": 1, "Resources": [' + b"{}," * 49_000 + b"{}]}")),
        "long": saying(http(body=b'{"totalResults": 1, "detail": "' + b"x" * (2 * MIB - 100) + b'"}')),
    }

    async def peak(answer: Any) -> int:
        async with serving(answer) as server:
            command = [sys.executable, "-c", PEAK, "doctor", server.url("/v2"), "--deadline", "8", "--json"]
            process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=environment()
            )
            _, told = await process.communicate()
            return int(told.split()[-1]) * 1024

    async def peaks() -> dict[str, int]:
        return {name: await peak(answer) for name, answer in answers.items()}

    found = asyncio.run(peaks())
    grown = {name: round((found[name] - found["harmless"]) / MIB) for name in found}
    assert max(grown.values()) <= 64, grown
