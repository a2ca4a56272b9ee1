"""What became of a write: what the service answered, and what a read afterwards showed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from spoke_admin.domain.error import AdminError


class Outcome(StrEnum):
    """How far a write came. UNKNOWN: it was sent, and what came back does not tell whether it was done."""

    DONE = "done"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class ReadBack(StrEnum):
    """What the read after a write showed. GONE: the service knows no such resource."""

    READ = "read"
    GONE = "gone"
    UNREADABLE = "unreadable"
    NOT_TRIED = "not_tried"


class Verdict(StrEnum):
    """KEPT: as sent, or as SCIM allows it. NORMALISED: the same in another form. DROPPED: silently left out, or the old
    value stayed. CHANGED: something else is there.
    """

    KEPT = "kept"
    NORMALISED = "normalised"
    DROPPED = "dropped"
    CHANGED = "changed"


class Difference(NamedTuple):
    """One value: what was sent (None: it was to be cleared) and what the service has now (None: nothing).

    A write makes one for each value; a tuple is made three times as fast as a dataclass.
    """

    path: str
    sent: Any
    kept: Any
    verdict: Verdict

    def __str__(self) -> str:
        words = {
            Verdict.KEPT: f"kept as {_shown(self.kept)}",
            Verdict.NORMALISED: f"sent {_shown(self.sent)}, kept in its own form as {_shown(self.kept)}",
            Verdict.DROPPED: f"{_sent(self.sent)}, silently dropped{_still(self.kept)}",
            Verdict.CHANGED: f"{_sent(self.sent)}, kept {_shown(self.kept)}",
        }
        return f"{self.path}: {words[self.verdict]}."


@dataclass(frozen=True, slots=True)
class WriteResult:
    """`fault` has the words for every outcome but DONE, `read_fault` those for a read-back that is UNREADABLE.

    `id`: of the resource, "" where the service named none. `scim_type`: a refusal's keyword, such as "uniqueness".
    `wait_seconds`: how long a 429 asks to wait. `kept`: the resource as it was read back. `differences`: one for each
    value that was sent; empty where nothing could be read. `side_effects`: what a PATCH changed beyond what it named.
    """

    outcome: Outcome
    method: str
    kind: str
    id: str = ""
    status: int | None = None
    scim_type: str = ""
    wait_seconds: float | None = None
    fault: AdminError | None = None
    read_back: ReadBack = ReadBack.NOT_TRIED
    read_fault: AdminError | None = None
    kept: Mapping[str, Any] | None = None
    differences: tuple[Difference, ...] = ()
    side_effects: tuple[Difference, ...] = ()

    @property
    def losses(self) -> tuple[Difference, ...]:
        """What is not as it was sent, also in another form: dropped and changed values."""
        return tuple(it for it in self.differences if it.verdict in (Verdict.DROPPED, Verdict.CHANGED))

    @property
    def proved(self) -> bool:
        """Whether it was done, read back, and nothing was lost: after a DELETE, that it is gone."""
        seen = ReadBack.GONE if self.method == "DELETE" else ReadBack.READ
        return self.outcome is Outcome.DONE and self.read_back is seen and not self.losses


def _shown(value: Any) -> str:
    """A value in a sentence: printable, at most 80 characters."""
    if value is None:
        return "nothing"
    words = value if isinstance(value, str) else _plain(value)
    line = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words[:80])
    return f"“{line}{'…' if len(words) > 80 else ''}”"


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{len(value)} values" if isinstance(value, list) else f"an object of {len(value)} values"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sent(value: Any) -> str:
    return "to be cleared" if value in (None, "", [], {}) else f"sent {_shown(value)}"


def _still(kept: Any) -> str:
    return "" if kept is None else f": still {_shown(kept)}"
