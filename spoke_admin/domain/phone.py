"""The phone rule of the services that take US numbers only, with a reason for every refusal.

Okta's askSpoke guide: "askSpoke only accepts valid 10-digit US phone numbers", "does not accept 1-800 or 1-888 phone
numbers", and an invalid one is silently ignored. The arbiter is the phonenumbers library.
"""

from dataclasses import dataclass
from enum import StrEnum


class PhoneCode(StrEnum):
    """Why a number is not taken as it stands; the values are finding codes of `validate`."""

    INVALID = "phone_invalid"
    NOT_US = "phone_not_us"
    TOLL_FREE_800_888 = "phone_toll_free_800_888"
    TOLL_FREE_OTHER = "phone_toll_free_other"
    EXTENSION = "phone_extension"
    LETTERS = "phone_letters"


@dataclass(frozen=True, slots=True)
class PhoneVerdict:
    """`code` is None for a number that is taken. `kept` says whether the service stores the number all the same."""

    code: PhoneCode | None
    reason: str
    kept: bool


TAKEN = PhoneVerdict(None, "A valid US number.", kept=True)


def judge_us_phone(text: str) -> PhoneVerdict:
    """The verdict on one number, as typed. First that holds, in the order of the guide's rule."""
    import phonenumbers  # heavy: imported where it is first used

    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return _ignored(PhoneCode.INVALID, "It is not a phone number.")
    if number.country_code != 1:
        return _ignored(PhoneCode.NOT_US, f"It is a number of country code +{number.country_code}, not of the US.")
    if not phonenumbers.is_valid_number(number):
        return _ignored(PhoneCode.INVALID, "It is not a valid 10-digit US number.")
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.TOLL_FREE:
        return _toll_free(str(number.national_number)[:3], bare=not number.extension and not _letters(text))
    region = phonenumbers.region_code_for_number(number)
    if region != "US":
        return _ignored(PhoneCode.NOT_US, f"It belongs to region {region}, not to the US.")
    if number.extension:
        return _ignored(PhoneCode.EXTENSION, f"It has an extension ({number.extension}).")
    if _letters(text):
        return _ignored(PhoneCode.LETTERS, "It holds letters.")
    return TAKEN


def ten_digits(text: str) -> str:
    """The ten national digits of a number that `judge_us_phone` takes."""
    import phonenumbers

    return str(phonenumbers.parse(text, "US").national_number)


def _letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _toll_free(prefix: str, *, bare: bool) -> PhoneVerdict:
    if prefix in ("800", "888"):
        return _ignored(PhoneCode.TOLL_FREE_800_888, f"It is a 1-{prefix} number, which the service does not accept.")
    reason = f"It is a toll-free number (1-{prefix}); only 1-800 and 1-888 are known to be refused."
    return PhoneVerdict(PhoneCode.TOLL_FREE_OTHER, reason, kept=bare)


def _ignored(code: PhoneCode, reason: str) -> PhoneVerdict:
    return PhoneVerdict(code, reason, kept=False)
