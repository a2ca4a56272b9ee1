"""Watches every test for secrets left behind (a pytest plugin, `-p tests.secret_watch`).

A secret is whatever was made a `Secret` or shown by one while the test ran, what its stand-ins gave out, and what went
to a program's standard input as one word. None of them may be found, in any of the forms of `tests.secret_search`, in
log records (all levels), output, files below the folders of the test, the arguments and environment of the process
and of those it started, on the clipboard without the hint to histories, or in windows. The test that leaves one fails.

Nothing is replaced: `Secret`, `Popen.communicate` and `mktemp` do what they did, and tell of it here.
"""

import functools
import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from spoke_admin.domain import secret as secret_module
from spoke_admin.domain.secret import Secret
from tests.secret_search import Search

SHORTEST = 12  # characters; and as many different ones as FEWEST: others are found by chance
FEWEST = 6
ONE_WORD = re.compile(r"[A-Za-z0-9_\-+/=.~%]{12,8192}")  # as a token on standard input looks
HINT = "x-kde-passwordManagerHint"
# where a secret may be: part of the test's id and of the place -> why
ALLOWED: Mapping[tuple[str, str], str] = {
    ("cli/test_token.py::test_a_token_comes_from_a_file_too", ": token.txt"): "the file an admin gives to --token-file",
    ("cli/test_token_rotation.py::", ": at the identity provider"): "where the command that is handed a token puts it",
    ("cli/test_token_rotation.py::", ": token.txt"): "the same",
    ("cli/test_token_rotation.py::", ": got"): "the same",
    ("end_to_end/test_no_secret_left.py::test_the_search_finds", ": deep/down.bin"): "planted, to be found",
    ("ui/test_secret_clipboard.py::test_another_copy_is_left_alone", ": the clipboard"): "the admin's own copy of it",
}


@dataclass
class Held:
    """What a test, or a fixture that outlives one, has known and used."""

    secrets: dict[str, None] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    contents: list[tuple[str, bytes]] = field(default_factory=list)


class Watch:
    """Of one process. What belongs to fixtures of a module or session is looked for in each test they serve."""

    def __init__(self) -> None:
        self.test = Held()
        self._lasting: dict[object, Held] = {}
        self._ended: list[object] = []
        self._now: list[Held] = []
        self.windows: list[object] = []

    @property
    def _held(self) -> Held:
        return self._now[-1] if self._now else self.test

    def note(self, text: str) -> None:
        """A secret is known from now on."""
        if len(text) >= SHORTEST and len(set(text)) >= FEWEST:
            self._held.secrets[text] = None

    def folder(self, path: Path) -> None:
        self._held.folders.append(path)

    def see(self, place: str, content: str | bytes) -> None:
        """Something in which no secret may be."""
        whole = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        self._held.contents.append((place, whole))

    def begin(self) -> None:
        self.test = Held()

    def lasting(self, fixture: object) -> Generator[None, Any, Any]:
        """While a fixture that outlives the test is set up."""
        self._ended = [it for it in self._ended if it is not fixture]  # made anew, for another parameter
        self._lasting[fixture] = Held()
        self._now.append(self._lasting[fixture])
        try:
            return (yield)
        finally:
            self._now.pop()

    def ended(self, fixture: object) -> None:
        self._ended.append(fixture)

    @property
    def secrets(self) -> list[str]:
        return list(dict.fromkeys(text for held in (self.test, *self._lasting.values()) for text in held.secrets))

    def found(self, name: str) -> list[str]:
        """Where a secret was found in the test of that name."""
        secrets = self.secrets
        hits: list[str] = []
        if secrets:
            search = Search({f"secret {number}": text for number, text in enumerate(secrets)})
            for held in (self.test, *self._lasting.values()):
                hits += search.in_all(held.contents)
                for folder in held.folders:
                    hits += search.in_files(folder)
        for fixture in self._ended:
            self._lasting.pop(fixture, None)
        self._ended.clear()
        for held in self._lasting.values():
            held.contents.clear()
        return [hit for hit in hits if not any(test in name and place in hit for test, place in ALLOWED)]


WATCH = Watch()
note = WATCH.note


# what tells


def _tell_of_secrets(patch: pytest.MonkeyPatch) -> None:
    made, shown = Secret.__init__, Secret.reveal

    @functools.wraps(made)
    def init(self: Secret, text: str) -> None:
        made(self, text)
        note(shown(self))

    @functools.wraps(shown)
    def reveal(self: Secret) -> str:
        text = shown(self)
        if sys._getframe(1).f_code.co_filename != secret_module.__file__:  # it looks at all there are, to hide them
            note(text)
        return text

    patch.setattr(Secret, "__init__", init)
    patch.setattr(Secret, "reveal", reveal)


def _tell_of_folders(patch: pytest.MonkeyPatch) -> None:
    original = pytest.TempPathFactory.mktemp

    @functools.wraps(original)
    def mktemp(self: pytest.TempPathFactory, basename: str, numbered: bool = True) -> Path:
        path = original(self, basename, numbered)
        WATCH.folder(path)
        return path

    patch.setattr(pytest.TempPathFactory, "mktemp", mktemp)


def _tell_of_streams(patch: pytest.MonkeyPatch) -> None:
    exchanged, read = subprocess.Popen.communicate, pytest.CaptureFixture.readouterr

    @functools.wraps(exchanged)
    def communicate(self: Any, input: Any = None, timeout: float | None = None) -> Any:  # noqa: A002  # its name
        given = input.decode(errors="replace") if isinstance(input, bytes) else input or ""
        if ONE_WORD.fullmatch(given.strip()):
            note(given.strip())
        both = exchanged(self, input, timeout)
        words = words_of(self.args)
        if "spoke_admin" in words and "sandbox" not in words:  # whose line holds its key; others may be tests' own
            for name, content in zip(("output", "errors"), both, strict=True):
                WATCH.see(f"the {name} of a program", content or "")
        return both

    @functools.wraps(read)
    def readouterr(self: pytest.CaptureFixture[Any]) -> Any:
        both = read(self)
        for name, content in zip(("output", "errors"), both, strict=True):
            WATCH.see(f"the {name} of the test", content)
        return both

    patch.setattr(subprocess.Popen, "communicate", communicate)
    patch.setattr(pytest.CaptureFixture, "readouterr", readouterr)


def _tell_of_windows(patch: pytest.MonkeyPatch) -> None:
    """A window that only the test's own function holds would be gone with it: it lives a moment longer."""
    from pytestqt.qtbot import QtBot

    original = QtBot.addWidget

    @functools.wraps(original)
    def add_widget(self: QtBot, widget: Any, **more: Any) -> None:
        WATCH.windows.append(widget)
        original(self, widget, **more)

    patch.setattr(QtBot, "addWidget", add_widget)


def words_of(arguments: object) -> list[str]:
    """Of a command as `subprocess` takes it: one text, or a list of texts, bytes and paths."""
    alone = isinstance(arguments, (str, bytes, os.PathLike))
    return [os.fsdecode(it) for it in ([arguments] if alone else arguments)]  # type: ignore[attr-defined]  # object


def _on_audit(event: str, given: tuple[Any, ...]) -> None:
    """Every process that is started from here, whoever starts it (Python's audit events)."""
    if event == "subprocess.Popen":
        _, words, _, environment = given
    elif event in ("os.posix_spawn", "os.exec"):
        _, words, environment = given
    elif event == "os.system":
        words, environment = given[0], None
    else:
        return
    WATCH.see("the arguments of a program", "\n".join(words_of(words)))
    WATCH.see("the environment of a program", _lines(os.environ if environment is None else environment))


def _lines(environment: Mapping[Any, Any]) -> bytes:
    """All of it but pytest's own, the name of the running test, which may end in a parameter."""
    told = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
    return b"\n".join(name + b"=" + value for name, value in told.items() if name != b"PYTEST_CURRENT_TEST")


def _windows() -> Iterator[tuple[str, str]]:
    """Texts of all windows there are, and of the clipboard."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    application = widgets and widgets.QApplication.instance()
    if not application or not hasattr(application, "topLevelWidgets"):
        return
    from tests.widget_texts import texts

    for top in application.topLevelWidgets():
        yield f"the window {top.objectName() or type(top).__name__}", "\n".join(texts(top))
    data = application.clipboard().mimeData()
    if data is not None and not data.hasFormat(HINT):
        yield "the clipboard, without a hint to histories", data.text()
        application.clipboard().clear()  # or the next test finds it, too


# hooks


def pytest_configure(config: pytest.Config) -> None:
    patch = pytest.MonkeyPatch()
    for tell in (_tell_of_secrets, _tell_of_folders, _tell_of_streams, _tell_of_windows):
        tell(patch)
    config.add_cleanup(patch.undo)
    sys.addaudithook(_on_audit)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup() -> Generator[None, Any, Any]:
    WATCH.begin()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    if fixturedef.scope == "function":
        return (yield)
    return (yield from WATCH.lasting(fixturedef))


def pytest_fixture_post_finalizer(fixturedef: pytest.FixtureDef[Any]) -> None:
    WATCH.ended(fixturedef)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """What the end of a test takes away is looked at before."""
    try:
        return (yield)
    finally:
        if WATCH.secrets:
            WATCH.see("the environment of the test", _lines(os.environ))
            for place, text in _windows():
                WATCH.see(place, text)
        WATCH.windows.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """After the last of a test: its files are closed, its output and log are complete."""
    report = yield
    if call.when == "teardown":
        for title, content in report.sections if WATCH.secrets else ():  # of all three phases
            WATCH.see(title, content)
        hits = WATCH.found(report.nodeid)
        if hits and report.passed:
            report.outcome = "failed"
            report.longrepr = "secrets left behind:\n" + "\n".join(sorted(set(hits)))
    return report
