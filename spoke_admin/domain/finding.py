"""A fault that was found, said so that it can be mended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """error: cannot be used; warning: the service will ignore or alter it; info: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in a file of users.

    `line` is physical (1 is the first), `column` the header as written, or None where no single column is meant.
    `message` says what is wrong, `fix` what to do.
    """

    line: int
    column: str | None
    code: str
    severity: Severity
    value: str
    message: str
    fix: str

    def document(self) -> Mapping[str, object]:
        return asdict(self)
