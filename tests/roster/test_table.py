"""What stands before the header, and the delimiter."""

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.reading import Lines
from spoke_admin.roster.table import Table, open_table
from tests.roster.oracle import lines_of


def table(text: str) -> Table:
    found = open_table(Lines(iter(lines_of(text))))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "delimiter", "header", "line"),
    [
        ("a,b\n", ",", ["a", "b"], 1),
        ("a;b\n", ";", ["a", "b"], 1),
        ("a\tb\n", "\t", ["a", "b"], 1),
        ("a\n", ",", ["a"], 1),
        ("a,b;c\n", ",", ["a", "b;c"], 1),  # as many of each: the first named
        ("a;b;c,d\n", ";", ["a", "b", "c,d"], 1),
        ('"a,b,c,d";e\n', ";", ["a,b,c,d", "e"], 1),
        ('"a,\n,,",b;c;d\n', ";", ["a,\n,,,b", "c", "d"], 1),
        ("\n  \n\t\na,b\n", ",", ["a", "b"], 4),
        (",,,\na,b\n", ",", ["a", "b"], 2),
        ('"",""\na,b\n', ",", ["a", "b"], 2),
        ('"\nx",b\n', ",", ["\nx", "b"], 1),
        ("sep=;\na;b\n", ";", ["a", "b"], 2),
        ("SEP=;\r\na;b\n", ";", ["a", "b"], 2),
        ("sep=|\ra|b,c\r", "|", ["a", "b,c"], 2),
        ("sep=\t\na\tb\n", "\t", ["a", "b"], 2),
        ("sep=,\na;b;c;d,e\n", ",", ["a;b;c;d", "e"], 2),
        ("sep=;;;;\na;b\n", ";", ["a", "b"], 2),
        ('"sep=;"\na;b\n', ";", ["a", "b"], 2),
        ("\nsep=;\n\na;b\n", ";", ["a", "b"], 4),
        ('sep="\na,b\n', ",", ['sep="'], 1),
        ("sep=ab\na,b\n", ",", ["sep=ab"], 1),
        ("version:v1.0\na,b\n", ",", ["a", "b"], 2),
        ("version:v1.0,,,,\na;b\n", ";", ["a", "b"], 2),
        ('"version:v1.0"\na,b\n', ",", ["a", "b"], 2),
        ("sep=;\nversion:v1.0\na;b\n", ";", ["a", "b"], 3),
        ("version:v1.0\nversion:v1.0\na,b\n", ",", ["version:v1.0"], 2),
    ],
)
def test_the_header(text: str, delimiter: str, header: list[str], line: int) -> None:
    found = table(text)
    assert found.delimiter == delimiter
    assert found.header.cells == header
    assert found.header.line == line


@pytest.mark.parametrize("text", ["", "\n", " \r\n\t\r", "sep=;\n", "version:v1.0\n\n", ",,,\n"])
def test_no_header(text: str) -> None:
    assert open_table(Lines(iter(lines_of(text)))) is None


def test_rows_follow_with_their_lines() -> None:
    found = table("sep=;\n\na;b\n\n1;2\n")
    assert [(row.line, row.cells) for row in found.rows] == [(5, ["1", "2"])]


def test_a_quote_that_is_opened_in_the_header_and_never_closed() -> None:
    found = table('a,"b,c\n1,2\n3,4\n')
    assert (found.header.unclosed, found.header.cells) == (1, ["a", "b,c"])
    assert [(row.line, row.cells) for row in found.rows] == [(2, ["1", "2"]), (3, ["3", "4"])]


@pytest.mark.parametrize("line", ["x" * 5_000_000, "a" + ",b" * 20_000, "sep=" + ";," * 30_000])
def test_what_is_too_large_for_a_header_is_refused(line: str) -> None:
    with pytest.raises(AdminError, match="The header of the file has"):
        table(f"sep=,\n{line}\n")


@pytest.mark.parametrize("line", ['"' * 3_000_000, '"",' * 1_000_000, '""""', '"""",""'])
def test_odd_first_lines_take_no_time(line: str) -> None:
    found = open_table(Lines(iter([f"{line}\n", "a;b\n"])))
    assert found is not None
    assert found.header.line == (2 if line.startswith('"",') else 1)
