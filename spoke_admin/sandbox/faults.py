"""Faults on demand: what the stand-in's SCIM door does wrong when a rehearsal asks for it.

They are set through the settings API, hold until they are taken back or the process ends, and are drawn from a seed:
the same calls in the same order meet the same faults.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from spoke_admin.sandbox.asgi import Refused

LONGEST_SECONDS = 300.0
MOST_FAULTS = 50
LARGEST_COUNT = 1_000_000
LONGEST_TEXT = 200

# what can be asked of each kind beside share, after, times, methods and path
KINDS: Mapping[str, frozenset[str]] = {
    "latency": frozenset({"seconds"}),
    "too_many_requests": frozenset({"retry_after", "as_date"}),
    "server_error": frozenset({"status"}),
    "drop_before_commit": frozenset(),
    "drop_after_commit": frozenset(),
    "dribble": frozenset({"seconds"}),
    "wrong_content_type": frozenset({"content_type"}),
    "repeat_page": frozenset(),
    "lose_attribute": frozenset({"attribute"}),
    "bad_group": frozenset({"name", "how"}),
}
NEEDED: Mapping[str, str] = {"latency": "seconds", "dribble": "seconds", "lose_attribute": "attribute"}
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Fault:
    """One fault. It can meet calls with one of `methods` whose SCIM path begins with `path`; without them every call.

    Of these calls the first `after` are spared, then a `share` of them is met, at most `times`.
    """

    fault: str
    share: float = 1.0
    after: int = 0
    times: int | None = None
    methods: tuple[str, ...] = ()
    path: str = ""
    seconds: float = 0.0
    retry_after: int | None = None
    as_date: bool = False
    status: int = 500
    content_type: str = "text/html; charset=utf-8"
    attribute: str = ""
    name: str = ""
    how: str = "refused"

    def concerns(self, method: str, path: str) -> bool:
        fits = path == self.path or path.startswith(self.path.rstrip("/") + "/") or not self.path
        return fits and (not self.methods or method in self.methods)


@dataclass
class Armed:
    """A fault and what became of it: calls it could have met, and those it met."""

    fault: Fault
    draws: random.Random
    calls: int = 0
    met: int = 0

    def meets(self) -> bool:
        """Decides about one call more."""
        drawn = self.draws.random()  # for every call, so that `after` and `times` do not shift what comes later
        self.calls += 1
        if self.calls <= self.fault.after or (self.fault.times is not None and self.met >= self.fault.times):
            return False
        if drawn >= self.fault.share:
            return False
        self.met += 1
        return True


@dataclass(frozen=True)
class Met:
    """The faults that one call meets, in the order in which they were asked for."""

    faults: tuple[Fault, ...] = ()

    def first(self, *kinds: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.fault in kinds), None)

    def all(self, kind: str) -> list[Fault]:
        return [fault for fault in self.faults if fault.fault == kind]


class Faults:
    """The faults of one stand-in service; none to begin with."""

    def __init__(self) -> None:
        self._seed = 0
        self._armed: list[Armed] = []

    def meet(self, method: str, path: str) -> Met:
        """What a call meets; `path` is that below the SCIM base URL."""
        concerned = [armed for armed in self._armed if armed.fault.concerns(method, path)]
        return Met(tuple(armed.fault for armed in concerned if armed.meets()))

    def arm(self, document: Mapping[str, Any]) -> None:
        """Replaces all faults by those of a document `{"seed", "faults": [...]}`. Raises Refused naming the place."""
        seed, asked = document.get("seed", 0), document.get("faults")
        if stranger := next((name for name in document if name not in ("seed", "faults")), None):
            raise _invalid(stranger, "there is no such setting")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LARGEST_COUNT:
            raise _invalid("seed", f"a whole number from 0 to {LARGEST_COUNT:,} is needed")
        if not isinstance(asked, list) or len(asked) > MOST_FAULTS:
            raise _invalid("faults", f"a list of at most {MOST_FAULTS} is needed")
        faults = [_Reader(f"faults[{number}]").read(one) for number, one in enumerate(asked)]
        self._seed = seed
        # each fault draws for itself: one more in the list does not change what the others do
        self._armed = [
            Armed(fault, random.Random(f"{seed} {number} {fault.fault}"))  # noqa: S311  # repeatable, not secret
            for number, fault in enumerate(faults)
        ]

    def document(self) -> dict[str, Any]:
        """What is asked for, and how often it was met."""
        return {"seed": self._seed, "faults": [_shown(armed) for armed in self._armed]}


def _shown(armed: Armed) -> dict[str, Any]:
    names = ("fault", "share", "after", "times", "methods", "path", *sorted(KINDS[armed.fault.fault]))
    shown = {name: getattr(armed.fault, name) for name in names}
    return shown | {"methods": list(armed.fault.methods), "calls": armed.calls, "met": armed.met}


def _invalid(place: str, reason: str) -> Refused:
    return Refused(
        422, "fault_invalid", f"The faults cannot be set: {place}: {reason}.", "See docs/commands/sandbox.md."
    )


@dataclass
class _Reader:
    """Reads one fault of a document; `place` is where it stands."""

    place: str
    asked: Mapping[str, Any] = field(default_factory=dict)

    def read(self, asked: Any) -> Fault:
        if not isinstance(asked, dict):
            raise _invalid(self.place, "an object is needed")
        self.asked = asked
        kind = asked.get("fault")
        if not isinstance(kind, str) or kind not in KINDS:
            raise _invalid(f"{self.place}.fault", f"one of {', '.join(KINDS)} is needed")
        known = {"fault", "share", "after", "times", "methods", "path"} | KINDS[kind]
        if stranger := next((name for name in asked if name not in known), None):
            raise _invalid(f"{self.place}.{stranger}", f"{kind} has no such setting")
        if (needed := NEEDED.get(kind)) and needed not in asked:
            raise _invalid(f"{self.place}.{needed}", f"{kind} needs it")
        return Fault(**{it.name: self._value(it.name) for it in fields(Fault) if it.name in asked})

    def _value(self, name: str) -> Any:
        value = self.asked[name]
        if name == "methods":
            return self._methods(value)
        if name == "as_date":
            return self._checked(name, value, isinstance(value, bool), "true or false is needed")
        if name in ("share", "seconds"):
            most = 1.0 if name == "share" else LONGEST_SECONDS
            fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
            return self._checked(name, value, fits, f"a number from 0 to {most:g} is needed")
        if name in ("after", "times", "retry_after", "status"):
            return self._count(name, value)
        if name == "how":
            return self._checked(name, value, value in ("refused", "malformed"), "refused or malformed is needed")
        return self._text(name, value)

    def _text(self, name: str, value: Any) -> Any:
        fits = isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()
        if fits and name == "content_type":
            fits = value.isascii()
        if fits and name == "path":
            fits = value.startswith("/")
        return self._checked(name, value, fits, f"a text of at most {LONGEST_TEXT} characters is needed")

    def _methods(self, value: Any) -> tuple[str, ...]:
        fits = isinstance(value, list) and all(isinstance(it, str) and it in METHODS for it in value)
        return tuple(self._checked("methods", value, fits, f"a list of {', '.join(sorted(METHODS))} is needed"))

    def _count(self, name: str, value: Any) -> Any:
        if value is None and name in ("times", "retry_after"):
            return None
        least, most = (500, 599) if name == "status" else (0, LARGEST_COUNT)
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return self._checked(name, value, fits, f"a whole number from {least} to {most:,} is needed")

    def _checked(self, name: str, value: Any, fits: bool, reason: str) -> Any:  # read at a glance
        if not fits:
            raise _invalid(f"{self.place}.{name}", reason)
        return value
