"""Whether a service kept a value, kept it in its own form, or not: the judgement on one value."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from spoke_admin.adapters.scim_results import Verdict
from spoke_admin.domain.scim_json import text

# RFC 7643, section 4.1: user names and e-mail addresses mind no case; countries are ISO codes, locales language tags
CASELESS = {"username", "emails.value", "addresses.country", "locale", "preferredlanguage", "timezone"}


def judge(attribute: str, sub: str, sent: Any, kept: Any) -> Verdict:
    """The verdict on one value. `attribute` and `sub` are names without schema and selector; `sub` may be ""."""
    if absent(sent):
        return Verdict.KEPT if absent(kept) else Verdict.CHANGED
    if absent(kept):
        # "If not specified, the primary attribute SHALL be assumed to be false" (RFC 7643, section 2.4)
        return Verdict.KEPT if sent is False and sub.lower() == "primary" else Verdict.DROPPED
    if same(sent, kept):
        return Verdict.KEPT
    return Verdict.NORMALISED if _same_meaning(attribute.lower(), sub.lower(), sent, kept) else Verdict.CHANGED


def absent(value: Any) -> bool:
    """Null and empty lists are the same as no value (RFC 7643, section 2.5); Okta clears with an empty text."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: True is not 1. Too deeply nested is not the same."""
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    try:
        return bool(one == other)
    except RecursionError:
        return False


def folded(attribute: str, sub: str, value: Any) -> str:
    """A text for finding the same value again: equal for what differs only in form. "" for what is no plain value."""
    plain = _one_line(text(value))
    if attribute.lower() == "phonenumbers" and sub.lower() == "value":
        return _digits(plain) or plain
    name = f"{attribute}.{sub}".lower() if sub else attribute.lower()
    return plain.casefold() if name in CASELESS or sub.lower() == "type" else plain


def is_moment(value: Any) -> bool:
    """Whether a text is a date, or a date and time (RFC 7643, section 2.3.5)."""
    return isinstance(value, str) and _moment(value) is not None


def _same_meaning(attribute: str, sub: str, sent: Any, kept: Any) -> bool:
    kept = _unwrapped(kept)
    if same(sent, kept):
        return True
    if isinstance(sent, dict | list) or isinstance(kept, dict | list):
        return False
    one, other = text(sent), text(kept)
    if isinstance(sent, bool | int | float) or isinstance(kept, bool | int | float):
        return _same_number(one, other)
    if folded(attribute, sub, sent) == folded(attribute, sub, kept):
        return True
    if attribute == "phonenumbers":
        return _same_phone(one, other)
    return _moment(one) is not None and _moment(one) == _moment(other)


def _unwrapped(value: Any) -> Any:
    """A single value that came in a list or as an object of its own."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        return inner if str(name).lower() == "value" else value
    return value


def _same_number(one: str, other: str) -> bool:
    """Also truth values as text, as Entra sends them: "True"."""
    if one.strip().casefold() == other.strip().casefold():
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _one_line(words: str) -> str:
    """Without outer and doubled blanks, composed: "e" with an accent beside it is "é"."""
    return " ".join((words if words.isascii() else unicodedata.normalize("NFC", words)).split())


def _digits(phone: str) -> str:
    """The digits of a number that has nothing but digits and what stands between them; "" for any other."""
    bare = phone.casefold().removeprefix("tel:")
    return re.sub(r"\D", "", bare) if re.fullmatch(r"[+\d][\d\s().\-/]{2,40}", bare, re.ASCII) else ""


def _same_phone(one: str, other: str) -> bool:
    if max(len(one), len(other)) > 100:
        return False
    import phonenumbers  # heavy: imported where it is first used

    match = phonenumbers.is_number_match(one, other)
    return match in (phonenumbers.MatchType.EXACT_MATCH, phonenumbers.MatchType.NSN_MATCH)


def _moment(words: str) -> datetime | None:
    """A date or a time; a date is its first moment, a time without a zone is in UTC."""
    if not re.match(r"\d{4}-\d\d-\d\d", words):
        return None
    try:
        moment = datetime.fromisoformat(words.strip()[:40])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
