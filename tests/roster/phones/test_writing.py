"""How numbers are written: what is read, and what is left to the library."""

import pytest

from spoke_admin.roster.phones.prefixes import EXTENSION, LETTERS, TAKEN
from spoke_admin.roster.phones.writing import Shape, Written, read, shape_of


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(415) 555-2671", Written(plus=False, digits="4155552671", if_taken=TAKEN)),
        ("+1 [415] 555.2671;", Written(plus=True, digits="14155552671", if_taken=TAKEN)),
        ("\u202a415\u00a0555\u20112671\u202c", Written(plus=False, digits="4155552671", if_taken=TAKEN)),
        ("\uff0b\uff11 \uff14\uff11\u0665", Written(plus=True, digits="1415", if_taken=TAKEN)),
        ("Tel. 415 555/2671", Written(plus=False, digits="4155552671", if_taken=LETTERS)),
        ("tél 415-555-2671 x5", Written(plus=False, digits="4155552671", if_taken=EXTENSION)),
        ("415-555-2671 Ext. 12", Written(plus=False, digits="4155552671", if_taken=EXTENSION)),
        ("415-555-2671 # 12", Written(plus=False, digits="4155552671", if_taken=EXTENSION)),
        ("1-800-FLOWERS", Written(plus=False, digits="18003569377", if_taken=LETTERS)),
        ("415-555-2671 ab", Written(plus=False, digits="4155552671", if_taken=LETTERS)),
        ("415-CALL-123 (4)", Written(plus=False, digits="41522551234", if_taken=LETTERS)),
        ("n/a", Written(plus=False, digits="", if_taken=LETTERS)),
        ("\n", Written(plus=False, digits="", if_taken=TAKEN)),
    ],
)
def test_what_is_read(text: str, written: Written) -> None:
    assert read(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "415-555-2671 / x5", "415/555/2671 x5", "415-555-2671;ext=5", "415-555-2671,5", "415-555-2671 ,, 5", "41 x5",
        "415~5552671", "415-555*2671", "++14155552671", "415+5552671", ";4155552671", "415-555-2671 x5 x6",
        "415_5552671",
        "415-555-2671 x1234567890", "415-555-NEXT 5", "415-555-HELLO-5", "41 FLOWERS", "415-555-2671\n415-555-2671",
        "1-800-FLOWER\uff15", "415-555-267²", "2671;phone-context=+1415", "415\u30fc555\u30fc2671",
    ],
)  # fmt: skip
def test_what_is_left_to_the_library(text: str) -> None:
    assert read(text) is None
    assert shape_of(text.encode()) is None


@pytest.mark.parametrize(
    ("cell", "shape"),
    [
        ("(000) 000", Shape(plus=False, places=(1, 2, 3, 6, 7, 8), if_taken=TAKEN)),
        ("№ 000\u20110 x00", Shape(plus=False, places=(4, 5, 6, 10), if_taken=EXTENSION)),
        ("a+0", Shape(plus=True, places=(2,), if_taken=LETTERS)),
        ("000\uff10", None),
        ("000-AAAA", None),
    ],
)
def test_what_cells_of_one_shape_have_in_common(cell: str, shape: Shape | None) -> None:
    assert shape_of(cell.encode()) == shape
