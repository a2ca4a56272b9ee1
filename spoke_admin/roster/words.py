"""What each finding says: severity, the sentence, the remedy, and where a rule comes from."""

import re
from dataclasses import dataclass

from spoke_admin.domain.finding import Finding, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING
LONGEST_VALUE = 1_000  # characters of a cell that a finding repeats

_DAMAGE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Words:
    """`message` and `fix` may hold {value}, {column} and {more}, which are filled in for each finding."""

    severity: Severity
    message: str
    fix: str
    quote: str = ""


_IGNORED = "If a user profile contains an invalid phone number, askSpoke will silently ignore it"
_US = "askSpoke only accepts valid 10-digit US phone numbers."

# in the order in which one cell's findings are listed
WORDS: dict[str, Words] = {
    "encoding_assumed": Words(
        WARNING,
        "The file is not UTF-8; it was read as Windows-1252.",
        "Check names with accents, and save the file as UTF-8.",
    ),
    "missing_column": Words(
        ERROR, "There is no column {column}. {more}", "Add the column {column}; every user needs a value in it."
    ),
    "undecodable": Words(
        ERROR, "Some bytes are not text in the file's encoding.", "Save the file as UTF-8 again from its source."
    ),
    "row_too_short": Words(
        ERROR, "The row has {more}: some are missing.", "Add the missing cells, empty ones too, or their delimiters."
    ),
    "row_too_long": Words(
        ERROR, "The row has {more}: there are too many.", "Put cells that hold the delimiter into double quotes."
    ),
    "quote_unclosed": Words(
        ERROR, "A double quote is opened and never closed.", "Close it, or remove it; the row was not read."
    ),
    "quote_broken": Words(
        ERROR, "A double quote stands where none may be.", "Put the whole cell into quotes and double each quote in it."
    ),
    "unknown_column": Words(
        WARNING,
        "The service and Okta's template know no such column. {more}",
        "Rename it as in the template, or leave it: it is ignored.",
    ),
    "duplicate_column": Words(
        ERROR, "A second column holds the same field as an earlier one.", "Remove or rename one of the two columns."
    ),
    "missing_value": Words(ERROR, "{column} is empty.", "Fill it in: a user cannot be created without it."),
    "too_long": Words(ERROR, "It has {more}.", "Shorten it."),
    "email_invalid": Words(ERROR, "It is not a valid e-mail address. {more}", "Correct the address."),
    "duplicate_identifier": Words(
        ERROR, "The same login stands on line {more}.", "Keep one of the two; case, blanks and accents do not count."
    ),
    "number_cell": Words(
        WARNING,
        "The cell holds a number, not text: leading zeros and long digits may be lost.",
        "Format the column as text and enter the value again.",
    ),
    "phone_not_us": Words(
        WARNING, "{more} The service will ignore the number.", "Give a US number, or leave the cell empty.", _US
    ),
    "phone_invalid": Words(
        WARNING, "{more} The service will ignore the number.", "Correct the number, or leave the cell empty.", _IGNORED
    ),
    "phone_toll_free_800_888": Words(
        WARNING,
        "{more} The service will ignore the number.",
        "Give the person's own number, or leave the cell empty.",
        "askSpoke does not accept 1-800 or 1-888 phone numbers.",
    ),
    "phone_toll_free_other": Words(WARNING, "{more}", "Check that it is the person's own number."),
    "phone_extension": Words(WARNING, "{more} The service will ignore the number.", "Leave the extension out.", _US),
    "phone_letters": Words(
        WARNING, "{more} The service will ignore the number.", "Write the number with digits alone.", _US
    ),
    "control_character": Words(
        WARNING,
        "It holds a character that cannot be seen ({more}).",
        "Remove it; logins that look alike may differ by it.",
    ),
}
CODES = tuple(WORDS)
SEVERITIES = {code: words.severity for code, words in WORDS.items()}


def finding(line: int, column: str | None, code: str, value: str = "", more: str = "") -> Finding:
    """A finding in words. `more` goes into the message; `value` is repeated, a very long one from its beginning."""
    words = WORDS[code]
    if len(value) > LONGEST_VALUE:
        value = f"{value[:LONGEST_VALUE]}…"
    filled = {"column": column or "", "value": value, "more": more}
    message = words.message.format_map(filled).strip()
    return Finding(line, column, code, words.severity, value, message, words.fix.format_map(filled))


def shown(text: str) -> str:
    """Text that can be printed and written: what could not be decoded as the replacement sign."""
    return text if text.isascii() else _DAMAGE.sub("\ufffd", text)
