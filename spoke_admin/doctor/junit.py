"""A report as JUnit XML, which CI servers draw."""

from xml.etree import ElementTree as ET

from spoke_admin.doctor.results import Outcome, Report, Result


def junit_xml(report: Report) -> bytes:
    """One test case for each check; warnings pass, with their words in system-out."""
    counts = report.counts
    suite = ET.Element(
        "testsuite",
        name=_clean(f"spoke-admin doctor {report.url}"),
        tests=str(len(report.results)),
        failures=str(counts["fail"]),
        errors="1" if report.nothing_asked else "0",
        skipped=str(counts["skipped"]),
        time=f"{report.elapsed_s:.3f}",
        timestamp=report.started.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    for result in report.results:
        _add(suite, result)
    if report.nothing_asked is not None:
        case = ET.SubElement(suite, "testcase", classname="doctor", name="nothing could be asked")
        error = ET.SubElement(case, "error", message=_clean(report.nothing_asked.title))
        error.text = _clean(f"{report.nothing_asked.remedy}\n{report.nothing_asked.detail}")
    ET.indent(suite)
    data: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _add(suite: ET.Element, result: Result) -> None:
    seconds = sum(exchange.seconds for exchange in result.exchanges)
    classname = f"doctor.{result.area.value.replace(' ', '_')}"
    case = ET.SubElement(suite, "testcase", classname=classname, name=result.code, time=f"{seconds:.3f}")
    if result.outcome is Outcome.FAIL:
        failure = ET.SubElement(case, "failure", message=_clean(result.found), type=result.code)
        failure.text = _clean(_told(result))
    elif result.outcome is Outcome.SKIPPED:
        ET.SubElement(case, "skipped", message=_clean(result.found))
    elif result.outcome is not Outcome.PASSED:
        ET.SubElement(case, "system-out").text = _clean(f"{result.outcome.value}: {_told(result)}")


def _told(result: Result) -> str:
    lines = [result.title, f"Found: {result.found}", f"Expected: {result.expected}"]
    lines += [f"To mend it: {result.fix}"] * bool(result.fix)
    for exchange in result.exchanges:
        reply = exchange.safe_reply.text() if exchange.safe_reply else exchange.fault
        lines += ["", exchange.safe_request.text(), "", reply]
    return "\n".join(lines)


def _clean(text: str) -> str:
    """Without what XML cannot hold: control characters and halves of characters."""
    return "".join(it if it.isprintable() or it in "\n\t" else "\ufffd" for it in text)
