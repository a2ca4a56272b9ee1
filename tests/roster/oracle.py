"""The rules of `validate` a second time, straight from their text, as plainly as Python can say them.

Nothing here comes from the engine: records are those of the csv module itself, everything is held in memory at once.
"""

import csv
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import phonenumbers
from email_validator import EmailNotValidError, validate_email

OKTA = re.split(
    ",",
    "login,firstName,lastName,middleName,honorificPrefix,honorificSuffix,email,title,displayName,nickName,profileUrl,"
    "secondEmail,mobilePhone,primaryPhone,streetAddress,city,state,zipCode,countryCode,postalAddress,preferredLanguage,"
    "locale,timezone,userType,employeeNumber,costCenter,organization,division,department,managerId,manager,startDate",
)
ELSEWHERE = {
    # Entra's bulk creation
    "userprincipalname": ["login", "email"], "givenname": ["firstName"], "surname": ["lastName"],
    "jobtitle": ["title"], "telephonenumber": ["primaryPhone"], "mobile": ["mobilePhone"], "country": ["countryCode"],
    "postalcode": ["zipCode"], "passwordprofile": [], "accountenabled": [], "usagelocation": [],
    "physicaldeliveryofficename": [],
    # Google's upload
    "emailaddress": ["login", "email"], "password": [], "passwordhashfunction": [], "orgunitpath": [],
    "newprimaryemail": [], "recoveryemail": [], "homesecondaryemail": [], "worksecondaryemail": [], "recoveryphone": [],
    "workphone": ["primaryPhone"], "homephone": [], "workaddress": [], "homeaddress": [],
    "employeeid": ["employeeNumber"], "employeetype": [], "employeetitle": ["title"], "manageremail": [],
    "buildingid": [], "floorname": [], "floorsection": [], "changepasswordatnextsign-in": [], "newstatus": [],
    "advancedprotectionprogramenrollment": [],
}  # fmt: skip
CONTROLS = {
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F),
    *range(0x2060, 0x206A), 0xFEFF,
}  # fmt: skip
KIB_64 = 64 * 1024


@dataclass
class Judged:
    """What the rules say of a file; `findings` are (line, column, code)."""

    encoding: str
    delimiter: str = ","
    columns: list[str] = field(default_factory=list)
    rows: int = 0
    findings: list[tuple[int, str | None, str]] = field(default_factory=list)


@dataclass
class Row:
    line: int
    cells: list[str]
    stray: set[int]
    opened: int | None = None


def judge(data: bytes) -> Judged:
    text, encoding, assumed = decode(data)
    lines = lines_of(text)
    at, judged = 0, Judged(encoding)
    separator = ""
    while at < len(lines):
        if not separator and (found := re.match(r"sep=([^\r\n\"\ud800-\udfff])[\r\n]*$", lines[at])):
            separator = found[1]
        elif not nothing(lines[at]) and not re.match('"?version:', lines[at]):
            break
        at += 1
    judged.delimiter = separator or most_frequent(lines[at:])
    table = [row for row in rows_of(lines, at, judged.delimiter, encoding) if not blank(row, lines)]
    header, table = table[0], table[1:]
    judged.columns = [clean(cell) for cell in header.cells]
    judged.rows = len(table)
    if assumed:
        judged.findings.append((1, None, "encoding_assumed"))
    fields = fields_of(header, judged)
    logins: set[str] = set()
    for row in table:
        judge_row(row, judged, fields, logins)
    return judged


def nothing(line: str) -> bool:
    """A record without anything in its cells, whatever the delimiter will be, is no header."""
    return re.fullmatch(r'(?:""(?!")|[\s,;])*', line) is not None


def lines_of(text: str) -> list[str]:
    """Physical lines with their ends: CRLF, LF, CR and nothing else."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def decode(data: bytes) -> tuple[str, str, bool]:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return escaped(data[len(mark) :], name), name, False
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if 2 * data[first::2].count(0) > len(data[first::2]) and 2 * data[1 - first :: 2].count(0) < len(data) // 2:
            return escaped(data, name), name, False
    text = data.decode("utf-8", "surrogateescape")
    bad = len([sign for sign in text if "\udc80" <= sign <= "\udcff"])
    good = len([sign for sign in text if sign > "\x7f"]) - bad
    if bad > good:
        return escaped(data, "cp1252"), "windows-1252", True
    return text, "utf-8", False


def escaped(data: bytes, codec: str) -> str:
    """Decoded, with a lone surrogate for what cannot be."""
    text = ""
    while data:
        try:
            return text + data.decode(codec)
        except UnicodeDecodeError as fault:
            text += data[: fault.start].decode(codec) + "\udcff" * (fault.end - fault.start)
            data = data[fault.end :]
    return text


def clean(text: str) -> str:
    return "".join("\ufffd" if damaged(sign) else sign for sign in text)


def damaged(text: str) -> bool:
    return any(0xD800 <= ord(sign) < 0xE000 for sign in text)


def most_frequent(lines: list[str]) -> str:
    outside, quoted = "", False
    for line in lines:
        for sign in line:
            quoted ^= sign == '"'
            outside += "" if quoted else sign
        if not quoted:
            break
    return max(",;\t", key=outside.count)


def rows_of(lines: list[str], at: int, delimiter: str, encoding: str, bound: int = KIB_64) -> Iterator[Row]:
    codec = {"windows-1252": "cp1252"}.get(encoding, encoding)
    limit = csv.field_size_limit(sys.maxsize)
    try:
        while at < len(lines):
            row, at = one_row(lines, at, delimiter, codec, bound)
            yield row
    finally:
        csv.field_size_limit(limit)


def one_row(lines: list[str], at: int, delimiter: str, codec: str, bound: int) -> tuple[Row, int]:
    taken: list[str] = []
    unclosed = False

    def feed() -> Iterator[str]:
        nonlocal unclosed
        for line in lines[at:]:
            # in the file a sign of a damaged part is one byte
            size = sum(1 if damaged(sign) else len(sign.encode(codec)) for sign in "".join([*taken, line]))
            if taken and size > bound:
                break
            taken.append(line)
            yield line
        unclosed = True

    cells = next(csv.reader(feed(), delimiter=delimiter))
    if not unclosed:
        return Row(at + 1, cells, strays("".join(taken), delimiter)), at + len(taken)
    inside = len(re.findall(r"\r\n|\r|\n", cells[-1]))
    opened = at + len(taken) - inside - (0 if taken[-1].endswith(("\r", "\n")) else 1)
    return Row(at + 1, cells, set(), opened + 1), opened + 1


def strays(record: str, delimiter: str) -> set[int]:
    """Places of cells with a quote inside unquoted text, or text after a closing quote."""
    found, place, rest = set(), 0, re.sub(r"(\r\n|\r|\n)$", "", record)
    end = re.escape(delimiter)
    while True:
        quoted = re.match(rf'"(?:[^"]|"")*"([^{end}]*)', rest)
        plain = re.match(rf"[^{end}]*", rest)
        whole = quoted or plain
        assert whole is not None
        if quoted[1] if quoted else '"' in whole[0]:
            found.add(place)
        rest = rest[whole.end() :]
        if not rest:
            return found
        rest, place = rest[1:], place + 1


def blank(row: Row, lines: list[str]) -> bool:
    return len(row.cells) <= 1 and not lines[row.line - 1].strip()


def fields_of(header: Row, judged: Judged) -> list[list[str]]:
    """What each column holds; the findings of the header."""
    if header.opened is not None:
        judged.findings.append((header.opened, None, "quote_unclosed"))
    meant = [meaning(name) for name in header.cells]
    own = [fields[0] for fields in meant if fields is not None and len(fields) == 1]
    seen: set[str] = set()
    held: list[list[str]] = []
    found: list[tuple[int, str | None, str]] = []
    for place, name in enumerate(header.cells):
        fields = meant[place]
        mine = [it for it in fields or [] if it not in seen and (len(fields or []) == 1 or it not in own)]
        seen.update(mine)
        held.append(mine)
        codes = ["quote_broken"] if place in header.stray else []
        codes += ["unknown_column"] if fields is None else ["duplicate_column"] if fields and not mine else []
        found += [(header.line, clean(name), code) for code in (["undecodable"] if damaged(name) else codes)]
    for name in ("login", "email", "firstName", "lastName"):
        if name not in seen:
            found.append((header.line, name, "missing_column"))
    if header.opened is None:
        judged.findings += found
    return held


def meaning(name: str) -> list[str] | None:
    simple = re.sub(r"\s", "", name).casefold()
    for okta in OKTA:
        if simple == okta.casefold():
            return [okta]
    if simple.endswith("[readonly]"):
        return []  # what Google's download has beyond its upload
    inside = re.findall(r"\[(.*?)\]", simple)
    for word in (simple, *inside, re.sub(r"\[.*?\]", "", simple)):
        for okta in OKTA:
            if word == okta.casefold():
                return [okta]
        if word in ELSEWHERE:
            return ELSEWHERE[word]
    return None


def judge_row(row: Row, judged: Judged, fields: list[list[str]], logins: set[str]) -> None:
    def found(code: str, place: int | None = None) -> None:
        column = judged.columns[place] if place is not None and place < len(judged.columns) else None
        judged.findings.append((row.line if row.opened is None else row.opened, column, code))

    if row.opened is not None:
        return found("quote_unclosed")
    if len(row.cells) != len(fields):
        found("row_too_short" if len(row.cells) < len(fields) else "row_too_long")
        for place in sorted(row.stray):
            found("quote_broken", place)
        return None
    for place, cell in enumerate(row.cells):
        if damaged(cell):
            found("undecodable", place)
            continue
        codes = ["quote_broken"] if place in row.stray else []
        codes += cell_codes(cell, fields[place], logins)
        codes += ["control_character"] if any(ord(sign) in CONTROLS for sign in cell) else []
        for code in codes:
            found(code, place)
    return None


def cell_codes(cell: str, fields: list[str], logins: set[str]) -> Iterator[str]:
    wanted = set(fields)
    if wanted & {"login", "email", "firstName", "lastName"} and cell.strip() == "":
        yield "missing_value"
        return
    if wanted and len(cell) > (50 if wanted & {"firstName", "lastName"} else 100):
        yield "too_long"
    if cell.strip() == "":
        return
    if wanted & {"login", "email"} and not valid_email(cell):
        yield "email_invalid"
    if "login" in wanted:
        letters = unicodedata.normalize("NFKD", cell.strip().casefold())
        login = "".join(letter for letter in letters if unicodedata.combining(letter) == 0)
        if login in logins:
            yield "duplicate_identifier"
        logins.add(login)
    if wanted & {"mobilePhone", "primaryPhone"} and (code := phone_code(cell)):
        yield code


def valid_email(cell: str) -> bool:
    try:
        validate_email(cell, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


def phone_code(cell: str) -> str:
    try:
        n = phonenumbers.parse(cell, "US")
    except phonenumbers.NumberParseException:
        return "phone_invalid"
    if n.country_code != 1:
        return "phone_not_us"
    if not phonenumbers.is_valid_number(n):
        return "phone_invalid"
    if phonenumbers.number_type(n) == phonenumbers.PhoneNumberType.TOLL_FREE:
        return "phone_toll_free_800_888" if str(n.national_number)[:3] in ("800", "888") else "phone_toll_free_other"
    if phonenumbers.region_code_for_number(n) != "US":
        return "phone_not_us"
    if n.extension:
        return "phone_extension"
    return "phone_letters" if any(sign.isalpha() for sign in cell) else ""
