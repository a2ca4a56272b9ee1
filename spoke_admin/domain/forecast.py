"""What a service will do with each attribute of a person, said before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from spoke_admin.domain.person import Person
from spoke_admin.domain.phone import judge_us_phone, ten_digits
from spoke_admin.domain.profile import Attribute, ServiceProfile


class Verdict(StrEnum):
    """set: will be stored as sent; unchanged: is there already; normalised: stored in another form; ignored: silently
    left out by the service; rejected: the person cannot be created with it.
    """

    SET = "set"
    UNCHANGED = "unchanged"
    NORMALISED = "normalised"
    IGNORED = "ignored"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FieldForecast:
    """One attribute of one person: `source` names the Okta attribute, `value` is what will be sent."""

    path: str
    label: str
    source: str
    value: str
    verdict: Verdict
    reason: str


def forecast(person: Person, profile: ServiceProfile, current: Mapping[str, str] | None = None) -> list[FieldForecast]:
    """A verdict for each attribute of the profile for which the person has a value or the service requires one.

    `current` is what the service holds now, by attribute path; None when the person is not there yet.
    """
    rows = [_judge(attribute, person, profile, current) for attribute in profile.attribute]
    return [row for row in rows if row is not None]


def _judge(
    attribute: Attribute, person: Person, profile: ServiceProfile, current: Mapping[str, str] | None
) -> FieldForecast | None:
    source, value = mapped(attribute, person)
    if not value.strip():
        if not attribute.required:
            return None
        verdict, reason = Verdict.REJECTED, f"{attribute.label} is required and {source} is empty."
    else:
        verdict, reason = _verdict(attribute, value, profile, current)
    return FieldForecast(attribute.path, attribute.label, f"user.{source}", value, verdict, reason)


def mapped(attribute: Attribute, person: Person) -> tuple[str, str]:
    """The Okta attribute that the default mapping takes for this one, and its value ("" when never set)."""
    value = person.attributes.get(attribute.source, "")
    if not value.strip() and attribute.fallback and person.attributes.get(attribute.fallback, "").strip():
        return attribute.fallback, person.attributes[attribute.fallback]
    return attribute.source, value


def _verdict(
    attribute: Attribute, value: str, profile: ServiceProfile, current: Mapping[str, str] | None
) -> tuple[Verdict, str]:
    if attribute.rule == "email" and (fault := email_fault(value)):
        return Verdict.REJECTED, fault
    if len(value) > attribute.max_length:
        return Verdict.REJECTED, f"It has {len(value)} characters; at most {attribute.max_length} are taken."
    if attribute.rule == "phone" and profile.phone is not None:
        return _phone_verdict(attribute, value, profile, current)
    if current is None:
        return Verdict.SET, "Will be stored."
    if same(attribute, current.get(attribute.path, ""), value):
        return Verdict.UNCHANGED, f"{profile.title} holds this value already."
    if attribute.path in profile.user.fixed:
        return Verdict.IGNORED, f"{profile.title} ignores a change of {attribute.label.lower()}."
    return Verdict.SET, f"Replaces {current.get(attribute.path) or 'nothing'}."


def _phone_verdict(
    attribute: Attribute, value: str, profile: ServiceProfile, current: Mapping[str, str] | None
) -> tuple[Verdict, str]:
    judged = judge_us_phone(value)
    if not judged.kept:
        there = current.get(attribute.path, "") if current else ""
        stays = f" The number that is there, {there}, stays." if there else ""
        return Verdict.IGNORED, f"{judged.reason} {profile.title} will silently ignore it.{stays}"
    if current is not None and same(attribute, current.get(attribute.path, ""), value):
        return Verdict.UNCHANGED, f"{profile.title} holds this number already."
    return Verdict.SET, "A valid US number; will be stored." if judged.code is None else judged.reason


def same(attribute: Attribute, held: str, wanted: str) -> bool:
    """Whether two values mean the same to the service: phones by their digits, addresses without case."""
    if held == wanted:
        return True
    if not held or not wanted:
        return False
    if attribute.rule == "phone" and judge_us_phone(held).kept and judge_us_phone(wanted).kept:
        return ten_digits(held) == ten_digits(wanted)
    return attribute.rule == "email" and held.casefold() == wanted.casefold()


def email_fault(value: str) -> str:
    """Why an address is refused (email-validator, strict, no DNS), or "" when it is valid."""
    from email_validator import EmailNotValidError, validate_email  # heavy: imported where it is first used

    try:
        validate_email(value, check_deliverability=False, strict=True)
    except EmailNotValidError as fault:
        return str(fault)
    return ""
