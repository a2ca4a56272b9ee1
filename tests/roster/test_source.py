"""What is no ordinary file is refused in words, at once."""

import os
import socket
from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import holds_workbook, opened


def refusal(path: Path) -> AdminError:
    with pytest.raises(AdminError) as caught, opened(path):
        pass
    assert caught.value.title.endswith(".")
    assert caught.value.remedy
    return caught.value


def test_an_ordinary_file_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(b"login\n")
    with opened(path) as source:
        assert source.size == 6
        assert source.file.read() == b"login\n"
        source.refuse_if_changed()
    assert source.file.closed


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert "not an ordinary file" in refusal(tmp_path / "socket").title
    assert "not an ordinary file" in refusal(tmp_path / "pipe").title
    assert "not an ordinary file" in refusal(Path("/dev/zero")).title
    assert "is a folder" in refusal(tmp_path).title
    assert "There is no file" in refusal(tmp_path / "none.csv").title
    assert "cannot be read" in refusal(tmp_path / ("x" * 300)).title
    assert "cannot be read" in refusal(Path("nul\0byte")).title


def test_a_pipe_that_takes_the_place_of_a_file_does_not_hold_us_up(tmp_path: Path) -> None:
    class Swapped(type(tmp_path)):  # type: ignore[misc]  # the class of paths depends on the system
        def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
            found: os.stat_result = super().stat(follow_symlinks=follow_symlinks)
            self.unlink()
            os.mkfifo(self)
            return found

    path = Swapped(tmp_path / "users.csv")
    path.write_bytes(b"login\n")
    assert "not an ordinary file" in refusal(path).title


def test_links(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    assert "cannot be read" in refusal(tmp_path / "loop").title
    assert "There is no file" in refusal(tmp_path / "dangling").title


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    assert "is empty" in refusal(tmp_path / "empty.csv").title


def test_a_fault_while_reading_is_told_like_one_at_opening(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_bytes(b"login\n")
    with pytest.raises(AdminError, match="cannot be read") as caught, opened(tmp_path / "users.csv"):
        raise OSError(5, "Input/output error")
    assert caught.value.detail == "Input/output error"


@pytest.mark.parametrize("change", ["grow", "shrink", "same size"])
def test_a_file_that_is_written_to_meanwhile(tmp_path: Path, change: str) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(b"login\n")
    os.utime(path, ns=(1, 1))
    with opened(path) as source:
        path.write_bytes({"grow": b"login\nada\n", "shrink": b"l", "same size": b"LOGIN\n"}[change])
        with pytest.raises(AdminError, match="was changed while it was read"):
            source.refuse_if_changed()


def test_a_file_that_is_removed_meanwhile_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(b"login\n")
    with opened(path) as source:
        path.unlink()
        assert source.file.read() == b"login\n"
        source.refuse_if_changed()


@pytest.mark.parametrize(
    ("name", "start", "wanted"),
    [
        ("users.xlsx", b"PK\x03\x04", True),
        ("users", b"PK\x03\x04", True),
        ("users.XLS", b"\xd0\xcf\x11\xe0", True),
        ("users.csv", b"PK\x03\x04", False),
        ("users.csv", b"login", False),
        ("users", b"PK", False),
    ],
)
def test_what_is_read_as_a_workbook(tmp_path: Path, name: str, start: bytes, *, wanted: bool) -> None:
    (tmp_path / name).write_bytes(start)
    with opened(tmp_path / name) as source:
        assert holds_workbook(source) is wanted
        assert source.file.tell() == 0


def test_a_name_that_says_another_thing_and_a_sheet_of_a_text(tmp_path: Path) -> None:
    for name, sheet, words in (("users.xlsx", None, "is no workbook, although"), ("users.csv", "A", "has no sheet A")):
        (tmp_path / name).write_bytes(b"login\n")
        with opened(tmp_path / name) as source, pytest.raises(AdminError, match=words):
            holds_workbook(source, sheet)
