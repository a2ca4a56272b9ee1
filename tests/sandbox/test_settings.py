"""Tokens: digests only, and an old one that lives exactly as long as was said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spoke_admin.sandbox.database import FILE_NAME, Database
from spoke_admin.sandbox.settings import Saml, Settings
from tests.sandbox.conftest import planted


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path, clock: Clock) -> Iterator[Settings]:
    database = Database(tmp_path)
    yield Settings(database, clock)
    database.close()


def test_a_token_opens_the_door_until_it_is_replaced(settings: Settings) -> None:
    first = settings.connect_scim()
    assert settings.opens(first.reveal())
    assert not settings.opens("")
    assert not settings.opens(first.reveal()[:-1])
    second = settings.new_token(keep_old_s=0)
    assert (settings.opens(first.reveal()), settings.opens(second.reveal())) == (False, True)
    assert settings.token is not None
    assert settings.token.last4 == second.last_four
    settings.disconnect_scim()
    assert not settings.opens(second.reveal())
    assert settings.token is None


def test_the_old_token_lives_as_long_as_was_said(settings: Settings, clock: Clock) -> None:
    first = settings.connect_scim()
    second = settings.new_token(keep_old_s=60)
    clock.moment += timedelta(seconds=59)
    assert settings.opens(first.reveal())
    old = settings.old_token
    assert old is not None
    assert old.last4 == first.last_four
    clock.moment += timedelta(seconds=1)
    assert not settings.opens(first.reveal())
    assert settings.old_token is None
    assert settings.opens(second.reveal())
    assert not settings.end_old_token()


def test_at_most_two_live(settings: Settings) -> None:
    first = settings.connect_scim()
    second = settings.new_token(keep_old_s=60)
    third = settings.new_token(keep_old_s=60)
    assert [settings.opens(token.reveal()) for token in (first, second, third)] == [False, True, True]
    assert settings.end_old_token()
    assert [settings.opens(token.reveal()) for token in (first, second, third)] == [False, False, True]


def test_nothing_of_a_token_is_on_disk(settings: Settings, tmp_path: Path) -> None:
    tokens = [settings.connect_scim(), settings.new_token(keep_old_s=60), settings.new_token(keep_old_s=0)]
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert tokens[-1].last_four.encode() in content
    for token in tokens:
        assert not any(form in content for form in planted(token.reveal()))


def test_what_was_set_survives(settings: Settings, tmp_path: Path, clock: Clock) -> None:
    token = settings.connect_scim()
    settings.plan = "free"
    settings.saml = Saml(state="tested", issuer="http://idp.example.com")
    settings._database.close()
    database = Database(tmp_path)
    again = Settings(database, clock)
    assert (again.plan, again.saml.state, again.saml.issuer) == ("free", "tested", "http://idp.example.com")
    assert again.scim_connected
    assert again.opens(token.reveal())
    database.close()
    assert (tmp_path / FILE_NAME).exists()
