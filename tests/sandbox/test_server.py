"""The whole process: its line, its restarts, its ends, and what it leaves on disk."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import connect_scim, planted, saml_values, scim_client, settings_client
from tests.stand_ins import StandIns, StartStandIns

USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.com"}


def test_the_line(stand_ins: StandIns) -> None:
    names = {"scim_url", "settings_url", "identity_provider_url", "token", "key", "pid"}
    assert set(stand_ins.line) == names
    origin = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/scim/v2", stand_ins.scim_url)
    assert origin
    assert stand_ins.settings_url == f"{origin[1]}/api/v1/integrations/sso"
    assert stand_ins.identity_provider_url == f"{origin[1]}/okta"
    assert stand_ins.line["token"] is None
    assert stand_ins.line["pid"] == stand_ins.pid
    assert len(stand_ins.key) >= 32


def test_a_restart_keeps_all_but_the_key(stand_ins: StandIns, certificate: str) -> None:
    connect_scim(stand_ins, certificate)
    with scim_client(stand_ins) as scim:
        user = scim.post("/Users", json=USER).json()
    with settings_client(stand_ins) as service:
        before = service.get("").json()
    url, key = stand_ins.scim_url, stand_ins.key
    stand_ins.kill()
    stand_ins.start()
    assert stand_ins.scim_url == url
    assert stand_ins.key != key
    with scim_client(stand_ins) as scim:
        assert scim.get(f"/Users/{user['id']}").json() == user
    with settings_client(stand_ins) as service:
        assert service.get("").json() == before
    assert (
        httpx.get(stand_ins.settings_url, headers={"authorization": f"Bearer {key}"}, trust_env=False).status_code
        == 401
    )


def test_a_restart_where_the_port_is_taken_finds_another(stand_ins: StandIns) -> None:
    port = httpx.URL(stand_ins.scim_url).port or 0
    stand_ins.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        stand_ins.start()
        assert httpx.URL(stand_ins.scim_url).port != port


def test_nothing_of_a_token_or_key_is_left_anywhere(stand_ins: StandIns, certificate: str) -> None:
    tokens = [connect_scim(stand_ins, certificate)]
    with settings_client(stand_ins) as service:
        tokens.append(service.post("/scim/token").json()["token"])
    stand_ins.token = tokens[-1]
    with scim_client(stand_ins) as scim:
        assert scim.post("/Users", json=USER).status_code == 201
    files = [path for path in stand_ins.folder.rglob("*") if path.is_file()]
    assert files
    content = b"".join(path.read_bytes() for path in files) + stand_ins.log.encode()
    command = Path(f"/proc/{stand_ins.pid}")
    if command.exists():
        content += (command / "cmdline").read_bytes() + (command / "environ").read_bytes()
    for secret in (*tokens, stand_ins.key):
        assert not any(form in content for form in planted(secret))


def test_rfc_mode_gives_its_token_once(start_stand_ins: StartStandIns) -> None:
    stand_ins = start_stand_ins(mode="rfc")
    token = stand_ins.line["token"]
    assert token
    stand_ins.restart()
    assert stand_ins.line["token"] is None
    assert stand_ins.token == token
    with scim_client(stand_ins) as scim:
        assert scim.get("/Users").status_code == 200


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_how_it_ends(start_stand_ins: StartStandIns, number: signal.Signals, code: int) -> None:
    stand_ins = start_stand_ins()
    process = stand_ins._process
    assert process is not None
    process.send_signal(number)
    assert process.wait(20) == code
    assert "Traceback" not in stand_ins.log


def run_sandbox(*options: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "spoke_admin", "sandbox", *options]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def refusal(*options: str) -> dict[str, str]:
    """What a start that cannot be says; the JSON is the only thing on standard output."""
    with run_sandbox("--json", *options) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    document: dict[str, str] = json.loads(out)["error"]
    assert document["title"] in err
    assert document["remedy"]
    return document


def test_starts_that_cannot_be(stand_ins: StandIns, tmp_path: Path) -> None:
    port = str(httpx.URL(stand_ins.scim_url).port)
    assert port in refusal("--port", port, "--data", str(tmp_path / "other"))["title"]
    assert "running" in refusal("--data", str(stand_ins.folder))["title"]
    assert "port" in refusal("--port", "70000")["title"]
    assert "people" in refusal("--people", "none")["title"]
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "service.db").write_text("no database")
    assert "damaged" in refusal("--data", str(damaged))["title"]
    stand_ins.stop()
    assert "mode askspoke" in refusal("--data", str(stand_ins.folder), "--mode", "rfc")["title"]


def test_without_a_folder_it_takes_its_data_with_it(own_folders: Path) -> None:
    with run_sandbox("--end-with-stdin", stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        kept = list(own_folders.rglob("service.db"))
        assert len(kept) == 1
        _, err = process.communicate(timeout=20)  # closes standard input
    assert process.returncode == 0, err
    assert str(kept[0].parent) in err
    assert not kept[0].parent.exists()


def test_it_does_not_end_with_standard_input_unless_told(stand_ins: StandIns, certificate: str) -> None:
    with settings_client(stand_ins) as service:  # standard input was closed from the start
        assert service.put("/saml", json=saml_values(certificate)).status_code == 200
