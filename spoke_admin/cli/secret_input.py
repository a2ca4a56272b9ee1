"""Secrets on their way in: standard input or a file, never the command's words or the environment."""

import argparse
import stat
import sys
from pathlib import Path

from spoke_admin.cli import output
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.token_kinds import OtherKindError, Wanted, read_pasted

MOST_BYTES = 65_536


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--token-stdin` and `--token-file PATH`."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--token-stdin", action="store_true", help="read the token from standard input")
    source.add_argument("--token-file", metavar="PATH", type=Path, help="read the token from this file")


def read_secret(options: argparse.Namespace, wanted: Wanted = "any") -> Secret | None:
    """The secret that was given, None when no option asks for one. Raises AdminError in words."""
    text = _from_stdin() if options.token_stdin else _from_file(options.token_file) if options.token_file else None
    try:
        return read_pasted(text, wanted) if text is not None else None
    except OtherKindError as error:
        raise AdminError(error.title, f"{error.remedy} If it is right all the same, add --any-kind.") from None


def _from_stdin() -> str:
    if sys.stdin is None or sys.stdin.closed:
        raise AdminError("There is no standard input to read the token from.", "Give it with --token-file.")
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass("Token: ", stream=sys.stderr)
    return _decoded(sys.stdin.buffer.read(MOST_BYTES + 1))


def _from_file(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise AdminError(f"{path} is not an ordinary file.", "Name a file that holds the token and nothing else.")
        if sys.platform != "win32" and status.st_mode & 0o077:
            output.say(f"Others may read {path}: `chmod 600 {path}` keeps the token yours.")
        with path.open("rb") as file:
            return _decoded(file.read(MOST_BYTES + 1))
    except OSError as fault:
        words = fault.strerror or str(fault)
        raise AdminError(
            f"The token file {path} cannot be read.", "Check its name and who may read it.", words
        ) from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode()  # what is beyond ASCII is told by `read_pasted`: bullets are a masked display
    except UnicodeDecodeError:
        raise AdminError(
            "That is not a token: it holds characters beyond ASCII.",
            "Copy the token again, whole and alone, and paste it once more.",
        ) from None
