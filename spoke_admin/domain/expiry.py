"""What ends when: tokens, certificates, and tokens that nobody uses. Words for a line, and a calendar file."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WARN_DAYS = (60, 30, 7)
UNUSED_DAYS = (7,)  # a shorter life: 60 and 30 days ahead it would warn for ever
OKTA_UNUSED = timedelta(days=30)  # Okta's API tokens live so long from their making or their last use
LINE_OCTETS = 75  # RFC 5545, section 3.1


@dataclass(frozen=True, slots=True)
class Expiry:
    """`what` ends at `when` (aware). `todo` says what to do about it. `unused`: only if nobody uses it till then."""

    what: str
    when: datetime
    todo: str
    unused: bool = False

    @property
    def warn_days(self) -> tuple[int, ...]:
        """How many days ahead it is warned of, most first."""
        return UNUSED_DAYS if self.unused else WARN_DAYS

    def stage(self, now: datetime) -> int | None:
        """The least of these days that it is within, 0 when it has ended, None when there is time."""
        left = self.when - now
        if left <= timedelta(0):
            return 0
        within = [days for days in self.warn_days if left <= timedelta(days=days)]
        return within[-1] if within else None

    def words(self, now: datetime) -> str:
        """One sentence; when it is near, what to do."""
        day = f"{self.when:%Y-%m-%d}"
        if self.stage(now) == 0:
            return f"{self.what} ended on {day}. {self.todo}"
        condition = " unless it is used" if self.unused else ""
        if self.stage(now) is None:
            return f"{self.what} ends on {day}{condition}."
        days = (self.when - now).days
        left = "within a day" if days < 1 else "in 1 day" if days == 1 else f"in {days} days"
        return f"{self.what} ends {left} ({day}){condition}. {self.todo}"


def in_order(expiries: Sequence[Expiry]) -> list[Expiry]:
    """The nearest first."""
    return sorted(expiries, key=lambda it: (it.when, it.what))


def near(expiries: Sequence[Expiry], now: datetime) -> list[Expiry]:
    """Those to do something about, the nearest first."""
    return [it for it in in_order(expiries) if it.stage(now) is not None]


def calendar(expiries: Sequence[Expiry], name: str, now: datetime) -> bytes:
    """A calendar file (RFC 5545) with an event for each end and a reminder for each of its days ahead.

    `name` is the connection's: the same end of the same connection has the same UID, so that a second import replaces
    the first.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Spoke Admin//Expiry forecast//EN", "CALSCALE:GREGORIAN"]
    for expiry in in_order(expiries):
        lines += _event(expiry, name, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _event(expiry: Expiry, name: str, now: datetime) -> Iterator[str]:
    identity = hashlib.sha256(f"{name}\n{expiry.what}".encode()).hexdigest()[:32]
    summary = f"{expiry.what} ends ({name})"
    yield "BEGIN:VEVENT"
    yield f"UID:{identity}@spoke-admin.invalid"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(expiry.when)}"
    yield f"SUMMARY:{_text(summary)}"
    yield f"DESCRIPTION:{_text(expiry.todo)}"
    yield "TRANSP:TRANSPARENT"
    for days in expiry.warn_days:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(f'In {days} days: {summary}')}"
        yield f"TRIGGER:-P{days}D"
        yield "END:VALARM"
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """Escaped as section 3.3.11 wants it; a control character is a blank."""
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    words = words.replace("\r\n", "\n").replace("\n", "\\n")
    return "".join(character if character.isprintable() else " " for character in words)


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, none cut inside a character; what goes on begins with a blank."""
    part = ""
    for character in line:
        if len((part + character).encode()) > LINE_OCTETS:
            yield part
            part = " "
        part += character
    yield part
