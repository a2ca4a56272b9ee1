"""The doctor at real servers that nobody of this project wrote: it tells them apart, and names their known faults."""

import asyncio
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from spoke_admin.connection import diagnose, profile
from spoke_admin.domain.secret import Secret
from tests.doctor.servers import installing

TOKEN = "canary-5b1c0f7a92e3d846"
needs_node = pytest.mark.skipif(bool(installing.MISSING), reason="nodejs and npm are missing (.ci/run installs them)")


@contextmanager
def started(command: list[str]) -> Iterator[str]:
    """A server that is told its token on standard input and says on one line where it answers; its base URL."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{TOKEN}\n")
            process.stdin.flush()
            yield json.loads(_first_line(process))["scim_url"]
        finally:
            process.terminate()


def _first_line(process: "subprocess.Popen[str]") -> str:
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda out: lines.put(out.readline()), args=(process.stdout,))
    reader.start()
    try:
        return lines.get(timeout=60)
    finally:
        if lines.empty() and reader.is_alive():
            process.kill()
        reader.join()


def examined(url: str, *, write: bool = True) -> dict[str, str]:
    """What each check found, as "result: words", by its code; and what is still there afterwards: nothing."""
    report = asyncio.run(diagnose(url, profile("generic"), Secret(TOKEN), write=write))
    return {"software": report.software} | {it.code: f"{it.outcome}: {it.found}" for it in report.results}


def user_names(url: str) -> list[str]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    page = httpx.get(f"{url}/Users?count=1000", headers=headers, trust_env=False).json()
    return [user["userName"] for user in page["Resources"]]


def problems(found: dict[str, str]) -> set[str]:
    return {code for code, words in found.items() if words.startswith("fail: ")}


@needs_node
def test_scimmy_repeats_its_first_page_and_refuses_false_as_a_text() -> None:
    with started(installing.scimmy()) as url:
        found = examined(url)
        assert user_names(url) == []
    assert found["software"] == "SCIMMY"
    assert found["page_beyond_end"] == "fail: startIndex=1000 brings the first page again."
    assert "expected value type 'boolean' but found type 'string'" in found["deactivate_entra"]
    assert problems(found) == {
        "page_beyond_end", "deactivate_entra", "filter_case_of_value", "filter_quote", "patch_entra_manager",
        "patch_entra_new_value",
    }  # fmt: skip


def test_django_scim2_knows_no_patch_of_several_attributes_and_says_nothing_with_its_401() -> None:
    with started(installing.django()) as url:
        found = examined(url)
        assert user_names(url) == []
    assert found["software"] == "django-scim2"
    assert found["patch_many"].startswith("fail: It is refused: HTTP 501")
    assert found["unauthorized_form"] == "warn: HTTP 401 with an empty body."
    assert found["error_status_text"] == "warn: It is a number."
    assert found["duplicate_case_refused"] == "fail: HTTP 201: the user is there twice."
    assert found["attributes_kept"].startswith("fail: Silently not kept as sent: ")
    assert {"deactivate_entra", "group_rename_okta", "group_remove_filter", "server_faults"} <= problems(found)
    assert "page_beyond_end" not in problems(found)


@contextmanager
def scim2_server(token: str = TOKEN) -> Iterator[str]:
    """scim2-server's own command."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("scim2-server")), "--port", str(port), "--bearer-token", token]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert _first_line(process).startswith("Serving SCIM")
            yield f"http://127.0.0.1:{port}/v2"
        finally:
            process.terminate()


def test_scim2_server_knows_no_forms_of_entra() -> None:
    with scim2_server() as url:
        found = examined(url)
        assert user_names(url) == []
    assert found["software"] == "scim2-server"
    assert problems(found) == {"group_remove_entra", "patch_entra_manager", "patch_entra_new_value"}
    assert "a remove operation carries no value" in found["group_remove_entra"]
    assert found["page_beyond_end"] == "pass: It is."
