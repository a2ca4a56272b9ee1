"""What a check found, and the report of a whole run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spoke_admin.doctor.exchanges import Exchange
    from spoke_admin.domain.error import AdminError


class Outcome(StrEnum):
    """fail: an identity provider breaks or loses something there; warn: against the standard, and mostly put up with.

    expected: a deviation that the service's profile declares; skipped: not looked at, for the reason that is said.
    """

    PASSED = "pass"
    FAIL = "fail"
    WARN = "warn"
    SKIPPED = "skipped"
    EXPECTED = "expected"


class Area(StrEnum):
    """What a check is about, in the order of the report."""

    TRANSPORT = "transport"
    ACCESS = "access"
    DISCOVERY = "discovery"
    LISTS = "lists"
    CREATING = "creating"
    FILTERS = "filters"
    PAGING = "paging"
    ERRORS = "errors"
    CHANGING = "changing"
    DEACTIVATING = "deactivating"
    GROUPS = "groups"
    REMOVING = "removing"
    WHOLE_RUN = "whole run"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one check. Empty `expected` and `fix` mean the check's own."""

    outcome: Outcome
    found: str
    expected: str = ""
    fix: str = ""


def passed(found: str) -> Verdict:
    return Verdict(Outcome.PASSED, found)


def failed(found: str, *, expected: str = "", fix: str = "") -> Verdict:
    return Verdict(Outcome.FAIL, found, expected, fix)


def warned(found: str, *, expected: str = "", fix: str = "") -> Verdict:
    return Verdict(Outcome.WARN, found, expected, fix)


def skipped(reason: str) -> Verdict:
    return Verdict(Outcome.SKIPPED, reason)


def declared(found: str, quote: str = "") -> Verdict:
    """A deviation that the profile declares; `quote` is where it says so."""
    return Verdict(Outcome.EXPECTED, found, f"The service's profile declares it: {quote or 'no more is said there'}")


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a report. `trips` says who trips over a fault there, `source` where the expectation comes from."""

    code: str
    title: str
    area: Area
    outcome: Outcome
    found: str
    expected: str = ""
    fix: str = ""
    trips: str = ""
    source: str = ""
    exchanges: Sequence["Exchange"] = ()

    def document(self) -> dict[str, Any]:
        """For JSON: without the token and without people's data, like everything that leaves this program."""
        return {
            "code": self.code,
            "title": self.title,
            "area": self.area.value,
            "result": self.outcome.value,
            "found": self.found,
            "expected": self.expected,
            "fix": self.fix,
            "trips": self.trips,
            "source": self.source,
            "exchanges": [exchange.document() for exchange in self.exchanges],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `nothing_asked` says why, when no call could even be made."""

    url: str
    profile: str
    write: bool
    started: datetime
    elapsed_s: float
    results: Sequence[Result]
    software: str = ""
    nothing_asked: "AdminError | None" = field(default=None)

    @property
    def counts(self) -> Mapping[str, int]:
        found = Counter(result.outcome for result in self.results)
        return {outcome.value: found[outcome] for outcome in Outcome}

    @property
    def problems(self) -> Sequence[Result]:
        """What failed, then what was warned of."""
        return [
            result for outcome in (Outcome.FAIL, Outcome.WARN) for result in self.results if result.outcome is outcome
        ]

    def document(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "url": self.url,
            "profile": self.profile,
            "write": self.write,
            "started": self.started.isoformat(timespec="seconds"),
            "elapsed_s": round(self.elapsed_s, 3),
            "software": self.software,
            "counts": dict(self.counts),
            "checks": [result.document() for result in self.results],
        }
        if self.nothing_asked is not None:
            made["error"] = self.nothing_asked.document()
        return made
