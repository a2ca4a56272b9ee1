"""A report as the bytes of a file."""

import json

from spoke_admin.doctor.results import Report


def report_bytes(report: Report, suffix: str) -> bytes:
    """To send on: JSON where the file ends so, else Markdown. Neither holds a token or people."""
    if suffix.lower() == ".json":
        return json.dumps(report.document(), indent=2).encode() + b"\n"
    from spoke_admin.doctor.vendor_report import as_markdown

    return as_markdown(report).encode("utf-8", "replace")


def junit_bytes(report: Report) -> bytes:
    from spoke_admin.doctor.junit import junit_xml

    return junit_xml(report)
