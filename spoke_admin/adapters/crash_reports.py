"""What is kept of a mistake of the program: the places in its source, and no value, argument or secret.

The person gets one sentence; those who mend the program get a file (0600) in the data folder.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from spoke_admin import __version__
from spoke_admin.adapters.folders import data_folder
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import redacted, without_secrets

MOST_REPORTS = 20  # in the folder: the oldest go
MOST_OF_A_RUN = 10  # a mistake in a timer would else write for ever
MOST_SAID = 100  # on standard error, each once, for the same reason
MOST_FAULTS = 10  # of a chain or a group
MOST_FRAMES = 100  # of one fault
MOST_WORDS = 500  # characters of what a fault says

log = logging.getLogger(__name__)
_known: dict[tuple[Path, str], Path] = {}
_said: set[str] = set()
_one_at_a_time = threading.Lock()
_listener: Callable[[AdminError], None] | None = None


def mistake(fault: BaseException) -> AdminError:
    """Keeps a report of what should not have happened; the words for the person. Never raises."""
    path = _kept(fault)
    if path is None:
        log.info("%s", traced(fault))
    how = f"report it with {path}" if path else "report it with the log that `spoke-admin -v` prints"
    return AdminError("The program made a mistake.", f"Try again. If it stays, {how}.", type(fault).__name__)


def install() -> None:
    """Whatever nobody catches, in this thread, another one, a slot of Qt or an event loop, ends up here.

    For the start of the program: it is one sentence on standard error, and a report.
    """
    sys.excepthook = lambda _kind, fault, _frames: _tell(fault)
    threading.excepthook = lambda told: _tell(told.exc_value)
    sys.unraisablehook = lambda told: _tell(told.exc_value)
    logging.getLogger("asyncio").addFilter(_loop_says)


def listen(listener: Callable[[AdminError], None] | None) -> None:
    """Who else is told, besides standard error: the window. None: nobody any more."""
    global _listener  # noqa: PLW0603  # there is one window, as there is one excepthook
    _listener = listener


def _tell(fault: BaseException | None) -> None:
    if fault is None or isinstance(fault, KeyboardInterrupt | SystemExit):
        return
    error = fault if isinstance(fault, AdminError) else mistake(fault)
    words = traced(fault)
    if sys.stderr is not None and words not in _said and len(_said) < MOST_SAID:
        _said.add(words)
        with suppress(OSError, ValueError):
            print(error.title, error.remedy, file=sys.stderr, flush=True)
    if _listener is not None:
        _listener(error)


def _loop_says(record: logging.LogRecord) -> bool:
    """A loop logs what nobody awaited, with the arguments of what it called: told like any other mistake instead."""
    if record.levelno < logging.ERROR:
        return True
    if record.exc_info and record.exc_info[1] is not None:
        _tell(record.exc_info[1])
        return False
    record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True


class LogFormatter(logging.Formatter):
    """Lines without any secret this process holds, and faults as they stand in a report."""

    def format(self, record: logging.LogRecord) -> str:
        words, record.exc_text = record.exc_text, None  # another handler's, as a rule with everything in it
        try:
            return without_secrets(super().format(record))
        finally:
            record.exc_text = words

    def formatException(  # noqa: N802  # logging's own name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return traced(ei[1]) if ei[1] is not None else ""


def traced(fault: BaseException) -> str:
    """The fault, what caused it and what it holds: types, words without what could be a token, places in the source."""
    return "\n".join(line for one in _chain(fault) for line in _one(one))


def _chain(fault: BaseException) -> list[BaseException]:
    """The fault first, then causes, contexts and the members of groups; each once."""
    found: list[BaseException] = []
    waiting = [fault]
    while waiting and len(found) < MOST_FAULTS:
        one = waiting.pop(0)
        if any(one is it for it in found):
            continue
        found.append(one)
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        waiting += [*([cause] if cause else []), *members]
    return found


def _one(fault: BaseException) -> Iterator[str]:
    try:
        words = redacted(str(fault))[:MOST_WORDS]
    except Exception as other:  # noqa: BLE001  # a fault that cannot say what it is must not hide where it was
        words = f"({type(other).__name__} in its own words)"
    yield f"{type(fault).__module__}.{type(fault).__qualname__}: {words}"
    frames, places = fault.__traceback__, []
    while frames is not None:
        code = frames.tb_frame.f_code
        places.append(f"  {_shortened(code.co_filename)}, line {frames.tb_lineno}, in {code.co_name}")
        frames = frames.tb_next
    yield from places[-MOST_FRAMES:]


def _shortened(name: str) -> str:
    """A source file without the folders above its package: those tell of the person."""
    parts = Path(name).parts
    for mark, skipped in (("spoke_admin", 0), ("site-packages", 1)):
        if mark in parts[:-1]:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(mark) + skipped :])
    return "/".join(parts[-2:])


def _kept(fault: BaseException) -> Path | None:
    """The report of this fault: a new one, or the one it already has. None where none can be written."""
    words = traced(fault)
    try:
        folder = data_folder() / "crash-reports"
        with _one_at_a_time:
            key = folder, words
            if key not in _known and sum(1 for other, _ in _known if other == folder) < MOST_OF_A_RUN:
                _known[key] = _written(folder, words)
            return _known.get(key)
    except OSError:
        return None


def _written(folder: Path, words: str) -> Path:
    import platform

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    moment = datetime.now(UTC)
    path = folder / f"{moment:%Y-%m-%dT%H-%M-%S-%f}-{os.getpid()}.txt"
    head = (
        f"Spoke Admin {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}\n"
        f"{moment:%Y-%m-%d %H:%M:%S} UTC, {threading.current_thread().name}\n"
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{head}\n{words}\n")
    for old in sorted(folder.glob("*.txt"))[:-MOST_REPORTS]:
        with suppress(OSError):
            old.unlink()
    return path
