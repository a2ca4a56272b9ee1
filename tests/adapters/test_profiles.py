"""Service profiles by name: built in, the admin's own, and broken ones that hide no other."""

import logging
import os
from pathlib import Path

import pytest

from spoke_admin.adapters import profiles
from spoke_admin.adapters.resources import resource
from spoke_admin.domain.error import AdminError

GENERIC = resource("profiles", "generic.toml").read_text(encoding="utf-8")


@pytest.fixture
def own() -> Path:
    folder = profiles.own_folder()
    folder.mkdir(parents=True)
    return folder


def test_the_built_in_ones_are_found_without_any_folder() -> None:
    assert [profile.name for profile in profiles.profiles()] == ["askspoke", "generic"]
    assert profiles.profile("askspoke").title == "askSpoke"
    assert profiles.broken() == []
    assert not profiles.own_folder().exists()


def test_an_own_one_stands_beside_the_built_in(own: Path) -> None:
    text = GENERIC.replace('name = "generic"', 'name = "acme"').replace("SCIM 2.0 service", "Acme Desk")
    (own / "acme.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())  # as Windows' editors save it
    assert profiles.profile("acme").title == "Acme Desk"
    assert [profile.name for profile in profiles.profiles()] == ["acme", "askspoke", "generic"]


def test_an_own_one_replaces_a_built_in_and_the_log_says_so(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    (own / "generic.toml").write_text(GENERIC.replace("SCIM 2.0 service", "Ours"))
    caplog.set_level(logging.INFO)
    assert profiles.profile("generic").title == "Ours"
    assert [record.levelname for record in caplog.records if "generic" in record.getMessage()] == ["INFO"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GENERIC.replace("format = 1", "format = 1\nformat = 1").encode(), "line"),
        (
            GENERIC.replace('deactivation = "disables"', 'deactivation = "sleeps"').encode(),
            "line 13: user.deactivation",
        ),
        (GENERIC.encode(), "says its name is generic"),
        (b"", "format must be 1"),
        (b"\xff\xfe" + GENERIC.encode("utf-16-le"), "not UTF-8"),
        (b"#" * 2_000_000, "larger than 1 MiB"),
    ],
    ids=["toml", "value", "name", "empty", "utf-16", "large"],
)
def test_a_broken_one_is_named_with_its_reason_and_hides_no_other(own: Path, content: bytes, reason: str) -> None:
    (own / "mine.toml").write_bytes(content)
    with pytest.raises(AdminError) as refused:
        profiles.profile("mine")
    assert "mine.toml" in refused.value.title
    assert reason in refused.value.title
    assert [profile.name for profile in profiles.profiles()] == ["askspoke", "generic"]
    assert [fault.title for fault in profiles.broken()] == [refused.value.title]


def test_what_is_no_file_is_passed_over(own: Path) -> None:
    (own / "folder.toml").mkdir()
    (own / "gone.toml").symlink_to(own / "nowhere")
    os.mkfifo(own / "pipe.toml")
    (own / "notes.txt").write_text("x")
    assert [profile.name for profile in profiles.profiles()] == ["askspoke", "generic"]
    assert profiles.broken() == []


@pytest.mark.parametrize("name", ["", "nobody", "../generic", "/etc/passwd", "ASKSPOKE", "x" * 5000, "a\0b", "pipe"])
def test_an_unknown_name_is_answered_with_those_there_are(own: Path, name: str) -> None:
    os.mkfifo(own / "pipe.toml")
    with pytest.raises(AdminError) as refused:
        profiles.profile(name)
    assert refused.value.remedy == "Profiles: askspoke, generic."
    assert len(refused.value.title) < 200
