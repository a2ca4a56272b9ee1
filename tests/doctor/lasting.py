"""Stand-ins that serve all tests of a module: each test that is content with them saves the start of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stand_ins import StandIns


@contextmanager
def lasting(folder: Path, *options: str) -> Iterator[StandIns]:
    """Started with these options; what they write lies below `folder`, as that of every test."""
    stand_ins = StandIns(folder / "stand-ins", options)
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR"):
                environment.setenv(name, str(folder))
            stand_ins.start()
        yield stand_ins
    finally:
        stand_ins.close()
