"""The doctor at real servers that nobody of this project wrote: it tells them apart, and names their known faults."""

import asyncio
import functools
import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import httpx
import pytest

from spoke_admin.connection import diagnose, profile
from spoke_admin.doctor.results import Report
from spoke_admin.domain.secret import Secret
from tests.doctor.servers import installing

TOKEN = "canary-5b1c0f7a92e3d846"
needs_node = pytest.mark.skipif(bool(installing.MISSING), reason="nodejs and npm are missing (.ci/run installs them)")


@contextmanager
def started(command: list[str], url: str = "") -> Iterator[str]:
    """A server that is told its token on standard input and says by one line that it answers, and where; its base URL.

    `url`: where it answers, if the line does not say so.
    """
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{TOKEN}\n")
            process.stdin.flush()
            line = _first_line(process)
            assert line, f"{command} did not start"
            yield url or json.loads(line)["scim_url"]
        finally:
            process.terminate()


# scim2-server's own command, which would take the token on its command line only
SCIM2_SERVER = """
import logging, sys
from scim2_server.testserver.cli import main
sys.argv += ["--bearer-token", sys.stdin.readline().strip()]
logging.disable(logging.CRITICAL)
main()
"""


def scim2_server() -> AbstractContextManager[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return started([sys.executable, "-c", SCIM2_SERVER, "--port", str(port)], f"http://127.0.0.1:{port}/v2")


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


Found = dict[str, str]


@functools.cache
def examined() -> dict[str, Found]:
    """By server: what each check found, as "result: words", by its code; and who is still there afterwards.

    All servers at once, each in its own process, in the first test that asks.
    """
    with ExitStack() as stack:
        servers = {"scim2-server": scim2_server(), "django-scim2": started(installing.django())}
        if not installing.MISSING:
            servers["SCIMMY"] = started(installing.scimmy())
        urls = {name: stack.enter_context(server) for name, server in servers.items()}

        async def all_of_them() -> list[Report]:
            runs = [diagnose(url, profile("generic"), Secret(TOKEN), write=True) for url in urls.values()]
            return await asyncio.gather(*runs)

        reports = dict(zip(urls, asyncio.run(all_of_them()), strict=True))
        left = {name: str(user_names(url)) for name, url in urls.items()}
    return {
        name: {"software": report.software, "left": left[name]}
        | {it.code: f"{it.outcome}: {it.found}" for it in report.results}
        for name, report in reports.items()
    }


def user_names(url: str) -> list[str]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    page = httpx.get(f"{url}/Users?count=1000", headers=headers, trust_env=False).json()
    return [user["userName"] for user in page["Resources"]]


def problems(found: dict[str, str]) -> set[str]:
    return {code for code, words in found.items() if words.startswith("fail: ")}


@needs_node
def test_scimmy_repeats_its_first_page_and_refuses_false_as_a_text() -> None:
    found = examined()["SCIMMY"]
    assert (found["software"], found["left"]) == ("SCIMMY", "[]")
    assert found["page_beyond_end"] == "fail: startIndex=1000 brings the first page again."
    assert "expected value type 'boolean' but found type 'string'" in found["deactivate_entra"]
    assert problems(found) == {
        "page_beyond_end", "deactivate_entra", "filter_case_of_value", "patch_entra_manager",
        "patch_entra_new_value",
    }  # fmt: skip


def test_django_scim2_knows_no_patch_of_several_attributes_and_says_nothing_with_its_401() -> None:
    found = examined()["django-scim2"]
    assert (found["software"], found["left"]) == ("django-scim2", "[]")
    assert found["patch_many"].startswith("fail: It is refused: HTTP 501")
    assert found["unauthorized_form"] == "warn: HTTP 401 with an empty body."
    assert found["error_status_text"] == "warn: It is a number."
    assert found["duplicate_case_refused"] == "fail: HTTP 201: the user is there twice."
    assert found["attributes_kept"].startswith("fail: Silently not kept as sent: ")
    assert {"deactivate_entra", "group_rename_okta", "group_remove_filter", "server_faults"} <= problems(found)
    assert "page_beyond_end" not in problems(found)


def test_scim2_server_knows_no_forms_of_entra() -> None:
    found = examined()["scim2-server"]
    assert (found["software"], found["left"]) == ("scim2-server", "[]")
    assert problems(found) == {"group_remove_entra", "patch_entra_manager", "patch_entra_new_value"}
    assert "a remove operation carries no value" in found["group_remove_entra"]
    assert found["page_beyond_end"] == "pass: It is."
