"""What ends when, in words and as a calendar: RFC 5545 read back by the rules of its sections 3.1 and 3.3.11."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.expiry import Expiry, calendar, in_order, near

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = "The API token of askSpoke"


def ending(in_days: float, *, unused: bool = False) -> Expiry:
    return Expiry(TOKEN, NOW + timedelta(days=in_days), "Regenerate it.", unused)


@pytest.mark.parametrize(
    ("days", "stage"),
    [(60.01, None), (60, 60), (30.5, 60), (30, 30), (8, 30), (7, 7), (0.01, 7), (0, 0), (-400, 0)],
)
def test_it_is_warned_of_sixty_thirty_and_seven_days_ahead(days: float, stage: int | None) -> None:
    assert ending(days).stage(NOW) == stage


def test_a_token_that_ends_when_unused_is_warned_of_a_week_ahead_only() -> None:
    assert [ending(days, unused=True).stage(NOW) for days in (29, 8, 7, 0)] == [None, None, 7, 0]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (100, f"{TOKEN} ends on 2026-06-09."),
        (12.5, f"{TOKEN} ends in 12 days (2026-03-14). Regenerate it."),
        (1.2, f"{TOKEN} ends in 1 day (2026-03-02). Regenerate it."),
        (0.2, f"{TOKEN} ends within a day (2026-03-01). Regenerate it."),
        (-1, f"{TOKEN} ended on 2026-02-28. Regenerate it."),
    ],
)
def test_it_is_said_in_words(days: float, words: str) -> None:
    assert ending(days).words(NOW) == words


def test_of_an_unused_one_the_condition_is_said() -> None:
    assert ending(20, unused=True).words(NOW) == f"{TOKEN} ends on 2026-03-21 unless it is used."
    assert ending(5, unused=True).words(NOW) == f"{TOKEN} ends in 5 days (2026-03-06) unless it is used. Regenerate it."


def test_the_nearest_comes_first_and_what_has_time_is_not_near() -> None:
    later, soon, over = ending(200), ending(20), ending(-2)
    assert in_order([later, soon, over]) == [over, soon, later]
    assert near([later, soon, over], NOW) == [over, soon]


def read(data: bytes) -> list[tuple[str, str]]:
    """The content lines, unfolded: name with its parameters, and value."""
    text = data.decode()
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", ""), "every line ends with CRLF"
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = re.sub("\r\n[ \t]", "", text).removesuffix("\r\n").split("\r\n")
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def test_a_calendar_has_an_event_for_each_end_and_its_reminders() -> None:
    data = calendar([ending(40), ending(10, unused=True)], "Acme; Zoë, \\ & Co", NOW)
    lines = read(data)
    assert lines[:2] == [("BEGIN", "VCALENDAR"), ("VERSION", "2.0")]
    assert lines[-1] == ("END", "VCALENDAR")
    begins, ends = ([value for name, value in lines if name == which] for which in ("BEGIN", "END"))
    assert sorted(begins) == sorted(ends)
    assert begins.count("VEVENT") == 2
    assert [value for name, value in lines if name == "TRIGGER"] == ["-P7D", "-P60D", "-P30D", "-P7D"]
    assert [value for name, value in lines if name == "DTSTART"] == ["20260311T120000Z", "20260410T120000Z"]
    assert [value for name, value in lines if name == "DTSTAMP"] == ["20260301T120000Z"] * 2
    assert plain(next(value for name, value in lines if name == "SUMMARY")) == f"{TOKEN} ends (Acme; Zoë, \\ & Co)"


def test_the_same_end_of_the_same_connection_is_the_same_event() -> None:
    uids = [value for day in (0, 9) for name, value in read(calendar([ending(40 + day)], "Acme", NOW)) if name == "UID"]
    assert len(set(uids)) == 1
    assert uids[0] not in str(read(calendar([ending(40)], "Other", NOW)))


def test_times_are_told_in_utc() -> None:
    there = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=14)))
    assert ("DTSTART", "20260228T113000Z") in read(calendar([Expiry(TOKEN, there, "")], "Acme", NOW))


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_no_words_break_a_calendar(name: str, what: str, todo: str) -> None:
    clean = [text.encode("utf-8", "ignore").decode() for text in (name, what, todo)]
    lines = read(calendar([Expiry(clean[1], NOW, clean[2])], clean[0], NOW))
    assert [found for found, _ in lines].count("BEGIN") == 5
    description = plain(next(value for found, value in lines if found == "DESCRIPTION"))
    shown = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in clean[2].replace("\r\n", "\n"))
    assert description == shown
