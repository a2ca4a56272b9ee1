"""Files that are whole at every moment: written beside, synced, renamed; until then the old one stays."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from spoke_admin.adapters.own_files import sync_folder
from spoke_admin.domain.error import AdminError

BESIDE = ".new"


def write(path: Path, data: bytes) -> None:
    """Replaces the file, readable by its owner alone (0600). The folder must exist; a link's target is replaced.

    Raises AdminError naming the file and the reason; then the old file is there unchanged, unless only the last sync
    failed.
    """
    with replacing(path) as stream:
        stream.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream into the new file, which is in its place when the block ends, and nowhere when it raises.

    Otherwise as `write`; an OSError of the block counts as one of writing.
    """
    with replacing_all([path]) as (stream,):
        yield stream


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Iterator[list[BinaryIO]]:
    """Streams into several new files, as `replacing`. None takes its place before all are complete.

    Where one cannot take its place, those that did give it back to the old file, if the file system has hard links.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    folders = list(dict.fromkeys(target.parent for target in targets))
    try:
        with ExitStack() as stack:
            new = [stack.enter_context(_beside(target)) for target in targets]
            yield [it.stream for it in new]
            for it in new:
                it.complete()
            _take_places(new)
        for folder in folders:
            sync_folder(folder)
    except OSError as fault:
        raise AdminError(
            f"{' and '.join(path.name for path in paths)} could not be saved: "
            f"{fault.strerror or type(fault).__name__}.",
            f"Check the space on the disk and who may write to {' and '.join(map(str, folders))}.",
            ", ".join(map(str, paths)),
        ) from None


@dataclass(frozen=True, slots=True)
class _New:
    """A new file at `path`, beside the one that it is to replace."""

    target: Path
    path: str
    stream: BinaryIO

    def complete(self) -> None:
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()


@contextmanager
def _beside(target: Path) -> Iterator[_New]:
    """What did not take its place when the block ends is removed."""
    handle, path = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=BESIDE)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield _New(target, path, stream)
    finally:
        with suppress(OSError):
            Path(path).unlink()


def _take_places(new: Sequence[_New]) -> None:
    """Renames all, or none where one cannot be and old files can be kept meanwhile, as hard links."""
    with ExitStack() as clearing, ExitStack() as undoing:
        for it in new:
            if it is not new[-1]:
                undoing.callback(_way_back(it, clearing))
            os.replace(it.path, it.target)  # noqa: PTH105  # text paths: mkstemp gave one
        undoing.pop_all()


def _way_back(new: _New, clearing: ExitStack) -> Callable[[], None]:
    """What undoes a rename that is about to be; `clearing` gets what is to be removed afterwards."""
    old = Path(f"{new.path.removesuffix(BESIDE)}.old{BESIDE}")
    try:
        os.link(new.target, old)
    except FileNotFoundError:
        return partial(new.target.unlink, missing_ok=True)
    except OSError:  # no hard links there: the new file stays, complete as it is
        return lambda: None
    clearing.callback(old.unlink, missing_ok=True)
    return partial(os.replace, old, new.target)


def remove_leftovers(path: Path) -> None:
    """Removes what killed writes of this file left beside it. Only for those who let one write at a time."""
    target = Path(os.path.realpath(path))
    for leftover in target.parent.glob(f".{target.name}.*{BESIDE}"):
        with suppress(OSError):
            leftover.unlink()
