"""`spoke-admin demo`: everything on this computer, in a window; without a display in the terminal."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.cli import output
from spoke_admin.cli.window_start import WindowStart
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from spoke_admin.adapters.stand_in_process import StandIns
    from spoke_admin.domain.guide import StepState

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name
OpenWindow = Callable[[WindowStart], int]


def add(commands: "Subparsers[argparse.ArgumentParser]", open_window: OpenWindow) -> None:
    parser = commands.add_parser(
        "demo",
        help="a stand-in service and a stand-in identity provider on this computer, and the window",
        description="Rehearses the set-up guide against stand-ins on this computer. Nothing leaves it.",
        epilog="Example: spoke-admin demo users.csv",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="a CSV of users to validate (a sample without it)")
    parser.add_argument("--pictures", metavar="DIR", type=Path, help="without a display: save the pages' pictures here")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="more words; -vv for everything")
    parser.set_defaults(run=lambda options: run(options, open_window))


def run(options: argparse.Namespace, open_window: OpenWindow) -> int:
    from spoke_admin.connection import fresh_folder, start_stand_ins

    given = Path(options.file).absolute() if options.file else None
    if given is not None and not given.exists():
        raise AdminError(f"There is no file {given}.", "Check the name; without one a sample is shown.")
    folder = fresh_folder("demo")
    output.say(f"The stand-ins keep their data in {folder}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the stand-ins end with us
    stand_ins = start_stand_ins(folder / "stand-ins")
    try:
        if has_display():
            return open_window(WindowStart(stand_ins=stand_ins, file=given))
        return _in_the_terminal(stand_ins, given, options.pictures or folder / "pictures", open_window)
    finally:
        stand_ins.stop()
        _forget_token(stand_ins)


def has_display() -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere where a display is named."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _in_the_terminal(stand_ins: "StandIns", given: Path | None, pictures: Path, open_window: OpenWindow) -> int:
    """Walks the guide, reads the file, draws the pages. 0 when the guide was walked and the file was read."""
    from spoke_admin.cli import guide, validate
    from spoke_admin.connection import sample_roster

    output.say("There is no display: the guide is walked in the terminal.")
    states = asyncio.run(_walk(stand_ins))
    guide.show(states, as_json=False)
    file = given or sample_roster()
    output.answer("")
    validate.show(validate.check(file, "askspoke"), limit=10)
    open_window(WindowStart(stand_ins=stand_ins, file=file, pictures=pictures))
    output.answer(f"Pictures of the pages: {pictures}")
    return 0 if all(state.status == "done" for state in states) else 1


async def _walk(stand_ins: "StandIns") -> "Sequence[StepState]":
    from spoke_admin.cli import guide
    from spoke_admin.connection import open_sandbox
    from spoke_admin.guides.set_up import GUIDE

    connection = await open_sandbox(stand_ins)
    try:
        return await guide.walk_guide(GUIDE, connection)
    finally:
        await connection.close()


def _forget_token(stand_ins: "StandIns") -> None:
    """The token ended with the stand-ins: it leaves the keychain too."""
    from spoke_admin.connection import forget_token

    if stand_ins.known is not None:
        asyncio.run(forget_token(stand_ins.known.scim_url))
