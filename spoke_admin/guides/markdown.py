"""A guide as a page of Markdown: docs/guides is made of the same steps as the window."""

from spoke_admin.domain.guide import Guide, Step

CONSOLES = {"service": "In askSpoke", "identity_provider": "In Okta"}


def as_markdown(guide: Guide) -> str:
    """The whole guide: what is needed, then each step with its gate, its warning, its menu path and the quotes."""
    parts = [f"# {guide.title}", guide.intro, "## What you need", _list(guide.prerequisites)]
    for number, step in enumerate(guide.steps, 1):
        parts.extend(_step(number, step, guide.id))
    return "\n\n".join(parts) + "\n"


def _step(number: int, step: Step, guide_id: str) -> list[str]:
    place = step.place(None)
    parts = [f"## {number}. {step.title}", step.why]
    if step.needs:
        parts.append(f"Needs first: {', '.join(need.title for need in step.needs)}.")
    if step.warning:
        parts.append(f"**Before you click:** {step.warning}")
    parts.append(f"{CONSOLES[place.console]}: {' > '.join(f'**{part}**' for part in place.path)}")
    if step.fields:
        parts.append(_list(tuple(f"**{field.label}**: {field.help}" for field in step.fields)))
    parts.append(f"In Spoke Admin: **{step.action}**, or `spoke-admin guide {guide_id} --step {step.id}`.")
    parts.extend(f"> {quote}" for quote in step.quotes)
    return parts


def _list(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {item}" for item in items)
