"""Polluted files of users, made from a seed: every kind of dirt of the rules, in every dialect."""

import random

HEADERS = (
    "login,firstName,lastName,email,title,mobilePhone,primaryPhone,city,startDate",
    "Login,First Name,LAST NAME, email ,nickName,MobilePhone,primaryPhone,Badge number,startdate",
    "email,login,firstName,lastName,mobilePhone,email,department,Password,primaryPhone",
    "login,firstName,email,mobilePhone,primaryPhone,manager,city,state,",
    (
        "User name [userPrincipalName] Required,First name [givenName],Last name [surname],Name [displayName] Required,"
        "Block sign in (Yes/No) [accountEnabled] Required,Mobile phone [mobile],Office phone [telephoneNumber],"
        "City [city],Country or region [country]"
    ),
    (
        "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
        "Org Unit Path [Required],Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Mobile Phone,Employee ID"
    ),
)
NAMES = ("Ada", "Grace", "Zoë", "Søren", "José", "Müller", "O'Brien", "李", "Łukasz", "Ana María", "x" * 50, "x" * 51)
PHONES = (
    "415-555-2671", "+1 (415) 555-2671", "1 415 555 2671", "4155552671", "415.555.2671", "800-555-0199",
    "1-888-555-0142", "877-466-7724", "+1 833 466 7724", "+44 20 7946 0958", "+49 30 901820", "613-232-1000",
    "787-764-0000", "671-646-1234", "876-926-3590", "415-555-2671 x42", "415-555-2671 ext. 7", "415-555-CALL",
    "1-800-FLOWERS", "Tel: 415-555-2671", "tel:+1-415-555-2671", "555-0100", "n/a", "-", "0", "900-555-1234",
    "500-555-1234", "911", "+1", "+999 1234567", "４１５５５５２６７１", "٤١٥٥٥٥٢٦٧١", "415\u00a0555\u00a02671",
    "\u200b415-555-2671", "415-555-2671\u202c", "1" * 251, "(415) 555-2671;ext=3", "613-232-1000 x5", "800-555-0199 x1",
)  # fmt: skip
ADDRESSES = (
    "ada@example.com", "ADA@example.com", " ada@example.com", "ada@example.com ", "adá@example.com",
    "a\u0301da@example.com",
    "ada@example", "ada.example.com", "@example.com", "ada@@example.com", "ada@exa mple.com", "ada@-example.com",
    "ada..l@example.com", "ada+tag@example.com", "ad\u200ba@example.com", "ada@bücher.example.com", "ﬁn@example.com",
    "fin@example.com", "STRASSE@example.com", "straße@example.com", f"{'a' * 64}@example.com",
    f"{'a' * 65}@example.com", f"ada@{'b' * 60}.{'c' * 60}.com", '"ada l"@example.com', "ada@[127.0.0.1]",
    "ada@localhost",
)  # fmt: skip
TEXTS = ("", " ", "\t", "\u00a0", "IT", "Head of, everything", "Smith; John", 'the "boss"', "two\nlines", "cr\rhere",
         "three\r\nlines\n", "nul\0here", "bell\x07", "\ufeffmark", "\u2066bidi", "\x85", "=1+1", "y" * 100, "y" * 101,
         " " * 101, "😀" * 100, "\u0301")  # fmt: skip
ENDS = ("\r\n", "\n", "\r")
BYTES = (
    b"\xff",
    b"\xe9",
    b"\x81",
    b"\x00",
    b'"',
    b'""',
    b"\n",
    b"\r",
    b",",
    b";",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xf0\x9f",
)


def polluted(seed: int, rows: int = 60) -> bytes:
    """A file of users with about `rows` rows. The same seed gives the same bytes."""
    chance = random.Random(seed)
    delimiter = chance.choice(",,,;\t")
    end = chance.choice(ENDS)
    header = [quoted(name, delimiter, chance, 0.2) for name in HEADERS[seed % len(HEADERS)].split(",")]
    lines = [*_opening(chance, delimiter, end), delimiter.join(header) + end]
    for number in range(rows):
        lines.append(_row(number, len(header), delimiter, chance) + (chance.choice(ENDS) if seed % 3 == 0 else end))
        if chance.random() < 0.03:
            lines.append(chance.choice(["", "  ", "\t ", delimiter * (len(header) - 1), '""']) + end)
    text = "".join(lines)
    return _encoded(text.rstrip("\r\n") if chance.random() < 0.3 else text, chance)


def _opening(chance: random.Random, delimiter: str, end: str) -> list[str]:
    kinds = [[], [], [], [f"sep={delimiter}{end}"], [f"version:v1.0{end}"], [end, f"  {end}"]]
    if chance.random() < 0.05:
        return [f"sep={delimiter}{end}", end, f"version:v1.0{end}"]
    return chance.choice(kinds)


def _row(number: int, width: int, delimiter: str, chance: random.Random) -> str:
    """Cells that suit some column or other: the order is nobody's, so every rule meets every text."""
    login = f"user{number}@example.com" if chance.random() < 0.8 else chance.choice(ADDRESSES)
    cells = [login, chance.choice(NAMES), chance.choice(NAMES), login]
    cells += [chance.choice(chance.choice((PHONES, TEXTS, ("IT",), ("",)))) for _ in range(width)]
    if chance.random() < 0.3:
        chance.shuffle(cells)
    cells = cells[:width]
    if chance.random() < 0.05:
        cells = cells[: chance.randrange(1, width)] if chance.random() < 0.5 else [*cells, "more", 'st"ray']
    return delimiter.join(quoted(cell, delimiter, chance, 0.04) for cell in cells)


def quoted(cell: str, delimiter: str, chance: random.Random, dirt: float) -> str:
    """A cell as a file has it: in quotes where it must be, and sometimes wrongly."""
    if chance.random() < dirt / 2:
        wrong = (
            f'"{cell}',
            f'{cell}"',
            f'"{cell}"x',
            f'x"{cell}"',
            f'"{cell}" ',
            f' "{cell}"',
            f'"{cell}"""',
            f'""{cell}',
        )
        return chance.choice(wrong)
    if any(sign in cell for sign in f'{delimiter}"\r\n') or chance.random() < 0.1:
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell


def _encoded(text: str, chance: random.Random) -> bytes:
    codec = chance.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "cp1252"])
    if not codec.startswith("utf-16"):
        return _damaged(text.encode(codec, "replace"), chance)
    if chance.random() < 0.5:  # half of a character beyond U+FFFF, or half of any at the end
        at = chance.randrange(len(text))
        text = text[:at] + "\ud83d" + text[at:]
    data = text.encode(codec, "surrogatepass")
    data = data[:-1] if chance.random() < 0.2 else data
    return b"\xfe\xff" + data if codec == "utf-16-be" and chance.random() < 0.5 else data


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes that were lost, added or changed on the way."""
    for _ in range(chance.choice([0, 0, 0, 1, 3, 8])):
        at = chance.randrange(4, len(data))
        data = data[:at] + chance.choice(BYTES) + data[at + chance.choice([0, 1, 2]) :]
    return data
