"""The table of all checks for docs/commands/doctor.md, from the checks themselves."""

from spoke_admin.doctor.results import Area
from spoke_admin.doctor.running import CHECKS


def as_markdown() -> str:
    """A table for each area: code, what is looked at, who trips, how it is mended, source."""
    lines: list[str] = []
    for area in Area:
        about = [check.about for check in CHECKS if check.about.area is area]
        lines += ["", f"### {area.value.capitalize()}", ""]
        lines += ["| code | what it looks at | who trips over it | how to mend it | source |", "|---|---|---|---|---|"]
        for it in about:
            sign = " †" if it.writes else ""
            cells = (f"`{it.code}`{sign}", f"{it.title}. {it.expected}", it.trips, it.fix, it.source)
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines).strip() + "\n"
