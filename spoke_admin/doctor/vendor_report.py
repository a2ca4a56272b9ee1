"""A report to send to whoever makes the service: no token, and no people beyond test objects."""

import re

from spoke_admin.doctor.results import Outcome, Report, Result

HEADINGS = {
    Outcome.FAIL: "What an identity provider breaks on",
    Outcome.WARN: "Against the standard",
    Outcome.EXPECTED: "As the service's profile declares",
}
LISTED = {Outcome.PASSED: "Passed", Outcome.SKIPPED: "Not looked at"}


def as_markdown(report: Report) -> str:
    """The whole report as Markdown, what fails first, each with the calls that showed it."""
    counts = ", ".join(f"{number} {word}" for word, number in report.counts.items())
    way = "with test objects of its own" if report.write else "reading only"
    lines = [
        f"# SCIM at {_inline(report.url)}",
        "",
        f"Checked by Spoke Admin on {report.started:%Y-%m-%d %H:%M} UTC in {report.elapsed_s:.1f} s, {way},",
        f"by the profile {report.profile}: {counts}.",
        f"The software seems to be {report.software}." if report.software else "",
        "Tokens and people's data are left out (…); what begins with spoke-admin-doctor- was made for this check.",
    ]
    if report.nothing_asked is not None:
        lines += ["", f"**Nothing could be asked: {_inline(report.nothing_asked.title)}**"]
    for outcome, heading in HEADINGS.items():
        found = [result for result in report.results if result.outcome is outcome]
        if found:
            lines += ["", f"## {heading}", *(line for result in found for line in _told(result))]
    for outcome, heading in LISTED.items():
        found = [result for result in report.results if result.outcome is outcome]
        if found:
            lines += ["", f"## {heading}", "", *(f"- `{it.code}` {it.title}: {_inline(it.found)}" for it in found)]
    return "\n".join(lines) + "\n"


def _told(result: Result) -> list[str]:
    lines = ["", f"### `{result.code}` {result.title}", "", f"- Found: {_inline(result.found)}"]
    facts = (("Expected", result.expected), ("To mend it", result.fix), ("Who trips", result.trips))
    lines += [f"- {name}: {_inline(words)}" for name, words in facts if words]
    lines += [f"- Source: {result.source}"] * bool(result.source)
    for exchange in result.exchanges:
        reply = exchange.safe_reply.text() if exchange.safe_reply else exchange.fault
        lines += ["", *_fenced(f"{exchange.safe_request.text()}\n\n{reply}\n({exchange.seconds:.2f} s)")]
    return lines


def _inline(text: str) -> str:
    """Words of a server on one line, that no reader takes for Markdown or HTML."""
    line = " ".join("".join(it if it.isprintable() else " " for it in text).split())
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", line)


def _fenced(text: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    clean = "".join(it if it.isprintable() or it == "\n" else "\ufffd" for it in text)
    return [fence, *clean.split("\n"), fence]
