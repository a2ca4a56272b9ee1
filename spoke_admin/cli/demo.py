"""`spoke-admin demo`: everything on this computer, in a window; without a display in the terminal."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.cli import output
from spoke_admin.cli.window_start import WindowStart

if TYPE_CHECKING:
    from spoke_admin.connection import StandIns

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
    output.common(parser)
    parser.set_defaults(run=lambda options: run(options, open_window))


def run(options: argparse.Namespace, open_window: OpenWindow) -> int:
    from spoke_admin.connection import demo_folder, sample_roster, start_stand_ins

    file = Path(options.file) if options.file else sample_roster()
    folder = demo_folder()
    output.say(f"The stand-ins keep their data in {folder}.")
    stand_ins = start_stand_ins(folder / "stand-ins")
    try:
        if has_display():
            return open_window(WindowStart(stand_ins=stand_ins, file=Path(options.file) if options.file else None))
        return _in_the_terminal(stand_ins, file, folder / "pictures", options, open_window)
    finally:
        stand_ins.stop()


def has_display() -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere where a display is named."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _in_the_terminal(
    stand_ins: "StandIns", file: Path, pictures: Path, options: argparse.Namespace, open_window: OpenWindow
) -> int:
    """Walks the guide, reads the file, draws the pages. 0 when the guide was walked and the file was read."""
    import asyncio

    from spoke_admin.cli import guide, validate

    output.say("There is no display: the guide is walked in the terminal.")
    states = asyncio.run(_walk(stand_ins))
    guide.show(states, as_json=False)
    output.say("")
    validate.show(validate.check(file, "askspoke"), limit=10)
    open_window(WindowStart(stand_ins=stand_ins, file=file, pictures=pictures))
    output.answer(f"Pictures of the pages: {pictures}")
    return 0 if all(state.status == "done" for state in states) else 1
