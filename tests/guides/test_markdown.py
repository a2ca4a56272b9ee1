"""docs/guides is made of the steps: the page in the tree equals what the program prints."""

from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.guides import GUIDES, guide
from spoke_admin.guides.markdown import as_markdown

PAGES = Path(__file__).parents[2] / "docs" / "guides"


@pytest.mark.parametrize("name", [guide.id for guide in GUIDES])
def test_the_page_equals_the_steps(name: str) -> None:
    assert (PAGES / f"{name}.md").read_text(encoding="utf-8") == as_markdown(guide(name)), "run `make guides`"


@pytest.mark.parametrize("name", [guide.id for guide in GUIDES])
def test_the_page_says_what_hurts_before_the_click_and_quotes_the_guide(name: str) -> None:
    page = as_markdown(guide(name))
    for step in guide(name).steps:
        part = page.split(f". {step.title}\n", 1)[1].split("\n## ", 1)[0]
        assert step.action in part
        assert not step.warning or part.index(step.warning) < part.index(step.action)
        assert all(f"> {quote}" in part for quote in step.quotes)
        assert all(need.title in part for need in step.needs)


def test_an_unknown_guide_is_refused_with_those_there_are() -> None:
    with pytest.raises(AdminError) as refused:
        guide("setup")
    assert "set-up" in refused.value.remedy
