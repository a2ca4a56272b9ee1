"""What commands print: one JSON document on standard output, words and progress on standard error."""

import argparse
import json
import sys
from typing import Any

from spoke_admin.domain.error import AdminError


def common(parser: argparse.ArgumentParser) -> None:
    """The options every command takes."""
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="more words; -vv for everything")


def print_document(document: Any) -> None:
    """The one JSON document of a command."""
    # a lone surrogate (a file name that is no UTF-8) has no UTF-8 form: escaping everything keeps the output valid
    sys.stdout.write(json.dumps(document, ensure_ascii=True, indent=2) + "\n")
    sys.stdout.flush()


def say(words: str) -> None:
    """Progress and explanations: standard error, so that standard output stays the answer."""
    print(words, file=sys.stderr, flush=True)


def answer(words: str) -> None:
    """The answer in words, where no --json was asked for."""
    print(words, flush=True)


def show_error(error: AdminError, *, as_json: bool) -> None:
    """The one place where the command line tells a fault."""
    if as_json:
        print_document({"error": error.document()})
    say(error.title)
    if error.remedy:
        say(f"  {error.remedy}")
    if error.detail:
        say(f"  ({error.detail})")
