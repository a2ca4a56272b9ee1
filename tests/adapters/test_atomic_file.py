"""A file is whole at every moment. Kills and errors at each call are injected in test_preferences."""

import stat
from pathlib import Path

import pytest

from spoke_admin.adapters import atomic_file
from spoke_admin.domain.error import AdminError


def test_a_file_is_made_and_replaced_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    atomic_file.write(path, b"old")
    path.chmod(0o644)
    atomic_file.write(path, b"\0new\n")
    assert path.read_bytes() == b"\0new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == {"report.json"}


def test_whoever_reads_the_old_file_keeps_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    atomic_file.write(path, b"old")
    with path.open("rb") as reading:
        atomic_file.write(path, b"new")
        assert reading.read() == b"old"


def test_a_missing_folder_is_said_with_the_name_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(AdminError) as said:
        atomic_file.write(tmp_path / "none" / "report.json", b"x")
    assert "report.json could not be saved" in said.value.title
    assert str(tmp_path / "none") in said.value.remedy


def test_a_folder_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(AdminError):
        atomic_file.write(tmp_path / "report.json", b"x")
    assert names(tmp_path) == {"report.json"}


def test_leftovers_of_other_files_stay(tmp_path: Path) -> None:
    for name in (".a.json.x1.new", ".b.json.x2.new", "a.json"):
        (tmp_path / name).write_bytes(b"")
    atomic_file.remove_leftovers(tmp_path / "a.json")
    assert names(tmp_path) == {".b.json.x2.new", "a.json"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
