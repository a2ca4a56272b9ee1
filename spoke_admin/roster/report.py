"""The findings as a file: JSON, or CSV that is safe to open in a spreadsheet. Written whole or not at all."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import Result

COLUMNS = ("line", "column", "code", "severity", "value", "message", "fix")
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")

WriteFile = Callable[[Path, bytes], None]


def save_report(result: Result, path: Path, write: WriteFile) -> None:
    """Saves the findings at `path`, as JSON where it ends in .json, else as CSV. `write` replaces a file atomically.

    Raises AdminError where it must not or cannot be written.
    """
    refuse_target(path, result.file)
    data = _as_json(result) if path.suffix.lower() == ".json" else _as_csv(result)
    write(path, data)


def refuse_target(path: Path, file: Path) -> None:
    """Raises AdminError where a report at `path` would replace the checked file or something that is no file."""
    try:
        if not path.parent.is_dir():
            raise AdminError(f"There is no folder {path.parent}.", "Choose an existing folder for the report.")
        if not path.exists():
            return
        if not path.is_file():
            raise AdminError(f"{path} is not an ordinary file.", "Choose another name for the report.")
        if file.exists() and path.samefile(file):
            raise AdminError("The report would overwrite the file of users.", "Choose another name for the report.")
    except (OSError, ValueError) as fault:
        words = getattr(fault, "strerror", None) or str(fault)
        raise AdminError(f"A report cannot be saved at {path}.", "Choose another name or folder.", words) from None


def document(result: Result, limit: int | None = None) -> dict[str, object]:
    """The result as `--json` prints it, with at most `limit` findings listed."""
    return {
        "file": str(result.file),
        "rows": result.rows,
        "encoding": result.encoding,
        "delimiter": result.delimiter,
        "columns": result.columns,
        "counts": result.counts,
        "by_code": result.by_code,
        "findings": [finding.document() for finding in result.findings[:limit]],
    }


def _as_json(result: Result) -> bytes:
    return json.dumps(document(result), ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _as_csv(result: Result) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for finding in result.findings:
        writer.writerow([_safe(str(value)) if value is not None else "" for value in finding.document().values()])
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")  # spreadsheets read UTF-8 by its mark


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell
