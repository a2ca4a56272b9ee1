"""A token in memory that does not show itself by accident, and texts without any."""

import base64
import re
from typing import NoReturn
from urllib.parse import quote
from weakref import WeakValueDictionary

from spoke_admin.domain.error import AdminError

SHORTEST_HIDDEN = 6  # characters: a shorter secret would take words apart


class Secret:
    """A bearer token or API key. `reveal()` is the only way to its text; repr, str, format, pickle and JSON refuse.

    Raises AdminError when the text could not travel in an HTTP header: empty, longer than 8,192 characters, a control
    character (a line break above all), a blank inside or anything beyond ASCII. Outer blanks are stripped.
    """

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str) -> None:
        stripped = text.strip()
        if fault := _fault(stripped):
            raise AdminError(
                f"That is not a token: {fault}.", "Copy the token again, whole and alone, and paste it once more."
            )
        self._text = stripped
        _alive[id(self)] = self

    def reveal(self) -> str:
        """The text itself: for the moment of the call, the keychain, and a person who asks to see it."""
        return self._text

    @property
    def last_four(self) -> str:
        """The last four characters, or fewer where four would be a good part of the whole."""
        return self._text[-4:] if len(self._text) >= 12 else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret is not text: call reveal() where it is needed")

    def __format__(self, specification: str) -> NoReturn:
        raise TypeError("a secret is not text: call reveal() where it is needed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


_alive: WeakValueDictionary[int, Secret] = WeakValueDictionary()  # by identity: of two equal ones, one may go first


def without_secrets(text: str) -> str:
    """The text without any secret this process holds, plain, percent-encoded or in base64. For log lines."""
    for held in {secret.reveal() for secret in list(_alive.values())}:
        if len(held) >= SHORTEST_HIDDEN:
            encoded = base64.b64encode(held.encode()).decode().rstrip("=")
            for form in (held, quote(held, safe=""), encoded):
                text = text.replace(form, "…")
    return text


def redacted(text: str) -> str:
    """The text without anything that could be a token: the name and password in an
    address, and every unbroken run of 12 or more of its characters.
    """
    without_passwords = re.sub(r"//[^/\s@]*@", "//…@", without_secrets(text))
    return re.sub(r"[A-Za-z0-9_\-+/=.~%]{12,}", "…", without_passwords)


def _fault(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > 8192:
        return f"it is {len(text):,} characters long"
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        return "it holds a line break or another control character"
    if not text.isascii():
        return "it holds characters beyond ASCII"
    if " " in text:
        return "it holds a blank"
    return ""
