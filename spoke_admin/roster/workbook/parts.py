"""What a zip holds as a workbook: its sheets, where their parts are, how its cells are formatted.

The parts read here are small. Their XML may declare no entities, so nothing in it can grow.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import Source
from spoke_admin.roster.workbook.zip_directory import Entry, damaged, entries_of, folded, unpacked

LONGEST_PART = 32 * 1024 * 1024  # bytes; formats of a much copied workbook can reach some
DEEPEST = 100
MOST_FORMATS = 65_536  # Excel: 65,490 cell formats
AS_WORKBOOK = "Open it in a spreadsheet and save it as .xlsx or as CSV (UTF-8)."
ANOTHER_FILE = "Choose the workbook or the CSV file of users."

_KINDS = (  # by the beginning of an entry's name
    ("xl/workbook.bin", "a binary workbook (.xlsb)", AS_WORKBOOK),
    ("word/", "a Word document", ANOTHER_FILE),
    ("ppt/", "a presentation", ANOTHER_FILE),
    ("content.xml", "an OpenDocument file", AS_WORKBOOK),
    ("index/", "a document of Numbers, Pages or Keynote", AS_WORKBOOK),
    ("meta-inf/manifest.mf", "a Java program", ANOTHER_FILE),
)
_INSIDE = (".xlsx", ".xlsm", ".csv", ".tsv", ".txt")

_Take = Callable[[str, dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    entry: Entry | None  # None: no table of cells but a chart, a dialog or macros
    visible: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """`strings` is the table of texts that cells share; `styles` the formats of cells, as XML of our own."""

    sheets: list[Sheet]
    strings: Entry | None
    styles: bytes
    since_1904: bool


@dataclass(slots=True)
class _Index:
    """xl/workbook.xml as it is read."""

    sheets: list[tuple[str, str, bool]] = field(default_factory=list)  # name, relationship, visible
    since_1904: bool = False
    is_workbook: bool | None = None


def workbook_of(source: Source, look: Callable[[], None] = lambda: None) -> Workbook:
    """Raises AdminError: damaged, a bomb, or no workbook, then what it is instead."""
    entries = entries_of(source)
    part = _workbook_part(source, entries, look)
    index = _Index()
    _parse(source, entries[part], lambda name, values: _take_index(source.path, entries, index, name, values), look)
    folder, base = posixpath.split(part)
    links = _links(source, entries, posixpath.join(folder, "_rels", base + ".rels"), look)
    by_kind = dict(links.values())
    styles = by_kind.get("styles")
    return Workbook(
        [_sheet(source.path, name, links.get(link), visible) for name, link, visible in index.sheets],
        by_kind.get("sharedStrings"),
        _formats(source, styles, look) if styles else b"",
        index.since_1904,
    )


def _sheet(path: Path, name: str, link: tuple[str, Entry | None] | None, visible: bool) -> Sheet:
    if link is None or link == ("worksheet", None):
        raise damaged(path, f"The sheet {name[:200]} is not in it.")
    kind, entry = link
    return Sheet(name, entry if kind == "worksheet" else None, visible)


def _workbook_part(source: Source, entries: Mapping[str, Entry], look: Callable[[], None]) -> str:
    """The folded name of the part that lists the sheets."""
    links = _links(source, entries, "_rels/.rels", look)
    found = [folded(entry.name) for kind, entry in links.values() if entry and kind == "officeDocument"]
    for name in (*found, "xl/workbook.xml"):
        if name in entries and name.endswith(".xml") and not name.startswith(("word/", "ppt/")):
            return name
    raise _no_workbook(source.path, entries)


def _no_workbook(path: Path, entries: Mapping[str, Entry]) -> AdminError:
    for start, kind, remedy in _KINDS:
        if any(name.startswith(start) for name in entries):
            return AdminError(f"{path} is {kind}, not a workbook that can be read.", remedy)
    inside = next((entry.name for name, entry in entries.items() if name.endswith(_INSIDE)), None)
    if inside:
        return AdminError(f"{path} is a zip file, not a workbook.", f"Unpack it, then choose {inside[:200]}.")
    return AdminError(f"{path} is a zip file, not a workbook.", ANOTHER_FILE)


def _take_index(path: Path, entries: Mapping[str, Entry], index: _Index, name: str, values: Mapping[str, str]) -> None:
    """Of an element of xl/workbook.xml: what is needed."""
    if index.is_workbook is None:
        index.is_workbook = name == "workbook"
        if not index.is_workbook:
            raise _no_workbook(path, entries)
    if name == "sheet":
        link = next((value for key, value in values.items() if key.endswith(" id")), "")
        index.sheets.append((values.get("name", ""), link, values.get("state", "visible") == "visible"))
    elif name == "workbookPr":
        index.since_1904 = values.get("date1904") in ("1", "true", "on")


def _links(
    source: Source, entries: Mapping[str, Entry], part: str, look: Callable[[], None]
) -> dict[str, tuple[str, Entry | None]]:
    """What the relationships in `part` lead to, by their id: kind and entry. None where they lead nowhere."""
    entry = entries.get(folded(part))
    if entry is None:
        return {}
    folder = posixpath.dirname(posixpath.dirname(part))
    links = dict[str, tuple[str, Entry | None]]()

    def take(name: str, values: dict[str, str]) -> None:
        if name != "Relationship" or values.get("TargetMode") == "External":
            return
        target = values.get("Target", "")
        places = (posixpath.normpath(posixpath.join("/" + folder, target)), target)  # some write the folder twice
        found = next((entries[folded(place)] for place in places if folded(place) in entries), None)
        links.setdefault(values.get("Id", ""), (values.get("Type", "").rpartition("/")[2], found))

    _parse(source, entry, take, look)
    return links


def _formats(source: Source, entry: Entry, look: Callable[[], None]) -> bytes:
    """The number formats of cells alone: colours, fonts and borders can be a thousand times larger."""
    codes = list[tuple[str, str]]()
    cells = list[str]()
    within = ""

    def take(name: str, values: dict[str, str]) -> None:
        nonlocal within
        if name in ("cellXfs", "cellStyleXfs", "dxfs"):
            within = name
        elif name == "numFmt" and within != "dxfs":
            codes.append((values.get("numFmtId", ""), values.get("formatCode", "")))
        elif name == "xf" and within == "cellXfs":
            cells.append(values.get("numFmtId", "0"))
        if len(codes) > MOST_FORMATS or len(cells) > MOST_FORMATS:
            raise damaged(source.path, f"It has more than {MOST_FORMATS:,} formats of cells.")

    _parse(source, entry, take, look)
    written = ["<styleSheet><numFmts>"]
    written += (f"<numFmt numFmtId={quoteattr(key)} formatCode={quoteattr(code)}/>" for key, code in codes)
    written += (
        "</numFmts><cellXfs>",
        *(f"<xf numFmtId={quoteattr(key)}/>" for key in cells),
        "</cellXfs></styleSheet>",
    )
    return "".join(written).encode()


def _parse(source: Source, entry: Entry, take: _Take, look: Callable[[], None]) -> None:
    """Calls `take` with each element's local name and its attributes, those in a namespace as "namespace name"."""
    if entry.size > LONGEST_PART:
        raise damaged(source.path, f"{entry.name} has {entry.size:,} bytes.")
    parser, depth = expat.ParserCreate(namespace_separator=" "), 0

    def start(name: str, values: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:  # each level takes memory
            raise damaged(source.path, f"{entry.name} has more than {DEEPEST} elements inside each other.")
        take(name.rpartition(" ")[2], values)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = lambda *_: refuse_doctype(source.path)
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        for piece in unpacked(source, entry, look):
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003  (the C function knows no keywords)
    except (expat.ExpatError, LookupError, ValueError) as fault:  # the latter two: an encoding that no one knows
        raise damaged(source.path, f"{entry.name}: {fault}.") from None


def refuse_doctype(path: Path) -> NoReturn:
    raise AdminError(
        f"{path} declares entities, which no workbook needs.",
        "They can fill the memory: ask whoever sent it, or save the sheet as CSV (UTF-8).",
    )
