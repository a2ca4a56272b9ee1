"""Service profiles: the two of ours are read, wrong ones are refused with line and reason."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import read_profile

PROFILES = Path(__file__).parents[2] / "resources" / "profiles"
ASKSPOKE = (PROFILES / "askspoke.toml").read_text(encoding="utf-8")


def test_askspoke_holds_the_rules_of_its_documents() -> None:
    profile = read_profile(ASKSPOKE, "askspoke.toml")
    assert profile.plan is not None
    assert profile.plan.required == "plus"
    assert profile.saml is not None
    assert profile.saml.before_scim
    assert profile.user.deactivation == "removes"
    assert set(profile.user.fixed) == {"userName", 'emails[type eq "work"].value'}
    assert profile.phone is not None
    assert profile.phone.refused_prefixes == ("800", "888")


def test_generic_has_no_rules_of_its_own() -> None:
    profile = read_profile((PROFILES / "generic.toml").read_text(encoding="utf-8"), "generic.toml")
    assert (profile.plan, profile.saml, profile.phone, profile.user.fixed) == (None, None, None, ())
    assert profile.user.deactivation == "disables"


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('rule = "us"', 'rule = "uk"', 39, "phone.rule must be one of us"),
        ('flows = ["sp", "idp"]', 'flows = ["x"]', 15, "saml.flows[0] must be one of sp, idp"),
        ('source = "title"', 'sauce = "title"', 83, "sauce is not a setting"),
        ("format = 1", "format = 2", 2, "format must be 1"),
        ("format = 1", 'format = "1"', 2, "format must be 1"),
        ("max_length = 50", "max_length = -1", 65, "max_length must be from 1 to 100,000"),
        ("just_in_time = true", "just_in_time = 1", 16, "just_in_time must be true or false"),
        ('name = "askspoke"', 'name = "Ask Spoke"', 3, "name must be lower-case"),
        ('identifier = "userName"', 'identifier = "id"', 31, "id is not among the attributes"),
        ('[plan]\nrequired = "plus"', "[plan]", 7, "required is missing in plan"),
        ('path = "title"', 'path = "userName"', 81, "userName is there twice"),
        ('title = "askSpoke"', "title = [", 5, ""),
    ],
)
def test_a_wrong_profile_is_refused_with_line_and_reason(old: str, new: str, line: int, reason: str) -> None:
    assert old in ASKSPOKE
    with pytest.raises(AdminError) as refused:
        read_profile(ASKSPOKE.replace(old, new, 1), "mine.toml")
    assert f"line {line}" in refused.value.title
    assert "mine.toml" in refused.value.title
    assert reason in refused.value.title


@given(st.text(max_size=200))
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(AdminError):
        read_profile(text, "any.toml")


@given(st.data())
def test_a_profile_with_any_line_replaced_is_read_or_refused(data: st.DataObject) -> None:
    lines = ASKSPOKE.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.sampled_from(["", "[x]", "x = 1", "[[attribute]]", '"', "path = 3", "[saml.x]", "a.b = 2"])
    )
    text = "\n".join(lines)
    if (refused := refusal(text)) is not None:
        assert "mine.toml" in refused.title


def refusal(text: str) -> AdminError | None:
    try:
        read_profile(text, "mine.toml")
    except AdminError as refused:
        return refused
    return None
