"""A file is whole at every moment. Kills and errors at each call are injected in test_preferences."""

import os
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


def test_what_is_streamed_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "copy.csv"
    path.write_bytes(b"old")
    with atomic_file.replacing(path) as stream:
        stream.write(b"x" * 100_000)
        assert path.read_bytes() == b"old"
        stream.write(b"y")
    assert path.read_bytes() == b"x" * 100_000 + b"y"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == {"copy.csv"}


@pytest.mark.parametrize("fault", [AdminError("Stopped.", "Start again."), KeyboardInterrupt(), ValueError("x")])
def test_a_stream_that_is_given_up_leaves_nothing(tmp_path: Path, fault: BaseException) -> None:
    (tmp_path / "copy.csv").write_bytes(b"old")

    def give_up() -> None:
        with atomic_file.replacing_all([tmp_path / "copy.csv", tmp_path / "changes.csv"]) as (copy, changes):
            copy.write(b"x")
            changes.write(b"y")
            raise fault

    with pytest.raises(type(fault)):
        give_up()
    assert (tmp_path / "copy.csv").read_bytes() == b"old"
    assert names(tmp_path) == {"copy.csv"}


def test_several_files_take_their_places_together(tmp_path: Path) -> None:
    paths = [tmp_path / "copy.csv", tmp_path / "changes.csv"]
    paths[0].write_bytes(b"old")
    with atomic_file.replacing_all(paths) as streams:
        for number, stream in enumerate(streams):
            stream.write(b"%d" % number)
    assert [path.read_bytes() for path in paths] == [b"0", b"1"]
    assert names(tmp_path) == {"copy.csv", "changes.csv"}


@pytest.mark.parametrize("old", [b"old", None])
def test_where_one_cannot_take_its_place_the_others_give_it_back(tmp_path: Path, old: bytes | None) -> None:
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    if old is not None:
        paths[0].write_bytes(old)

    def write() -> None:
        with atomic_file.replacing_all(paths) as streams:
            for stream in streams:
                stream.write(b"new")
            paths[2].mkdir()  # no file can be renamed to that

    with pytest.raises(AdminError, match="a and b and c could not be saved"):
        write()
    assert (paths[0].read_bytes() if paths[0].exists() else None) == old
    assert names(tmp_path) == ({"a", "c"} if old is not None else {"c"})


def test_without_hard_links_files_are_replaced_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"old")
    with atomic_file.replacing_all(paths) as streams:
        for stream in streams:
            stream.write(b"new")
    assert [path.read_bytes() for path in paths] == [b"new", b"new"]
    assert names(tmp_path) == {"a", "b"}


def test_the_target_of_a_link_is_replaced_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    with atomic_file.replacing(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
