r"""Patterns of digits as the phonenumbers library writes them, walked all at once, digit by digit.

Understood are digits, \d, classes, groups, alternatives, ?, {n} and {n,m}: all that the library's data use. The
patterns become one automaton without loops; the set of states that some digits lead to tells which patterns they match.
Equal tails of patterns are one state, so that a walk over a million prefixes meets about a thousand different sets.
"""

from collections.abc import Callable, Iterable
from functools import cache, reduce

States = frozenset[int]

NOWHERE: States = frozenset()
_ALL_DIGITS = (1 << 10) - 1
_MOST_REPEATS = 32

# Given the states that follow, the states in front of a piece of a pattern.
_Piece = Callable[[States], States]


class UnknownSyntaxError(ValueError):
    """The pattern holds something that is not understood here."""


class Patterns:
    """The automaton. An end is a state in which a pattern is matched by all digits so far."""

    def __init__(self) -> None:
        self._states: list[tuple[tuple[int, ...], States]] = []  # the digits that lead on, and where they lead
        self._known: dict[tuple[int, States], int] = {}
        self._steps: dict[States, list[States]] = {}

    def add(self, patterns: Iterable[str], *, prefix: bool = False) -> tuple[int, States]:
        """The end of the patterns, and the states they begin with. `prefix`: matched also if more digits follow.

        Raises UnknownSyntaxError.
        """
        end = len(self._states)
        self._states.append((tuple(range(10)), frozenset((end,))) if prefix else ((), NOWHERE))
        return end, _either([_Reader(pattern, self._before).piece() for pattern in patterns])(frozenset((end,)))

    def after(self, states: States) -> list[States]:
        """Where each of the ten digits leads."""
        steps = self._steps.get(states)
        if steps is None:
            reached: list[set[int]] = [set() for _ in range(10)]
            for state in states:
                digits, follow = self._states[state]
                for digit in digits:
                    reached[digit] |= follow
            steps = self._steps[states] = [frozenset(one) for one in reached]
        return steps

    def lengths(self, states: States, end: int) -> set[int]:
        """How many digits lead from the states to the end, in any way. For patterns that are no prefixes."""
        reached, found, length = set(states), set[int](), 0
        while reached:
            if end in reached:
                found.add(length)
            reached = set().union(*(self._states[state][1] for state in reached))
            length += 1
        return found

    def _before(self, mask: int, follow: States) -> States:
        known = self._known.get((mask, follow))
        if known is None:
            known = self._known[mask, follow] = len(self._states)
            self._states.append((_digits(mask), follow))
        return frozenset((known,))


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str, before: Callable[[int, States], States]) -> None:
        self._left = pattern
        self._before = before

    def piece(self) -> _Piece:
        piece = self._alternatives()
        if self._left:
            raise UnknownSyntaxError(self._left)
        return piece

    def _took(self, text: str) -> bool:
        if not self._left.startswith(text):
            return False
        self._left = self._left[len(text) :]
        return True

    def _up_to(self, mark: str) -> str:
        inside, found, self._left = self._left.partition(mark)
        if not found:
            raise UnknownSyntaxError(inside)
        return inside

    def _alternatives(self) -> _Piece:
        found = [self._sequence()]
        while self._took("|"):
            found.append(self._sequence())
        return _either(found)

    def _sequence(self) -> _Piece:
        found: list[_Piece] = []
        while self._left and self._left[0] not in "|)":
            found.append(self._repeated(self._one()))
        return lambda follow: reduce(lambda after, piece: piece(after), reversed(found), follow)

    def _one(self) -> _Piece:
        if self._took("("):
            self._took("?:")
            inside = self._alternatives()
            if not self._took(")"):
                raise UnknownSyntaxError(self._left)
            return inside
        if self._took("\\d"):
            mask = _ALL_DIGITS
        elif self._took("["):
            mask = _class(self._up_to("]"))
        else:
            mask = 1 << _digit(self._left[0])
            self._left = self._left[1:]
        return lambda follow: self._before(mask, follow)

    def _repeated(self, piece: _Piece) -> _Piece:
        if self._took("?"):
            least, most = 0, 1
        elif self._took("{"):
            low, _, high = self._up_to("}").partition(",")
            least, most = _count(low), _count(high or low)
        else:
            return piece
        if not least <= most <= _MOST_REPEATS or self._left[:1] in ("?", "+", "*", "{"):
            raise UnknownSyntaxError(self._left)

        def repeated(end: States) -> States:
            follow = end
            for _ in range(most - least):
                follow = end | piece(follow)
            for _ in range(least):
                follow = piece(follow)
            return follow

        return repeated


def _either(pieces: list[_Piece]) -> _Piece:
    return lambda follow: NOWHERE.union(*(piece(follow) for piece in pieces))


def _class(inside: str) -> int:
    """The digits of a class such as `02-46-9`, as a mask."""
    mask = 0
    while inside:
        first = last = _digit(inside[0])
        inside = inside[1:]
        if inside[:1] == "-":
            last = _digit(inside[1:2])
            inside = inside[2:]
        if first > last:
            raise UnknownSyntaxError(inside)
        mask |= (1 << last + 1) - (1 << first)
    if not mask:
        raise UnknownSyntaxError(inside)
    return mask


@cache
def _digits(mask: int) -> tuple[int, ...]:
    return tuple(digit for digit in range(10) if mask >> digit & 1)


def _digit(text: str) -> int:
    if len(text) != 1 or text not in "0123456789":
        raise UnknownSyntaxError(text)
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 2:
        raise UnknownSyntaxError(text)
    return int(text)
