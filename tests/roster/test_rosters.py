"""The files that the benchmarks measure with hold what they promise."""

import csv
import random
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import rosters
from benchmarks.rosters import HEADER, KINDS, LOGIN, STRETCH, UNCLOSED, Dirt, People, make
from spoke_admin.roster.checking import check_file
from tests.roster.oracle import judge
from tests.roster.profiles import ASKSPOKE

DIRT = rosters.FAULTS + rosters.QUOTED + rosters.MORE_FAULTS + rosters.MORE_QUOTED
A_STRETCH_AND_MORE = STRETCH + 500


def records(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    files = [tmp_path / name for name in ("one", "again", "other")]
    spoilt = [make(file, kind, 300, seed) for file, seed in zip(files, (7, 7, 8), strict=True)]
    one, again, other = (file.read_bytes() for file in files)
    assert one == again != other
    assert spoilt[0] == spoilt[1]


@pytest.mark.parametrize("rows", [0, 1, 3, STRETCH, STRETCH + 1])
@pytest.mark.parametrize("kind", ["realistic", "clean"])
def test_as_many_rows_as_asked_for(tmp_path: Path, kind: str, rows: int) -> None:
    make(tmp_path / "users.csv", kind, rows)
    assert len(records(tmp_path / "users.csv")) == rows + 1


@pytest.mark.parametrize("rows", [0, 1, 3, STRETCH, STRETCH + 1])
def test_a_dirty_file_has_a_line_for_each_row_and_some_for_their_dirt(tmp_path: Path, rows: int) -> None:
    spoilt = make(tmp_path / "users.csv", "dirty", rows)
    ends = (tmp_path / "users.csv").read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
    assert 0 <= ends - (rows + 1) <= 2 * spoilt.total()
    assert spoilt.total() == pytest.approx(0.3 * rows, abs=4)


def test_a_clean_file_has_no_fault_and_no_quote_and_no_login_twice(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    assert make(path, "clean", 3_000) == {}
    data = path.read_bytes()
    assert judge(data).findings == []
    assert b'"' not in data
    assert not data.isascii()
    assert len({row[LOGIN].casefold() for row in records(path)}) == 3_001


def test_no_login_is_there_twice_among_many() -> None:
    people = People(random.Random(1))
    columns = [people.columns(begin, begin + 30_000, quotes=True) for begin in (0, 30_000, 39_970_000)]
    assert len({login for column in columns for login in column[LOGIN]}) == 90_000


def test_a_realistic_file_has_few_faults_and_an_eighth_of_its_cells_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    spoilt = make(path, "realistic", A_STRETCH_AND_MORE)
    names = {dirt.name for _share, kinds in KINDS["realistic"].spoilt for dirt in kinds}
    assert set(spoilt) == names
    assert spoilt.total() == pytest.approx(0.012 * A_STRETCH_AND_MORE, abs=3)
    cells = [cell for row in records(path) for cell in row]
    assert 0.11 < sum("," in cell for cell in cells) / len(cells) < 0.14
    domains = Counter(row[LOGIN].rpartition("@")[2] for row in records(path))
    assert 290 < len(domains) < 330
    assert domains.most_common(1)[0][1] == pytest.approx(0.6 * A_STRETCH_AND_MORE, rel=0.03)


@pytest.mark.parametrize("kind", ["realistic", "dirty"])
def test_a_file_earns_every_finding_its_dirt_promises(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "users.csv"
    spoilt = make(path, kind, A_STRETCH_AND_MORE)
    kinds = [dirt for _share, kinds in KINDS[kind].spoilt for dirt in kinds]
    kinds += [UNCLOSED] if KINDS[kind].quote_free else []
    assert set(spoilt) == {dirt.name for dirt in kinds}
    found = check_file(path, ASKSPOKE)
    assert {dirt.code for dirt in kinds} - {""} <= set(found.by_code)
    assert found.encoding == "utf-8"
    if kind == "dirty":
        assert {"unknown_column", "duplicate_column"} < set(found.by_code)
        # one within the file, bounded, and one at its end
        assert found.by_code["quote_unclosed"] >= 2


@pytest.fixture(scope="module")
def people() -> list[list[str]]:
    return People(random.Random(3)).columns(0, 20, quotes=False)


@pytest.mark.parametrize("dirt", DIRT, ids=lambda dirt: dirt.name)
def test_each_kind_of_dirt_earns_its_finding(people: list[list[str]], dirt: Dirt) -> None:
    chance = random.Random(4)
    rows = list(map(",".join, zip(*people, strict=True)))
    for at in range(1, 20):
        spoilt = rosters._spoilt([column[at] for column in people], people[LOGIN][0], dirt, chance)
        text = HEADER + rosters.END + rows[0] + spoilt + "".join(rows[at + 1 :])
        codes = {code for _line, _column, code in judge(text.encode("utf-8", "surrogateescape")).findings}
        if dirt.name == "quote that a later cell closes":
            assert codes == {"quote_unclosed"}  # for want of another quote
        elif dirt.code:
            assert dirt.code in codes
        else:
            assert codes == set()


def test_more_rows_than_there_are_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="40,000,000"):
        make(tmp_path / "users.csv", "clean", 40_000_001)
    assert not (tmp_path / "users.csv").exists()
