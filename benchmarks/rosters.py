"""Files of users to measure with, made from a seed: realistic, clean or dirty. UTF-8, commas, CRLF, any number of rows.

`python benchmarks/rosters.py PATH KIND ROWS [SEED]`. Every login is there once, but for the rows spoilt to repeat one.
The same seed gives the same bytes.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = (
    "login,firstName,lastName,email,title,manager,mobilePhone,primaryPhone,department,city,state,countryCode,startDate"
)
DIRTY_HEADER = (
    "Login, first name ,LASTNAME,email,title,Badge holder,mobilePhone,primaryPhone,department,city,title,countryCode,"
    "startDate"
)
LOGIN, FIRST, LAST, EMAIL, TITLE, MANAGER, MOBILE, PHONE, DEPARTMENT, CITY, STATE, COUNTRY, START = range(13)
END = "\r\n"

FIRST_NAMES, LAST_NAMES = 2_000, 20_000
PEOPLE = FIRST_NAMES * LAST_NAMES  # pairs of names: the most rows a file can have
STEP = 24_721_357  # coprime to PEOPLE: row * STEP visits every pair once, in no order one could see
DOMAINS, DOMAIN_PLACES = 300, 751  # the main domain has the places beyond the first of each: 60 of 100
PHONE_HEADS, MANAGERS = 40_000, 5_000
WITH_DIACRITICS, WITH_APOSTROPHE, NO_MOBILE, NO_PHONE, OTHER_ADDRESS = 0.06, 0.02, 0.25, 0.1, 0.08  # shares

STRETCH = 10_000  # rows made at once
QUOTE_FREE = 1_000  # the last of them in a dirty file: over the 64 KiB after which a quote counts as never closed


def _words(text: str, between: str = " ") -> list[str]:
    return text.split(between)


STARTS = _words(
    "Al An Ar Be Bra Ca Cha Chri Da De Do E El Fi Fre Ga Ge Gra Ha He Hu I Ja Jo Ju Ka Ke La Le Li Lu Ma Me Mi Na Ni "
    "No O Pa Pe Phi Ra Re Ro Sa Se Ste Ta Te Tho U Va Vi Wa We Wi Ya Yo Za"
)
MIDDLES = _words("b d der l ll m n nn r ri s st t ti v vi")
FIRST_ENDS = _words("a ah as e el en ette ia ie in ina is o on or us y yn")
LAST_ENDS = _words(
    "a aldi ard berg by ck don dsen elli er ez feld ford gren ham ic ides inen ing kar ke ler ley man mura nik off "
    "os quist rad sen ski son stein stra ti ton velt wala well witz wood worth yan"
)
ACCENTED = ("aá", "eé", "ií", "oö", "oø", "uü", "nñ", "sš", "lł")
COMPANIES = _words(
    "alder birch cedar copper delta ember falcon granite harbor iron juniper keystone lumen maple north olive"
)
TRADES = _words(
    "forge works labs bank freight foods health media motors mutual optics paper rail retail robotics steel systems "
    "tools travel water"
)
SENIORITY = ("", "Junior ", "Senior ", "Lead ", "Principal ", "Assistant ", "Chief ", "Deputy ")
JOBS = _words(
    "Accountant Analyst Architect Buyer Consultant Controller Counsel Designer Developer Engineer Nurse Planner "
    "Producer Recruiter Researcher Scientist Surveyor Technician Trainer Writer"
)
UNITS = _words("Benefits Claims Compliance Facilities Finance Legal Logistics Payroll Research Sales Security Support")
REGIONS = _words("Americas EMEA North South East West")
PLACES = _words(  # three cells each
    "Austin,TX,US|Atlanta,GA,US|Boston,MA,US|Chicago,IL,US|Dallas,TX,US|Denver,CO,US|Houston,TX,US|Los Angeles,CA,US|"
    "Miami,FL,US|New York,NY,US|Oakland,CA,US|Philadelphia,PA,US|Phoenix,AZ,US|Portland,OR,US|San Francisco,CA,US|"
    "Seattle,WA,US|St. Louis,MO,US|Toronto,ON,CA|London,,GB|Zürich,,CH|,,US|,,",
    "|",
)
AREAS = _words(
    "202 206 212 213 214 215 303 305 312 313 314 404 408 412 415 425 503 512 602 612 614 617 619 702 703 713 718 801 "
    "816 818 901 917 919 972"
)
SHAPES = ("({}) {}-", "{}-{}-", "{}.{}.", "{} {} ", "+1 {}-{}-", "+1{}{}", "{}{}", "1-{}-{}-")


@dataclass(slots=True)
class Row:
    """A row about to be spoilt: its cells as the file has them (in quotes where need be)."""

    cells: list[str]
    earlier: str  # the login of a row before it
    end: str = END


Spoil = Callable[[Row, random.Random], None]


@dataclass(frozen=True)
class Dirt:
    """One kind of dirt. `code`: the finding that it earns, "" for what is odd but right by the rules."""

    name: str
    code: str
    spoil: Spoil


def _put(places: tuple[int, ...], *texts: str) -> Spoil:
    """One of the texts into one of the places; each # becomes a digit."""

    def spoil(row: Row, chance: random.Random) -> None:
        text = chance.choice(texts)
        while "#" in text:
            text = text.replace("#", chance.choice("0123456789"), 1)
        row.cells[chance.choice(places)] = text

    return spoil


def _insert(places: tuple[int, ...], *texts: str) -> Spoil:
    """One of the texts behind the first character of one of the places."""

    def spoil(row: Row, chance: random.Random) -> None:
        place = chance.choice(places)
        row.cells[place] = row.cells[place][:1] + chance.choice(texts) + row.cells[place][1:]

    return spoil


def _repeat_login(row: Row, chance: random.Random) -> None:
    row.cells[LOGIN] = chance.choice((row.earlier, row.earlier.upper(), row.earlier.replace("a", "á", 1)))


def _drop_cells(row: Row, chance: random.Random) -> None:
    del row.cells[chance.randrange(2, len(row.cells)) :]


def _add_cells(row: Row, chance: random.Random) -> None:
    row.cells.extend(["more"] * chance.randrange(1, 4))


def _end_otherwise(row: Row, chance: random.Random) -> None:
    row.end = chance.choice(("\n", "\r", "\r\n\r\n", "\r\n  \r\n"))


PHONES, NAMES, TEXTS = (MOBILE, PHONE), (FIRST, LAST), (TITLE, MANAGER, DEPARTMENT)
FAULTS = (
    Dirt("foreign phone", "phone_not_us", _put(PHONES, "+44 20 7### ####", "+49 30 9018####", "(613) 23#-####")),
    Dirt("800 or 888", "phone_toll_free_800_888", _put(PHONES, "1-800-55#-####", "(888) 55#-####", "+1 888 55# ####")),
    Dirt("extension", "phone_extension", _put(PHONES, "415-55#-#### x##", "(415) 55#-#### ext. 7#")),
    Dirt("no address", "email_invalid", _put((LOGIN, EMAIL), "ada#####", "ada@@#####.com", "a..b#@example.com")),
    Dirt("login again", "duplicate_identifier", _repeat_login),
    Dirt("nothing where something must be", "missing_value", _put((LOGIN, *NAMES, EMAIL), "", " ")),
    Dirt("too few cells", "row_too_short", _drop_cells),
    Dirt("too many cells", "row_too_long", _add_cells),
    Dirt("control character", "control_character", _insert((*NAMES, TITLE), "\0", "\7", "\u200b", "\ufeff", "\x85")),
    Dirt("too long", "too_long", _put((*NAMES, TITLE, CITY, START), "long " * 25, "é" * 101)),
)  # fmt: skip
QUOTED = (
    Dirt("doubled quotes", "", _put(TEXTS, '"Head of ""special"" projects"', '"Chief ""people"" officer, acting"')),
    Dirt("several lines", "", _put(TEXTS, '"Building 7\nRoom ###"', '"Works from\r\nhome, on\r\nMondays"')),
)
MORE_FAULTS = (
    Dirt("toll-free, neither 800 nor 888", "phone_toll_free_other", _put(PHONES, "877-46#-####", "+1 833 46# ####")),
    Dirt("letters", "phone_letters", _put(PHONES, "Tel: 415-55#-####", "tel:+1-415-55#-####", "415-55#-CALL")),
    Dirt("no phone", "phone_invalid", _put(PHONES, "55#-0100", "n/a", "-", "ask reception", "+999 12345##", "#")),
    Dirt("hidden in a phone", "control_character", _put(PHONES, "\u200b415-55#-####", "415-55#-####\u202c")),
    Dirt("blank by an address", "email_invalid", _put((LOGIN, EMAIL), " a#####@example.com", "a####@example.com\t")),
    Dirt("bytes lost", "undecodable", _insert((*NAMES, TITLE, CITY), "\udcff", "\udce9", "\udcc3", "\udcf0\udc9f")),
    Dirt("digits of other scripts", "", _put(PHONES, "４１５５５５２６７１", "٤١٥٥٥٥٢٦٧١", "415\u00a055#\u00a0####")),
    Dirt("international address", "", _put((LOGIN, EMAIL), "adá######@example.com", "ada######@bücher.example.com")),
    Dirt("line end of another kind", "", _end_otherwise),
)  # fmt: skip
MORE_QUOTED = (
    Dirt("stray quote", "quote_broken", _put(TEXTS, 'Head of "special" projects', '19" rack fitter', ' "IT"')),
    Dirt("text behind a quote", "quote_broken", _put(TEXTS, '"IT"x', '"Sales, North" ', '"two\nlines" more')),
    Dirt("quotes without need", "", _put((TITLE, DEPARTMENT, CITY), '"IT"', '"Sales"', '""')),
    Dirt("quote that a later cell closes", "", _put(TEXTS, '"IT', '"Sales, North')),
)
UNCLOSED = Dirt("quote that is never closed", "quote_unclosed", _put((DEPARTMENT,), '"IT', '"Sales, North'))

Shares = tuple[tuple[float, tuple[Dirt, ...]], ...]


@dataclass(frozen=True)
class Kind:
    """Shares of the rows with what spoils them. `quote_free`: of the rows after a quote that is never closed."""

    header: str
    quotes: bool
    spoilt: Shares = ()
    quote_free: Shares = ()


KINDS = {
    "realistic": Kind(HEADER, quotes=True, spoilt=((0.01, FAULTS), (0.002, QUOTED))),
    "clean": Kind(HEADER, quotes=False),
    "dirty": Kind(
        DIRTY_HEADER,
        quotes=True,
        spoilt=((0.3, FAULTS + MORE_FAULTS + QUOTED + MORE_QUOTED),),
        quote_free=((0.3, FAULTS + MORE_FAULTS),),
    ),
}


class People:
    """Cells of people, put together from pools."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        first, last = _names(chance, FIRST_ENDS, FIRST_NAMES), _names(chance, LAST_ENDS, LAST_NAMES)
        for at in chance.sample(range(LAST_NAMES), round(LAST_NAMES * WITH_APOSTROPHE)):
            last[at] = chance.choice(("O'", "D'")) + last[at]
        self._locals = [[name.lower() for name in names] for names in (first, last)]
        self._names = [[_accented(name, chance) for name in names] for names in (first, last)]
        self._domains = _domains(chance)
        self._heads = [
            chance.choice(SHAPES).format(chance.choice(AREAS), chance.randrange(200, 1000)) for _ in range(PHONE_HEADS)
        ]
        self._tails = [f"{number:04d}" for number in range(10_000)]
        self._dates = [
            f"{y}-{m:02d}-{d:02d}{END}" for y in range(2004, 2026) for m in range(1, 13) for d in range(1, 29)
        ]
        self._texts = {quotes: self._with_commas(quotes) for quotes in (True, False)}
        self._start = chance.randrange(PEOPLE)

    def _with_commas(self, quotes: bool) -> tuple[list[str], list[str], list[str]]:
        """Titles, managers, departments: with `quotes` all managers and a third of the rest, an eighth of all cells."""
        comma = '"{}, {}"' if quotes else "{} {}"
        forms = (comma, "{0} {1}", "{1} {0}")
        first, last = self._names
        return (
            [form.format(how + job, unit) for form in forms for how in SENIORITY for job in JOBS for unit in UNITS],
            [comma.format(self._chance.choice(last), self._chance.choice(first)) for _ in range(MANAGERS)],
            [form.format(unit, region) for form in forms for unit in UNITS for region in REGIONS],
        )

    def login(self, row: int) -> str:
        return self._logins(row, row + 1)[0]

    def _logins(self, begin: int, end: int) -> list[str]:
        first, last = self._locals
        domains = self._domains
        return [
            f"{first[pair // LAST_NAMES]}.{last[pair % LAST_NAMES]}@{domains[pair % DOMAIN_PLACES]}"
            for pair in self._pairs(begin, end)
        ]

    def _pairs(self, begin: int, end: int) -> list[int]:
        return [(row * STEP + self._start) % PEOPLE for row in range(begin, end)]

    def columns(self, begin: int, end: int, *, quotes: bool) -> list[list[str]]:
        """The cells of the rows from `begin` to before `end`, a list for each column.

        City, state and country are in one text, and the line end is in the last column.
        """
        chance, many, pairs = self._chance, end - begin, self._pairs(begin, end)
        first, last = self._names
        titles, managers, departments = self._texts[quotes]
        logins = self._logins(begin, end)
        emails = logins.copy()
        for at in chance.sample(range(many), round(many * OTHER_ADDRESS)):
            emails[at] = logins[at][:1] + logins[at][logins[at].index(".") + 1 :]
        return [
            logins,
            [first[pair // LAST_NAMES] for pair in pairs],
            [last[pair % LAST_NAMES] for pair in pairs],
            emails,
            chance.choices(titles, k=many),
            chance.choices(managers, k=many),
            self._phones(many, NO_MOBILE),
            self._phones(many, NO_PHONE),
            chance.choices(departments, k=many),
            chance.choices(PLACES, k=many),
            chance.choices(self._dates, k=many),
        ]

    def _phones(self, many: int, empty: float) -> list[str]:
        heads, tails = self._chance.choices(self._heads, k=many), self._chance.choices(self._tails, k=many)
        phones = list(map(str.__add__, heads, tails))
        for at in self._chance.sample(range(many), round(many * empty)):
            phones[at] = ""
        return phones


def _names(chance: random.Random, ends: list[str], many: int) -> list[str]:
    """Distinct names in plain letters."""
    return chance.sample(sorted({start + middle + end for start in STARTS for middle in MIDDLES for end in ends}), many)


def _accented(name: str, chance: random.Random) -> str:
    if chance.random() >= WITH_DIACRITICS:
        return name
    fitting = [pair for pair in ACCENTED if pair[0] in name[1:]]
    pair = chance.choice(fitting or ACCENTED)
    return name[:1] + name[1:].replace(pair[0], pair[1], 1)


def _domains(chance: random.Random) -> list[str]:
    companies = [f"{company}{trade}.example.com" for company in COMPANIES for trade in TRADES][:DOMAINS]
    places = companies + companies[:1] * (DOMAIN_PLACES - DOMAINS)
    chance.shuffle(places)
    return places


def make(path: Path, kind: str, rows: int, seed: int = 1) -> Counter[str]:
    """Writes a header and `rows` rows; how many rows each kind of dirt spoilt.

    Raises KeyError for a kind that is not among `KINDS`, ValueError for more rows than there are names.
    """
    if rows > PEOPLE:
        raise ValueError(f"There are names for {PEOPLE:,} rows only.")
    how, chance = KINDS[kind], random.Random(seed)
    people, spoilt = People(chance), Counter[str]()
    with path.open("wb") as file:
        file.write((how.header + END).encode())
        for begin, end, quotes in _stretches(how, rows):
            columns = people.columns(begin, end, quotes=quotes)
            lines = list(map(",".join, zip(*columns, strict=True)))
            for at, dirt in _dirt(how, end - begin, chance, quotes=quotes, last=end == rows):
                earlier = people.login(chance.randrange(max(begin + at, 1)))
                lines[at] = _spoilt([column[at] for column in columns], earlier, dirt, chance)
                spoilt[dirt.name] += 1
            file.write("".join(lines).encode("utf-8", "surrogateescape"))
    return spoilt


def _stretches(how: Kind, rows: int) -> Iterator[tuple[int, int, bool]]:
    """First row, the one after the last, whether their cells may be in quotes."""
    for begin in range(0, rows, STRETCH):
        end = min(begin + STRETCH, rows)
        middle = min(end, begin + STRETCH - QUOTE_FREE) if how.quote_free else end
        yield begin, middle, how.quotes
        if middle < end:
            yield middle, end, False


def _dirt(how: Kind, rows: int, chance: random.Random, *, quotes: bool, last: bool) -> Iterator[tuple[int, Dirt]]:
    """Places among the rows of a stretch, each with what spoils it.

    The first row and the last two are left alone, so that no quote left open reaches another stretch's.
    """
    shares = how.spoilt if quotes else how.quote_free
    kinds = [chance.choice(kinds) for share, kinds in shares for _ in range(round(share * rows))]
    inner = range(1, max(rows - 2, 1))
    yield from zip(chance.sample(inner, min(len(kinds), len(inner))), kinds, strict=False)
    if how.quote_free and not quotes and rows == QUOTE_FREE:  # in fewer, the quote of the last row would close it
        yield 0, UNCLOSED
    if how.quote_free and last:
        yield rows - 1, UNCLOSED


def _spoilt(texts: list[str], earlier: str, dirt: Dirt, chance: random.Random) -> str:
    """The line of a row with the dirt in it."""
    row = Row([*texts[:CITY], *texts[CITY].split(","), texts[-1].removesuffix(END)], earlier)
    dirt.spoil(row, chance)
    return ",".join(row.cells) + row.end


def main() -> None:
    path, kind, rows = sys.argv[1:4]
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    for name, many in make(Path(path), kind, int(rows), seed).most_common():
        print(f"{many:10,}  {name}")


if __name__ == "__main__":
    main()
