"""Every command, one module each; the same calls as the windows.

Exit codes: 0 nothing wrong, 1 it found what it looks for, 2 it could not do the job, 130 ended by Ctrl-C.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from spoke_admin import __version__
from spoke_admin.cli import output
from spoke_admin.cli.window_start import WindowStart
from spoke_admin.domain.error import AdminError

__all__ = ["WindowStart", "main"]

OpenWindow = Callable[[WindowStart], int]


class _Parser(argparse.ArgumentParser):
    """Complains with an AdminError, so that bad arguments read like any other fault, as JSON too."""

    def error(self, message: str) -> NoReturn:
        raise AdminError(f"{message[:1].upper()}{message[1:]}.", f"See `{self.prog} --help`.")


def main(arguments: Sequence[str], open_window: OpenWindow) -> int:
    """Runs one command; its exit code. Faults are said in words, or as JSON under --json; never a traceback."""
    # text of any file and name can be printed, whatever the terminal's encoding is
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
    as_json = "--json" in arguments
    try:
        options = _parser(open_window).parse_args(arguments)
        options.verbose = options.verbose_before + getattr(options, "verbose", 0)  # before the command, and behind it
        _log_level(options.verbose)
        code: int = options.run(options)
        sys.stdout.flush()
    except AdminError as error:
        output.show_error(error, as_json=as_json)
        return 2
    except KeyboardInterrupt:
        output.say("Stopped.")
        return 130
    except BrokenPipeError:
        return _reader_gone()
    except Exception as fault:  # noqa: BLE001  # a mistake of the program is told in one sentence, as JSON too
        from spoke_admin.adapters import crash_reports

        output.show_error(crash_reports.mistake(fault), as_json=as_json)
        return 2
    return code


def _reader_gone() -> int:
    """The reader of our output went away (`| head`): end quietly, and keep Python from flushing into nothing."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _parser(open_window: OpenWindow) -> argparse.ArgumentParser:
    from spoke_admin.cli import activity, demo, doctor, guide, sandbox, token, validate, window_start

    parser = _Parser(
        prog="spoke-admin",
        description="Guides an IT admin through SAML and SCIM between a service and an identity provider.",
        epilog="Example: spoke-admin demo",
    )
    parser.add_argument("--version", action="version", version=f"Spoke Admin {__version__}")
    window_start.add(parser, open_window)
    commands: Any = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    demo.add(commands, open_window)
    for command in (sandbox, validate, guide, doctor, token, activity):
        command.add(commands)
    return parser


def _log_level(verbosity: int) -> None:
    level = {0: logging.ERROR, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    from spoke_admin.adapters.crash_reports import LogFormatter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in ("httpx", "httpcore", "h2", "hpack"):  # their lines hold headers: docs of the HTTP adapter
        logging.getLogger(library).setLevel(logging.WARNING)
