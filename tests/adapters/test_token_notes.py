"""Times of tokens in a small file: throttled, shared, harmless when it is damaged, and never a token."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters.token_notes import FILE_NAME, MOST_ADDRESSES, Notes, TokenNotes

ADDRESS = "https://acme.askspoke.com/scim/v2"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notes(tmp_path: Path, clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch) -> TokenNotes:
    monkeypatch.setattr(TokenNotes, "_noted", {})
    return TokenNotes(tmp_path, clock)


def test_a_use_is_noted_once_a_minute(notes: TokenNotes, clock: Clock, tmp_path: Path) -> None:
    assert notes.of(ADDRESS) == Notes()
    notes.used(ADDRESS)
    written = (tmp_path / FILE_NAME).stat().st_mtime_ns
    for second in (1, 30, 59):
        clock.now = START + timedelta(seconds=second)
        notes.used(ADDRESS)
    assert (tmp_path / FILE_NAME).stat().st_mtime_ns == written
    assert notes.of(ADDRESS).used == START
    clock.now = START + timedelta(seconds=60)
    notes.used(ADDRESS)
    assert notes.of(ADDRESS).used == clock.now
    clock.now = START - timedelta(hours=1)  # the clock was put back
    notes.used(ADDRESS)
    assert notes.of(ADDRESS).used == clock.now


def test_what_the_service_tells_is_kept_until_the_token_is_another(notes: TokenNotes, clock: Clock) -> None:
    ends = START + timedelta(days=9)
    notes.learned(ADDRESS, ends)
    notes.used(ADDRESS)
    assert notes.of(ADDRESS) == Notes(START, ends)
    notes.replaced(ADDRESS)
    assert notes.of(ADDRESS) == Notes()
    notes.used(ADDRESS)
    assert notes.of(ADDRESS) == Notes(START), "a new token's first use is noted at once"
    notes.learned(ADDRESS, ends)
    notes.learned(ADDRESS, None)
    assert notes.of(ADDRESS).expires is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_the_file_is_its_owners_alone(notes: TokenNotes, tmp_path: Path) -> None:
    notes.used(ADDRESS)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


@given(st.binary(max_size=200))
def test_a_damaged_file_is_as_good_as_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("notes")
    (folder / FILE_NAME).write_bytes(content)
    notes = TokenNotes(folder)
    assert notes.of(ADDRESS) == Notes()
    notes.used(ADDRESS)
    assert notes.of(ADDRESS).used is not None


@pytest.mark.parametrize(
    "content", ['{"%s": {"used": 5, "expires": "soon"}}', '{"%s": []}', "[]", '{"%s": {"used": "2026"}}']
)
def test_what_is_no_time_is_none(notes: TokenNotes, tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content.replace("%s", ADDRESS))
    assert notes.of(ADDRESS) == Notes()


def test_a_folder_that_cannot_be_written_costs_the_note_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes = TokenNotes(tmp_path / "file" / "below")
    notes.used(ADDRESS)
    notes.replaced(ADDRESS)
    assert notes.of(ADDRESS) == Notes()


def test_the_oldest_of_very_many_go(notes: TokenNotes, tmp_path: Path) -> None:
    entries = ", ".join(
        f'"https://{number}.example": {{"used": "2026-01-01T00:00:00+00:00"}}' for number in range(MOST_ADDRESSES)
    )
    (tmp_path / FILE_NAME).write_text(f"{{{entries}}}")
    notes.used(ADDRESS)
    assert notes.of(ADDRESS).used == START
    assert notes.of("https://0.example") == Notes()
    assert notes.of("https://1.example").used is not None
