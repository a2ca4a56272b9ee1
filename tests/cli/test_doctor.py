"""`spoke-admin doctor` at the real stand-ins: the contract of its JSON, exit codes, files, silence on tokens."""

import asyncio
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.adapters.hostile import OK, endless, http, saying, serving
from tests.doctor.lasting import lasting
from tests.doctor.test_hostile_servers import bomb, listing
from tests.stand_ins import StandIns

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


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """askSpoke, with people in it and SCIM connected."""
    with lasting(tmp_path_factory.mktemp("ruled"), "--scenario", "migrate-users", "--people", "6") as stand_ins:
        yield stand_ins


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """A service without rules of its own, and without people."""
    with lasting(tmp_path_factory.mktemp("plain"), "--mode", "rfc") as stand_ins:
        yield stand_ins


@dataclass(frozen=True)
class Saved:
    """A run with the wrong token, and then one with test objects, whose files are in a folder."""

    folder: Path
    wrong: Any
    document: Any
    seconds: float


@pytest.fixture(scope="module")
def saved(plain: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    assert plain.token
    folder = tmp_path_factory.mktemp("saved")
    names = {"--report": "report.md", "--junit": "junit.xml", "--compare": "earlier.json"}
    files = [word for option, name in names.items() for word in (option, str(folder / name))]
    with pytest.MonkeyPatch.context() as own:
        own.setenv("XDG_DATA_HOME", str(folder))
        wrong = report(plain.scim_url, "--report", str(folder / "earlier.json"), code=1)
        began = time.monotonic()
        document = report(plain.scim_url, "--write", "-vv", *files, token=plain.token)
    return Saved(folder, wrong, document, time.monotonic() - began)


def test_the_contract_of_its_json(saved: Saved, plain: StandIns) -> None:
    document = saved.document
    assert saved.seconds < 30
    codes = [check["code"] for check in document["checks"]]
    assert len(codes) == len(set(codes)) >= 40
    assert {check["result"] for check in document["checks"]} <= RESULTS
    assert document["counts"] == {
        word: sum(check["result"] == word for check in document["checks"]) for word in document["counts"]
    }
    assert document["counts"]["fail"] == document["counts"]["warn"] == 0  # no false alarm at a good service
    assert all(check["found"] for check in document["checks"])
    bad = [check for check in saved.wrong["checks"] if check["result"] in ("fail", "warn")]
    assert bad
    assert all(check["expected"] and check["fix"] for check in bad)
    assert users(plain) == []


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


def test_the_files_of_a_run(saved: Saved, plain: StandIns) -> None:
    assert plain.token
    assert by_code(saved.wrong)["token_accepted"]["result"] == "fail"
    assert saved.document["comparison"]["mended"] == ["token_accepted"]
    vendor, junit, earlier = (saved.folder / name for name in ("report.md", "junit.xml", "earlier.json"))
    assert vendor.read_text().startswith(f"# SCIM at {plain.scim_url}")
    suite = ET.fromstring(junit.read_bytes())
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) == len(saved.document["checks"])
    assert int(suite.attrib["failures"]) == saved.document["counts"]["fail"]
    for path in (vendor, junit, earlier):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert plain.token not in path.read_text()
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


REFUSED = [
    (["http://127.0.0.1:9/scim/v2"], "Nothing listens"),
    (["acme.example/scim/v2"], "https:// is missing"),
    (["http://acme.example/scim/v2"], "plain http"),
    (["https://user:secret@acme.example/scim/v2"], "user name or a password"),
    (["http://127.0.0.1:9", "--profile", "nobody"], "no service profile"),
    (["http://127.0.0.1:9", "--deadline", "soon"], "not a number of seconds"),
    (["http://127.0.0.1:9", "--report", "/no/such/folder/report.md"], "Nothing can be saved"),
    (["http://127.0.0.1:9", "--compare", "/no/such/file"], "cannot be read"),
    (["http://127.0.0.1:9", "--compare", __file__], "no earlier report"),
    (["http://127.0.0.1:9", "--write", "--mail-domain", "jane@acme.example"], "mail domain for test users is none"),
    ([], "base URL is missing"),
]
MANY = """
import contextlib, io, json, sys
from spoke_admin import cli
for words in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = cli.main(["doctor", *words, "--json"], None)
    print(json.dumps([code, out.getvalue()]))
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str]]:
    """Exit code and answer to each of REFUSED, one after the other in one process."""
    folder = tmp_path_factory.mktemp("refusals")
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(CANARY)
    asked = json.dumps([[*words, "--token-file", str(token)] for words, _ in REFUSED])
    done = subprocess.run(
        [sys.executable, "-c", MANY], input=asked, capture_output=True, text=True, timeout=60, check=True,
        env=environment() | {"XDG_DATA_HOME": str(folder)},
    )  # fmt: skip
    token.unlink()
    assert CANARY not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("place", range(len(REFUSED)), ids=[words for _, words in REFUSED])
def test_when_nothing_could_be_asked(place: int, refusals: list[tuple[int, str]]) -> None:
    code, answer = refusals[place]
    error = json.loads(answer)["error"]
    assert code == 2
    assert REFUSED[place][1] in error["title"]
    assert error["remedy"]


def test_the_checks_are_listed_and_in_words_the_worst_comes_first(plain: StandIns) -> None:
    listed = json.loads(run("--list", "--json").stdout)["checks"]
    assert len(listed) > 40
    assert all(check["title"] and check["trips"] and check["fix"] and check["source"] for check in listed)
    assert "url_trailing_slash" in run("--list").stdout
    words = run(f"{plain.scim_url}/", code=1).stdout
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

    async def peaks() -> list[int]:
        return await asyncio.gather(*map(peak, answers.values()))

    found = dict(zip(answers, asyncio.run(peaks()), strict=True))
    grown = {name: round((found[name] - found["harmless"]) / MIB) for name in found}
    assert max(grown.values()) <= 64, grown
