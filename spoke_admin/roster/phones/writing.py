r"""How phone numbers are written: what the phonenumbers library's `parse` sees in a text, for the ways proved here.

What it does, step by step, and why these ways are safe:
- it skips to the first plus sign or digit, cuts what is neither letter, number nor # from the end, and what follows a
  slash or backslash and an x. Here: no x after a slash, no backslash behind the first digit;
- it looks for `;phone-context=` and `;isub=`. Here: no semicolon but among the signs cut from the end;
- what is left must be plus signs, then three digits or more with nothing but punctuation among them, then digits,
  letters and punctuation, then an extension perhaps. With fewer digits the number is invalid in any case;
- an extension is a label and digits at the very end. Here: nothing before it could be its label or could be one itself;
- if three letters or more are left, they become digits; fewer are dropped, and so is punctuation.
A text that is not written in one of these ways is not read here; the library has to be asked.
"""

import re
from typing import Final, NamedTuple

from spoke_admin.roster.phones.prefixes import EXTENSION, LETTERS, TAKEN

MOST_CHARACTERS: Final = 250  # the library takes no longer text


class Written(NamedTuple):
    """`digits` are ASCII. `if_taken`: TAKEN, EXTENSION or LETTERS, the verdict if the digits alone would be taken."""

    plus: bool
    digits: str
    if_taken: int


class Shape(NamedTuple):
    """What cells have in common that differ in ASCII digits only. `places`: where the number's digits are, in bytes."""

    plus: bool
    places: tuple[int, ...]
    if_taken: int


class _AsAscii(dict[int, int]):
    """For str.translate: digits and punctuation that the library takes, as an ASCII character that it takes alike."""

    # Dashes, invisible and wide characters may stand where a bracket may; none is part of an extension's label here.
    _LIKE_BRACKET = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\uff0e\uff0f"
                              "\u00ad\u200b\u2060\u3000\uff08\uff09\uff3b\uff3d")  # fmt: skip

    def __missing__(self, code: int) -> int:
        character = chr(code)
        if character.isdecimal():
            found = ord(str(int(character)))
        elif character in self._LIKE_BRACKET:
            found = ord("(")
        else:
            return {"\u00a0": ord(" "), "\uff0b": ord("+")}.get(character, code)
        self[code] = found
        return found


_AS_ASCII = _AsAscii()

_PUNCTUATION = " ().[]-"
_SKIPPED = r"([^+0-9;]*+)"
_CUT = r"(?:_|[^#\w])*+"
_LABEL = r"(?:[eE]?[xX][tT](?:[nN]|[eE][nN][sS][iI][oO][nN])?|[xX]|\#)"
_NUMBER = re.compile(rf"{_SKIPPED}(\+?)([0-9 ()./\[\]-]*+)({_LABEL}[:.]?[ -]*+[0-9]{{1,9}})?{_CUT}")
_WITH_LETTERS = re.compile(rf"{_SKIPPED}(\+?)([0-9 ().\[\]-]*+)([A-Za-z][A-Za-z0-9 ().\[\]-]*+){_CUT}")

_DIGITS_ONLY = str.maketrans("", "", _PUNCTUATION + "/")
_WITHOUT_LETTERS = str.maketrans("", "", _PUNCTUATION + "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999", _PUNCTUATION)
_LAST_OF_A_LABEL = "XTNO"  # x, ext, extn, anexo


def read(text: str) -> Written | None:
    """What is dialled, if the text is at most MOST_CHARACTERS long and written in a way that is proved; else None."""
    number = _NUMBER.fullmatch(text if text.isascii() else text.translate(_AS_ASCII))
    if number is None:
        return _with_letters(text)
    skipped, plus, head, extension = number.groups()
    digits = head.translate(_DIGITS_ONLY)
    if extension is None:
        return Written(bool(plus), digits, LETTERS if _has_letter(skipped) else TAKEN)
    if len(digits) < 3 or "/" in head:
        return None
    return Written(bool(plus), digits, EXTENSION)


def shape_of(cell: bytes) -> Shape | None:
    """The shape of a cell, by one that has it; None if the cells that have it must be read one by one."""
    text = cell.decode(errors="surrogateescape")
    as_ascii = text if text.isascii() else text.translate(_AS_ASCII)
    number = _NUMBER.fullmatch(as_ascii)
    written = number and read(text)
    if number is None or written is None:
        return None
    places = [place for place in range(*number.span(3)) if as_ascii[place].isdecimal()]
    if not all(text[place].isascii() for place in places):
        return None
    in_bytes = tuple(len(text[:place].encode(errors="surrogateescape")) for place in places)
    return Shape(written.plus, in_bytes, written.if_taken)


def _with_letters(text: str) -> Written | None:
    """A number that goes on in letters, as 1-800-FLOWERS.

    All of it must be ASCII: where letters count as digits, digits beyond ASCII do not.
    """
    number = _WITH_LETTERS.fullmatch(text) if text.isascii() else None
    if number is None:
        return None
    _, plus, head, rest = number.groups()
    if sum(map(head.count, "0123456789")) < 3:
        return None
    rest = rest.upper().rstrip(_PUNCTUATION)
    before_last_digits = rest.rstrip("0123456789")
    if before_last_digits != rest and before_last_digits.rstrip(" .-")[-1] in _LAST_OF_A_LABEL:
        return None  # the last digits may be an extension
    as_keys = sum(map(str.isalpha, rest)) >= 3
    return Written(bool(plus), (head + rest).translate(_KEYPAD if as_keys else _WITHOUT_LETTERS), LETTERS)


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))
