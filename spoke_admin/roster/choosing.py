"""Which findings are listed, and in what order: a million of them are filtered or sorted within a moment.

Everything is numpy over the arrays of `Findings`; a finding is put into words only where its text is in the file alone.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.roster.findings import NOT_KEPT, NUMBER, Findings
from spoke_admin.roster.many_texts import Texts, alike
from spoke_admin.roster.marks import Bytes, Places
from spoke_admin.roster.telling import WITHOUT_TEXT
from spoke_admin.roster.words import CODES, SEVERITIES, WORDS

LINE, COLUMN, CODE, VALUE, MESSAGE, FIX = range(6)  # by what findings can be sorted
MOST_READ = 2_000  # values that are read from the file unasked; each takes up to a millisecond
UNREAD = np.uint32(0xFFFFFFFF)  # the rank of a value that is in the file alone
SAMPLE = 24  # findings of a kind whose messages stand for all

Cancelled = Callable[[], bool]
Flags = NDArray[np.bool_]
Ranks = NDArray[np.uint32]

_IS_ERROR = np.array([severity is Severity.ERROR for severity in SEVERITIES.values()])
_NO_TEXT = np.array([code in WITHOUT_TEXT for code in CODES])
_OF_COLUMN = [NUMBER[code] for code, it in WORDS.items() if "{column}" in it.message + it.fix]
_FILLED_IN = re.compile(r"\{\w+\}")
_CHANGES = re.compile(r"[\d“”\"'()]+|\b[A-Z]{2}\b")  # what differs between two findings of a kind


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be listed: `text` anywhere in a finding, one `code` ("" for all), `only_errors`; sorted by `column`.

    Where two are alike, the earlier line comes first, either way.
    """

    text: str = ""
    code: str = ""
    only_errors: bool = False
    column: int = LINE
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """`places` of findings, in the order wished for.

    `unread`: places of others that may fit by a value which is in the file alone: see `Chooser.read_on`.
    """

    places: Places
    unread: Places


def chosen(
    findings: Findings, columns: Sequence[str], wish: Wish, cancelled: Cancelled = lambda: False
) -> NDArray[np.int64]:
    """The places of the findings that fit. For several wishes make one Chooser: it remembers what it found out."""
    return Chooser(findings, columns).chosen(wish, cancelled).places


class Chooser:
    """Filters and sorts the findings of one check; `columns` as in Result. For workers; several may share it.

    What is returned after `cancelled` became true has no meaning.
    """

    def __init__(self, findings: Findings, columns: Sequence[str]) -> None:
        self.findings = findings
        self.columns = columns
        self._read: dict[int, str] = {}  # values that were read from the file, by the place of their finding

    def in_memory(self, place: int) -> bool:
        """Whether a finding can be put into words without the file."""
        findings, key = self.findings, int(self.findings.keys[place])
        return findings.sizes[place] != NOT_KEPT or CODES[key & 0xFF] in WITHOUT_TEXT or key in findings.told

    def outline(self, place: int) -> Finding:
        """A finding without what its cell holds: no value, no message. Never raises."""
        key, column = int(self.findings.keys[place]), self.column_of(place)
        code = CODES[key & 0xFF]
        name = self.columns[column] if 0 <= column < len(self.columns) else None
        words = WORDS[code]
        return Finding(key >> 24, name, code, words.severity, "", "", words.fix.format_map({"column": name or ""}))

    def column_of(self, place: int) -> int:
        """The place of a finding's column from 0, -1 for none."""
        return (int(self.findings.keys[place]) >> 8 & 0xFFFF) - 1

    def of_header(self, place: int) -> bool:
        """Whether a finding is about the header. Of rows, only quotes that are never closed are told in the check."""
        key = int(self.findings.keys[place])
        code = CODES[key & 0xFF]
        return key in self.findings.told and (code != "quote_unclosed" or key >> 24 == 1)

    def columns_with(self, code: str) -> list[int]:
        """The places of the columns in which a code was found, ascending."""
        found = np.unique(self.findings.columns[self._codes == NUMBER[code]].astype(np.int64) - 1)
        return [place for place in found.tolist() if 0 <= place < len(self.columns)]

    def on_line(self, line: int) -> list[tuple[int, Severity]]:
        """What is found on a line: column as in `column_of`, and how bad it is."""
        begin, end = np.searchsorted(self.findings.keys, np.array([line << 24, line + 1 << 24], np.uint64))
        keys = self.findings.keys[begin:end].tolist()
        return [((key >> 8 & 0xFFFF) - 1, SEVERITIES[CODES[key & 0xFF]]) for key in keys]

    def prepare(self, cancelled: Cancelled = lambda: False) -> None:
        """Does beforehand what any first filter or sort would have to wait for."""
        for step in (
            "_texts",
            "_pieces",
            *(f"_{kind}_ranks" for kind in ("column", "code", "value", "message", "fix")),
        ):
            if cancelled():
                return
            getattr(self, step)

    def chosen(self, wish: Wish, cancelled: Cancelled = lambda: False) -> Chosen:
        """What fits, as far as it is in memory."""
        fits = np.ones(len(self.findings), np.bool_)
        if wish.only_errors:
            fits &= _IS_ERROR[self._codes]
        if wish.code:
            fits &= self._codes == NUMBER.get(wish.code, len(CODES))
        unread = np.zeros(0, np.int64)
        if (text := wish.text.strip()) and not cancelled():
            holding = self._holding(text, cancelled)
            unread = np.flatnonzero(fits & ~holding & ~self._known)
            fits &= holding
        places = np.flatnonzero(fits)
        return Chosen(places if cancelled() else self._ordered(places, wish), unread)

    def read_on(
        self, before: Chosen, wish: Wish, most: int = MOST_READ, cancelled: Cancelled = lambda: False
    ) -> Chosen:
        """Reads `most` of the values that were not searched. Raises AdminError when the file is not as it was."""
        found, wanted = list[int](), wish.text.strip()
        for place in before.unread[:most].tolist():
            if cancelled():
                return before
            if place not in self._read:
                self._read[place] = self.findings[place].value
            if alike(wanted, self._read[place]):
                found.append(place)
        if not found:
            return Chosen(before.places, before.unread[most:])
        places = np.sort(np.concatenate([before.places, np.array(found, np.int64)]))
        return Chosen(self._ordered(places, wish), before.unread[most:])

    # order

    def _ordered(self, places: Places, wish: Wish) -> Places:
        if wish.column == LINE:
            return places[::-1] if wish.descending else places
        of_column = (self._column_ranks, self._code_ranks, self._value_ranks, self._message_ranks, self._fix_ranks)
        ranks = of_column[wish.column - 1][places]
        if wish.descending:
            ranks = np.where(ranks == UNREAD, ranks, UNREAD - 1 - ranks)
        keys = (ranks.astype(np.uint64) << np.uint64(32)) | places.astype(np.uint64)
        keys.sort()
        return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)

    @cached_property
    def _column_ranks(self) -> Ranks:
        return _ranks_of(self._names)[self._name_of]

    @cached_property
    def _code_ranks(self) -> Ranks:
        return _ranks_of(CODES)[self._codes]

    @cached_property
    def _value_ranks(self) -> Ranks:
        """Values as Python orders texts; those that are in the file alone come last, either way."""
        ranks = np.full(len(self.findings), UNREAD, np.uint32)
        ranks[self._texts_of] = self._texts.ranks()
        ranks[self._known & (self._sizes == 0)] = 0
        ranks[self._texts_of] += np.uint32(1)
        return ranks

    @cached_property
    def _message_ranks(self) -> Ranks:
        """Alike messages beside each other, and of those alike values."""
        kinds = _ranks_of([it.message for it in self._examples])[self._kinds].astype(np.uint64)
        keys = (kinds << np.uint64(32)) | self._value_ranks
        order = np.argsort(keys)
        ordered = keys[order]
        ranks = np.empty(len(keys), np.uint32)
        ranks[order] = np.cumsum(np.concatenate([[0], ordered[1:] != ordered[:-1]])[: len(keys)])
        return ranks

    @cached_property
    def _fix_ranks(self) -> Ranks:
        return _ranks_of([it.fix for it in self._examples])[self._kinds]

    # text

    def _holding(self, text: str, cancelled: Cancelled) -> Flags:
        """Which findings hold a text in line, column, kind, message or value."""
        kinds = [any(alike(text, piece) for piece in pieces) for pieces in self._pieces]
        found: Flags = np.array(kinds, np.bool_)[self._kinds]
        found |= np.array([alike(text, name) for name in self._names])[self._name_of]
        number = text.replace(",", "")
        if number.isascii() and number.isdigit():
            found |= _with_digits(self.findings.lines, number)
        if not cancelled():
            found[self._texts_of[self._texts.holding(text, cancelled)]] = True
        return found

    @cached_property
    def _codes(self) -> Bytes:
        return self.findings.codes

    @cached_property
    def _told(self) -> tuple[Places, list[Finding]]:
        """The findings that were put into words in the check, with their places."""
        told = self.findings.told
        keys = np.fromiter(told, np.uint64, len(told))
        firsts = np.searchsorted(self.findings.keys, keys).tolist()
        places = [first + at for first, them in zip(firsts, told.values(), strict=True) for at in range(len(them))]
        return np.array(places, np.int64), [it for them in told.values() for it in them]

    @cached_property
    def _named(self) -> tuple[list[str], NDArray[np.uint16]]:
        """Names of columns, "" first, and which of them each finding has."""
        names = ["", *self.columns]
        name_of = np.minimum(self.findings.columns, len(names) - 1).astype(np.uint16)
        others: dict[str, int] = {}
        for place, it in zip(self._told[0].tolist(), self._told[1], strict=True):
            name = it.column or ""
            if name != names[name_of[place]]:
                name_of[place] = others.setdefault(name, len(names) + len(others))
        return [*names, *others], name_of

    @property
    def _names(self) -> list[str]:
        return self._named[0]

    @property
    def _name_of(self) -> NDArray[np.uint16]:
        return self._named[1]

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        """Bytes of each value, 0 where it is not known."""
        sizes = np.where(self.findings.sizes == NOT_KEPT, 0, self.findings.sizes).astype(np.int64)
        sizes[self._told[0]] = [len(it.value.encode("utf-8", "replace")) for it in self._told[1]]
        return sizes

    @cached_property
    def _known(self) -> Flags:
        """Whose value is in memory."""
        known: Flags = (self.findings.sizes != NOT_KEPT) | _NO_TEXT[self._codes]
        known[self._told[0]] = True
        return known

    @cached_property
    def _stored(self) -> tuple[Texts, Places]:
        """The values that are not empty, and the place of the finding that each belongs to."""
        starts = self.findings.offsets.astype(np.int64)
        told = [it.value.encode("utf-8", "replace") for it in self._told[1]]
        sizes = np.array([len(it) for it in told], np.int64)
        starts[self._told[0]] = len(self.findings.texts) + np.cumsum(sizes) - sizes
        buffer = np.concatenate([self.findings.texts, np.frombuffer(b"".join(told), np.uint8)])
        places = np.flatnonzero(self._sizes)
        places = places[np.argsort(starts[places])]
        return Texts.of(buffer, starts[places], starts[places] + self._sizes[places]), places

    @property
    def _texts(self) -> Texts:
        return self._stored[0]

    @property
    def _texts_of(self) -> Places:
        return self._stored[1]

    # kinds: findings whose words differ in what is filled in alone

    @cached_property
    def _kinds(self) -> NDArray[np.uint16]:
        """The kind of each finding: its code's number, or one for code and column where the words name the column."""
        kinds = self._codes.astype(np.uint16)
        following = len(CODES)
        for number in _OF_COLUMN:
            places = np.flatnonzero(self._codes == number)
            columns = self._name_of[places]
            for column in np.flatnonzero(np.bincount(columns)).tolist():
                kinds[places[columns == column]] = following
                following += 1
        return kinds

    @cached_property
    def _examples(self) -> list[Finding]:
        """A finding of each kind, in words; of kinds that nothing is found of, an empty one."""
        return [next(self._in_words(places[:1]), _NOTHING) for places in self._places_by_kind()]

    @cached_property
    def _pieces(self) -> list[list[str]]:
        """What all findings of a kind say, piece by piece between the words that are filled in."""
        return [self._said(places) for places in self._places_by_kind()]

    def _said(self, places: Places) -> list[str]:
        if not len(places):
            return []
        code = CODES[self._codes[places[0]]]
        pieces = {code, code.replace("_", " "), WORDS[code].severity}
        more = "{more}" in WORDS[code].message
        some = places[self._known[places]][:: max(1, len(places) // SAMPLE)][:SAMPLE] if more else places[:1]
        messages = [it.message for it in self._in_words(some)] or _FILLED_IN.split(WORDS[code].message)
        for message in messages:
            pieces.update(_CHANGES.split(message) if more else [message])
        return sorted(pieces)

    def _places_by_kind(self) -> Iterator[Places]:
        for kind in range(max(len(CODES), int(self._kinds.max(initial=0)) + 1)):
            yield np.flatnonzero(self._kinds == kind)

    def _in_words(self, places: Places) -> Iterator[Finding]:
        for place in places.tolist():
            try:
                yield self.findings[place]
            except AdminError:  # the file is not as it was: what is in memory has to do
                continue


_NOTHING = Finding(0, None, "", Severity.INFO, "", "", "")


def _ranks_of(words: Sequence[str]) -> Ranks:
    """The place of each word among all of them in order; the same for the same ones."""
    order = {word: place for place, word in enumerate(sorted(set(words)))}
    return np.array([order[word] for word in words], np.uint32)


def _with_digits(lines: Places, number: str) -> Flags:
    """Which lines have these digits in their number, one behind the other."""
    found = np.zeros(len(lines), np.bool_)
    most = int(lines.max(initial=0))
    if len(number) > len(str(most)):
        return found
    wanted, size = int(number), 10 ** len(number)
    numbers = lines.astype(np.uint32) if most < 10**9 else lines.astype(np.uint64)
    shift = 1
    while shift <= most:
        front = numbers // shift
        here = front % size == wanted
        if number[0] == "0":
            here &= front >= size  # a number does not begin with it
        found |= here
        shift *= 10
    return found
