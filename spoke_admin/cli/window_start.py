"""`spoke-admin` alone: the window."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spoke_admin.adapters.stand_in_process import StandIns


@dataclass(frozen=True)
class WindowStart:
    """What the window opens with.

    `connection` names a saved connection. `stand_ins` are those a demo started and takes with it. `file` is a roster
    to show at once. `pictures`: draw every page, light and dark, into this folder and end (no display needed).
    """

    connection: str = ""
    stand_ins: "StandIns | None" = None
    file: Path | None = None
    pictures: Path | None = None


def add(parser: argparse.ArgumentParser, open_window: Callable[[WindowStart], int]) -> None:
    parser.add_argument("--connection", metavar="NAME", default="", help="open the window with this saved connection")
    parser.add_argument(
        "-v",
        "--verbose",
        dest="verbose_before",
        action="count",
        default=0,
        help="more words on standard error, of the window as of every command; -vv for everything",
    )
    parser.set_defaults(run=lambda options: open_window(WindowStart(connection=options.connection)))
