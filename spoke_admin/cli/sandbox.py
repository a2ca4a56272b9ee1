"""`spoke-admin sandbox`."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from spoke_admin.cli import output

MOST_PEOPLE = 100_000


def add(commands: Any) -> None:
    """Adds the command to the program's."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sandbox",
        help="run the stand-in service and the stand-in identity provider on this computer",
        description="Runs a stand-in askSpoke and a stand-in Okta on 127.0.0.1 until it is stopped. One line of JSON"
        " on standard output says where they answer.",
        epilog="Example: spoke-admin sandbox --scenario migrate-users --people 50",
    )
    output.common(parser)
    parser.add_argument("--mode", choices=("askspoke", "rfc"), help="askSpoke's rules (default), or plain SCIM 2.0")
    parser.add_argument("--plan", choices=("plus", "free"), help="the plan of the service (default: plus)")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR|FILE",
        help="keep everything in this folder, or start afresh from this snapshot (default: a fresh folder)",
    )
    parser.add_argument(
        "--scenario",
        choices=("set-up", "migrate-users", "push-groups"),
        default="set-up",
        help="the state a fresh folder starts in (default: set-up)",
    )
    parser.add_argument("--people", type=_people, default=12, metavar="N", help="sample people (default: 12)")
    parser.add_argument("--end-with-stdin", action="store_true", help="stop when standard input closes")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serves until stopped: 0 after SIGTERM or the end of standard input, 130 after Ctrl-C."""
    ending = _Ending()
    with ending.signals(), _folder(options) as folder:
        if options.end_with_stdin:
            threading.Thread(target=ending.with_stdin, name="end-with-stdin", daemon=True).start()
        asyncio.run(_serve(options, folder, ending))
    if ending.code == 130:
        output.say("Stopped.")
    return ending.code


async def _serve(options: argparse.Namespace, folder: Path, ending: "_Ending") -> None:
    from spoke_admin import connection
    from spoke_admin.sandbox.server import SandboxOptions, serve

    started = SandboxOptions(
        profile=connection.profile("askspoke"),
        data=folder,
        mode=options.mode,
        plan=options.plan,
        port=options.port,
        scenario=options.scenario,
        people=options.people,
        snapshot=options.snapshot,
    )
    stop = asyncio.Event()
    ending.follow(asyncio.get_running_loop(), stop)
    async with connection.http_caller() as caller:
        await serve(started, caller, _print_line, stop, output.say)


def _print_line(line: Mapping[str, object]) -> None:
    from spoke_admin import connection

    sys.stdout.write(json.dumps(dict(line)) + "\n")
    sys.stdout.flush()
    output.say(f"The stand-ins answer at {line['scim_url']}. Ctrl-C stops them.")
    connection.remember_sandbox(*(str(line[f"{name}_url"]) for name in ("scim", "settings", "identity_provider")))


class _Ending:
    """Why the stand-ins end, and with which code: known before there is a loop to stop."""

    def __init__(self) -> None:
        self.code = 0
        self._ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @contextmanager
    def signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._caught) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _caught(self, number: int, frame: object) -> None:
        self.end(130 if number == signal.SIGINT else 0)

    def with_stdin(self) -> None:
        """Waits for the end of standard input: whoever started us may have been killed."""
        try:
            while os.read(0, 4096):  # the plain descriptor: a lock of sys.stdin would hang the end of the process
                pass
        except OSError:
            pass
        self.end(0)

    def follow(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        self._loop, self._stop = loop, stop
        if self._ended.is_set():
            stop.set()

    def end(self, code: int) -> None:
        if not self._ended.is_set():
            self.code = code
            self._ended.set()
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop is closed: we are ending already
                self._loop.call_soon_threadsafe(self._stop.set)


@contextmanager
def _folder(options: argparse.Namespace) -> Iterator[Path]:
    """The folder given, or a fresh one that is said and removed at a clean end; `options.snapshot` is a file given."""
    from spoke_admin.connection import fresh_folder
    from spoke_admin.sandbox.snapshot import is_snapshot

    given: Path | None = options.data.expanduser().absolute() if options.data is not None else None
    options.snapshot = given if given is not None and is_snapshot(given) else None
    if given is not None and options.snapshot is None:
        yield given
        return
    fresh = fresh_folder("sandbox")
    output.say(f"The stand-ins keep their data in {fresh} until they end.")
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _port(text: str) -> int:
    return _number(text, 0, 65_535)


def _people(text: str) -> int:
    return _number(text, 1, MOST_PEOPLE)


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most:,}")
    return int(text)
