"""Many short texts in one run of bytes: which of them hold another one, and their order, a million within a moment."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spoke_admin.roster.marks import PAD, Bytes, Places

CHUNK = 1 << 20  # bytes that are searched at once: they stay near the processor
SAMPLED = 1 << 16  # bytes that tell which letters are frequent
PROBES = 4  # bytes of what is searched that are looked for everywhere
WORD = 8  # bytes of a text that are compared at once

Flags = NDArray[np.bool_]
Letter = tuple[bytes, ...]  # its UTF-8 and that of its other case, all of one length

# the first 0 to 8 bytes of a word of eight, the first one highest
_KEEP = np.array([(1 << 64) - (1 << 64 - 8 * size) for size in range(WORD + 1)], np.uint64)


@dataclass(frozen=True, slots=True)
class Texts:
    """`buffer`: UTF-8 with PAD bytes behind; `starts` and `ends`: of each text in it, `starts` ascending.

    Of texts that begin at one place only the last may hold anything.
    """

    buffer: Bytes
    starts: Places
    ends: Places

    @classmethod
    def of(cls, buffer: Bytes, starts: Places, ends: Places) -> "Texts":
        """`buffer` without anything behind it."""
        return cls(np.concatenate([buffer, np.zeros(PAD, np.uint8)]), starts, ends)

    @classmethod
    def joined(cls, texts: Iterable[str]) -> "Texts":
        encoded = [text.encode("utf-8", "replace") for text in texts]
        ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])[: len(encoded)]
        return cls.of(np.frombuffer(b"".join(encoded), np.uint8), starts, ends)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, place: int) -> str:
        return self.buffer[self.starts[place] : self.ends[place]].tobytes().decode("utf-8", "replace")

    def holding(self, wanted: str, cancelled: Callable[[], bool] = lambda: False) -> Flags:
        """Which texts hold `wanted`; see `alike`."""
        found = np.zeros(len(self), np.bool_)
        if not len(self):
            return found
        for form in forms(wanted):
            letters = [_cases(letter) for letter in form]
            size = sum(len(letter[0]) for letter in letters)
            if size == 1 and self._adjoining:
                hits = _is_any(self.buffer[: int(self.ends[-1])], {case[0] for case in letters[0]})
                found |= np.logical_or.reduceat(hits, self.starts)
                continue
            for at in self._places(letters, size):
                if cancelled():
                    return found
                text = np.searchsorted(self.starts, at, side="right") - 1
                found[text[(text >= 0) & (at + size <= self.ends[text])]] = True
        return found

    @property
    def _adjoining(self) -> bool:
        """Whether each text begins where the one before ends, and none is empty."""
        return bool((self.ends > self.starts).all() and (self.ends[:-1] == self.starts[1:]).all())

    def _places(self, letters: list[Letter], size: int) -> Iterator[Places]:
        """Where the letters stand one behind the other, in any case: chunk after chunk.

        The most seldom bytes are looked for everywhere, the others where those were found.
        """
        seldom = np.bincount(self.buffer[:: max(1, len(self.buffer) // SAMPLED)], minlength=256)
        offsets = np.cumsum([0, *(len(letter[0]) for letter in letters)]).tolist()
        bytes_at = [
            (sum(int(seldom[value]) for value in values), offset + place, values)
            for offset, letter in zip(offsets, letters, strict=False)
            for place, values in enumerate(map(set, zip(*letter, strict=True)))
        ]
        probes = sorted(bytes_at, key=lambda it: it[:2])[:PROBES]
        probed = {place for _, place, _ in probes}
        checks = [it for it in zip(offsets, letters, strict=False) if len(it[1][0]) > 1 or it[0] not in probed]
        last = len(self.buffer) - size + 1
        for begin in range(0, last, CHUNK):
            hits = np.ones(min(CHUNK, last - begin), np.bool_)
            for _, place, values in probes:
                hits &= _is_any(self.buffer[begin + place : begin + place + len(hits)], values)
            at = np.flatnonzero(hits) + begin
            for offset, letter in checks:
                at = at[_stands(self.buffer, at + offset, letter)]
            yield at

    def ranks(self) -> NDArray[np.uint32]:
        """For each text how many come before it, in the order of their characters; the same for equal ones."""
        ranks = np.zeros(len(self), np.uint32)
        sizes = self.ends - self.starts
        windows = np.lib.stride_tricks.sliding_window_view(self.buffer, WORD)
        members, done = np.arange(len(self)), 0
        while len(members):
            left = np.clip(sizes[members] - done, 0, WORD)
            at = np.where(left > 0, self.starts[members] + done, 0)
            words = windows[at].view(">u8").reshape(-1).astype(np.uint64) & _KEEP[left]
            members = members[_split(ranks, members, words)]
            done += WORD
            members = members[sizes[members] > done] if len(members) else members
        if not self.buffer[: len(self.buffer) - PAD].all():  # NULs: longer ones come after those without
            _split(ranks, np.arange(len(self)), sizes.astype(np.uint64))
        return ranks


def _split(ranks: NDArray[np.uint32], members: Places, words: NDArray[np.uint64]) -> Flags:
    """Orders the members of each rank by their words, which changes `ranks`; which members are not alone in theirs."""
    own = ranks[members]
    keys = (own.astype(np.uint64) << np.uint64(32)) | _dense(words) if own.any() else words
    order = np.argsort(keys)
    keys, own = keys[order], own[order]
    starts = np.flatnonzero(_changes(keys))  # of runs of the same rank and word
    begins = np.flatnonzero(_changes(own))  # of runs of the same rank
    lengths = np.diff(starts, append=len(keys))
    moved = starts - begins[np.searchsorted(begins, starts, side="right") - 1]
    ranks[members[order]] = own + np.repeat(moved, lengths).astype(np.uint32)
    crowded = np.empty(len(members), np.bool_)
    crowded[order] = np.repeat(lengths > 1, lengths)
    return crowded


def _dense(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """For each word how many different ones come before it."""
    order = np.argsort(words)
    dense = np.empty(len(words), np.uint64)
    dense[order] = np.cumsum(_changes(words[order])) - 1
    return dense


def _changes(values: NDArray[np.uint32] | NDArray[np.uint64]) -> Flags:
    """Where a value differs from the one before it; the first one does."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


def _is_any(part: Bytes, values: set[int]) -> Flags:
    """Which bytes are one of the values."""
    first, *others = values
    found: Flags = part == first
    for value in others:
        found |= part == value
    return found


def _stands(buffer: Bytes, at: Places, letter: Letter) -> Flags:
    """Whether a letter begins at these places."""
    found = np.zeros(len(at), np.bool_)
    read = [buffer[at + place] for place in range(len(letter[0]))]
    for case in letter:
        same = read[0] == case[0]
        for place in range(1, len(case)):
            same &= read[place] == case[place]
        found |= same
    return found


def alike(wanted: str, text: str) -> bool:
    """Whether `text` holds `wanted`: case does not count, nor how an accent is put together."""
    low = "".join(map(_low, text))
    return any("".join(map(_low, form)) in low for form in forms(wanted))


def forms(wanted: str) -> set[str]:
    """The ways in which a text with accents can be written."""
    return {wanted, unicodedata.normalize("NFC", wanted), unicodedata.normalize("NFD", wanted)}


@lru_cache(maxsize=1024)
def _low(letter: str) -> str:
    """The letter in lower case where that is one letter of as many bytes: places in a text stay where they are."""
    low = letter.lower()
    return low if len(low) == 1 and len(_bytes(low)) == len(_bytes(letter)) else letter


@lru_cache(maxsize=1024)
def _cases(letter: str) -> Letter:
    low = _low(letter)
    others = {low.upper(), low.title()}
    cases = [letter, *sorted(it for it in others | {low} if it != letter and len(it) == 1 and _low(it) == low)]
    return tuple(_bytes(it) for it in cases)


def _bytes(letter: str) -> bytes:
    return letter.encode("utf-8", "surrogatepass")
