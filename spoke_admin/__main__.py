"""`python -m spoke_admin` and the two scripts: every command, and the window where a display is meant."""

import sys
from collections.abc import Sequence

from spoke_admin import cli
from spoke_admin.adapters import crash_reports, process_guard


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code. From here on the process keeps its memory and its mistakes to itself."""
    process_guard.protect()
    crash_reports.install()
    return cli.main(sys.argv[1:] if arguments is None else arguments, open_window)


def main_window() -> int:
    """The script without a terminal: the window."""
    return main([])


def open_window(start: cli.WindowStart) -> int:
    """Opens the window and returns its exit code once it is closed. Raises AdminError where Qt cannot start."""
    from spoke_admin.ui import application

    return application.run(start)


if __name__ == "__main__":
    sys.exit(main())
