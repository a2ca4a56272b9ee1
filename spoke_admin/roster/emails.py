"""Verdicts on e-mail addresses, exactly email-validator's (strict, no DNS), at about the price of reading them.

The library takes 30 µs an address. What it does to one without quotes and angle brackets (which it always refuses here)
falls into parts that can be done apart:
- the local part by itself: a dot-atom of at most 64 characters, beyond ASCII without unsafe characters;
- the domain by itself: the library is asked once for each top-level domain, and once for each domain where more than
  letters, digits and the places of dots and hyphens counts ("--" as in Punycode, and all that is not ASCII);
- the length of the whole, 254 bytes as written and in its normal forms: there, a domain leaves so many bytes for the
  local part.
"""

import os
import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

LONGEST = 254  # bytes of an address
LONGEST_LOCAL = 64  # characters
VERDICTS_KEPT = 65_536
WIDTH = 32  # bytes; a longer domain is judged one by one
DOMAINS_KEPT = 131_072
BETWEEN_LOOKS = 256  # addresses, some 10 ms if the library has to judge them all

# RFC 5322 atext and host names, each with all that is not ASCII: written as what is left out, which matches fastest.
_ATOM = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f]+"
_ATOMS = rf"{_ATOM}(?:\.{_ATOM})*"
_LOCAL = re.compile(_ATOMS)
_ADDRESS = re.compile(rf"({_ATOMS})@([^\x00-,/:-@\[-`{{-\x7f]+)")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")

_DOT = ord(".")
_PIECE = 1 << 18  # bytes; what is worked on stays in the processor's cache
_MASKS = np.array([[255] * length + [0] * (WIDTH - length) for length in range(WIDTH + 1)], np.uint8).view(np.uint64)

Look = Callable[[], None]


def is_valid(text: str) -> bool:
    """Whether email-validator takes the text as an address, as it stands."""
    if len(text) > LONGEST:
        return False
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return False
    local, domain = address.groups()
    if text.isascii():
        return len(local) <= min(LONGEST_LOCAL, _room(domain))
    if not text.isprintable():
        return False  # the categories Z and C, which the library calls unsafe wherever they are
    composed = unicodedata.normalize("NFC", local)  # so it is written with the domain's other forms
    if len(text.encode()) > LONGEST or len(composed.encode()) > _room(domain):
        return False
    return _serves(local) and (composed == local or _serves(composed))


def _serves(local: str) -> bool:
    """Whether a printable local part, as written or composed, is a dot-atom that does not begin with a mark."""
    if len(local) > LONGEST_LOCAL or unicodedata.category(local[0])[0] == "M":
        return False
    return _LOCAL.fullmatch(local) is not None


@lru_cache(maxsize=VERDICTS_KEPT)
def _room(domain: str) -> int:
    """How many bytes of a local part there is room for at the normal forms of this domain; 0 if it is refused."""
    if not domain.isascii() or "--" in domain or not _last_label_decides():
        return _asked(domain)
    if not _HOST.fullmatch(domain) or not _top_level_serves(domain.rpartition(".")[2]):
        return 0
    return max(0, LONGEST - 1 - len(domain))


def _asked(domain: str) -> int:
    """`_room` as the library sees it: the domain in ASCII or, where that is longer, in Unicode."""
    from email_validator import EmailNotValidError, validate_email  # heavy: imported where it is first used

    try:
        taken = validate_email(f"a@{domain}", check_deliverability=False, strict=True)
    except EmailNotValidError:
        return 0
    return LONGEST - 1 - max(len(taken.domain.encode()), len(taken.ascii_domain))


@lru_cache(maxsize=VERDICTS_KEPT)
def _top_level_serves(label: str) -> bool:
    """Whether plain domains below it are taken: it ends with a letter and is not of special use, as .test is."""
    return _asked(f"a.{label}") > 0


@cache
def _last_label_decides() -> bool:
    """Whether the library's names of special use are top-level domains, all of them, as they are up to 2.4."""
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return not any("." in name for name in SPECIAL_USE_DOMAIN_NAMES)


class Emails:
    """The verdicts on whole columns of cells. Remembers domains from block to block. One thread at a time."""

    def __init__(self) -> None:
        self._domains = Domains()
        self._dots = np.empty(_PIECE + 1, np.bool_)
        self._pairs = np.empty(_PIECE, np.bool_)
        self._read: NDArray[np.uint8] | None = None
        self._pairs_read = np.zeros(0, np.int64)

    def invalid(
        self,
        buffer: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        ats: NDArray[np.int64],
        look: Look = lambda: None,
    ) -> NDArray[np.bool_]:
        """Which cells are neither blank nor a valid address; the twin of `is_valid`.

        `buffer`: UTF-8, contiguous, at least 64 bytes longer than the last cell. `ats`: where the only "@" of a cell
        is if all its other bytes are among A-Z a-z 0-9 ' + - . / ^ _ `, else -1. `look` is called often and may raise.
        """
        quick = (ats >= 0) & (ends - ats <= WIDTH + 1)
        if quick.all():
            return self._judged(buffer, starts, ends, ats, look)
        found = np.zeros(len(starts), np.bool_)
        chosen = np.flatnonzero(quick)
        if chosen.size:
            found[chosen] = self._judged(buffer, starts[chosen], ends[chosen], ats[chosen], look)
        chosen = np.flatnonzero(~quick & (ends > starts))
        found[chosen] = _judged_one_by_one(buffer, starts[chosen], ends[chosen], look)
        return found

    def _judged(
        self,
        buffer: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        ats: NDArray[np.int64],
        look: Look,
    ) -> NDArray[np.bool_]:
        """`invalid` for cells with one "@", plain bytes and a domain of at most 32 bytes."""
        if not ats.size:
            return np.zeros(0, np.bool_)
        windows: NDArray[np.void] = np.ndarray(len(buffer) - WIDTH + 1, f"V{WIDTH}", buffer, strides=(1,))
        names = windows[ats + 1].view(np.uint64).reshape(-1, WIDTH // 8)
        names &= _MASKS.take(ends - ats - 1, axis=0)
        local = ats - starts
        found: NDArray[np.bool_] = local > self._domains.rooms(names, look)
        found |= local == 0
        found |= buffer.take(starts) == _DOT
        found |= buffer.take(ats - 1) == _DOT
        if self._read is not buffer:  # two columns of a block have the same
            self._read, self._pairs_read = buffer, self._pairs_of_dots(buffer, 0, len(buffer))
        pairs = self._pairs_read
        if pairs.size:
            found |= pairs.searchsorted(starts) < pairs.searchsorted(ats - 1)
        return found

    def _pairs_of_dots(self, buffer: NDArray[np.uint8], first: int, last: int) -> NDArray[np.int64]:
        """Where in buffer[first:last] a dot follows a dot: the places of the first ones, ascending. There are few."""
        places = [np.zeros(0, np.int64)]
        for begin in range(first, last - 1, _PIECE):
            size = min(_PIECE, last - 1 - begin)
            dots, pairs = self._dots[: size + 1], self._pairs[:size]
            np.equal(buffer[begin : begin + size + 1], _DOT, out=dots)
            np.logical_and(dots[:-1], dots[1:], out=pairs)
            if pairs.any():
                places.append(np.flatnonzero(pairs) + begin)
        return np.concatenate(places)


def _judged_one_by_one(
    buffer: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], look: Look
) -> NDArray[np.bool_]:
    view = buffer.data
    found = np.zeros(len(starts), np.bool_)
    for place, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if place % BETWEEN_LOOKS == 0:
            look()
        text = str(view[start:end], "utf-8", "surrogateescape")
        found[place] = not is_valid(text) and bool(text.strip())
    return found


class Domains:
    """What is known of domains of at most 32 bytes: a hash table in which thousands are looked up at once.

    A domain is a row of four words, its bytes and then NULs, and is compared in full. A row of NULs is a free place;
    what it holds, no room, is right for the domain without a letter. `most`: domains kept, before all are forgotten.
    """

    def __init__(self, most: int = DOMAINS_KEPT) -> None:
        self._most = most
        # Multilinear hashing with keys nobody can know: no file can be made whose domains fall on one another.
        self._keys = np.frombuffer(os.urandom(2 * WIDTH), np.uint64)
        self._forget(10)

    def _forget(self, bits: int) -> None:
        self._bits, self._count = bits, 0
        self._names = np.zeros((1 << bits, WIDTH // 8), np.uint64)
        self._rooms = np.zeros(1 << bits, np.uint8)

    def rooms(self, names: NDArray[np.uint64], look: Look) -> NDArray[np.uint8]:
        """How many bytes of a local part, at most 64, each domain has room for. `names`: rows of four words."""
        places, known = self._find(names)
        rooms = self._rooms.take(places)
        if known.all():
            return rooms
        left = np.flatnonzero(~known)
        places = places[left]
        while left.size:
            self._learn(names[left], places, look)
            places, known = self._find(names[left])
            rooms[left] = self._rooms.take(places)
            left, places = left[~known], places[~known]
        return rooms

    def _find(self, names: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where each domain is, or the free place where it belongs; and whether it is there."""
        hashes: NDArray[np.uint64] = names.view(np.uint32) @ self._keys
        places = (hashes >> np.uint64(64 - self._bits)).view(np.int64)
        there = self._names.take(places, axis=0)
        known = _equal(there, names)
        if known.all():
            return places, known
        taken = np.flatnonzero(~known & (there[:, 0] != 0))
        while taken.size:
            places[taken] = (places[taken] + 1) & (len(self._rooms) - 1)
            there = self._names.take(places[taken], axis=0)
            known[taken] = equal = _equal(there, names[taken])
            taken = taken[~equal & (there[:, 0] != 0)]
        return places, known

    def _learn(self, names: NDArray[np.uint64], places: NDArray[np.int64], look: Look) -> None:
        """Judges one domain for each free place that is wanted, or makes room; the others take their turn later."""
        places, firsts = np.unique(places, return_index=True)
        places, firsts = places[: self._most], firsts[: self._most]
        if self._count + len(places) > min(self._most, len(self._rooms) // 2):
            self._make_room(self._count + len(places))
            return
        names = names[firsts]
        rooms = np.zeros(len(places), np.uint8)
        for place, name in enumerate(names.view(f"S{WIDTH}").ravel().tolist()):  # which cuts off the NULs
            if place % BETWEEN_LOOKS == 0:
                look()
            rooms[place] = min(LONGEST_LOCAL, _room(name.decode()))
        self._put(names, rooms, places)

    def _put(self, names: NDArray[np.uint64], rooms: NDArray[np.uint8], places: NDArray[np.int64]) -> None:
        self._names[places], self._rooms[places] = names, rooms
        self._count += len(places)

    def _make_room(self, wanted: int) -> None:
        """At least twice as many places as domains; where they would be too many, all are forgotten."""
        if wanted > self._most:
            self._forget(self._bits)
            return
        kept = np.flatnonzero(self._names[:, 0])
        names, rooms = self._names[kept], self._rooms[kept]
        self._forget((2 * wanted - 1).bit_length())
        while len(names):
            places, known = self._find(names)
            names, rooms, places = names[~known], rooms[~known], places[~known]
            places, firsts = np.unique(places, return_index=True)
            self._put(names[firsts], rooms[firsts], places)


def _equal(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Row by row; all of four bytes of truth at once, which is much faster than all(axis=1)."""
    equal: NDArray[np.bool_] = (some == others).view(np.uint32).ravel() == 0x01010101
    return equal
