"""How quickly `validate` checks files of users, beside others that read the same files in the same run.

`python benchmarks/validate.py [--rows N ...] [--kinds KIND ...] [--repeat N] [--frictionless] [--markdown]`
- csv.reader: a bare pass of Python's csv module over the file, with nothing judged: the yardstick.
- validate: the real command, all findings counted and none listed.
- plain Python: the same rules as plainly as they can be said (csv, phonenumbers, email-validator), one row at a time.
- frictionless: with a schema of fewer rules, where it is installed, here or for the interpreter of
  `--frictionless-python`.

Each is a process of its own, so that its peak memory is its own; csv.reader and validate take turns, so that a busy
moment of the machine falls on both. The same process with a file of one row is its start-up, which is taken off. Of
several runs the median counts. The slow ones read a smaller file of the same kind, and their time is scaled by rows.
"""

import argparse
import csv
import importlib
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rosters import HEADER, KINDS, QUOTE_FREE, STRETCH  # the root comes first

ROOT = Path(sys.path[0])
MIB = 2**20
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
# plain Python takes time by the square of its rows, and of what follows a quote never closed, which comes after these
ORACLE_ROWS = STRETCH - QUOTE_FREE
FRICTIONLESS_ROWS = 100_000
PHONE = r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}"
CANCELLED_AT = (0.1, 0.5, 0.9)  # shares of the time of a whole check

Answer = dict[str, Any]


# --- in a process of its own, each with the path of the file; what it prints is one JSON object


def bare_pass(path: Path) -> Answer:
    """The records that csv.reader finds, without the header."""
    csv.field_size_limit(sys.maxsize)
    rows = -1
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        for _record in csv.reader(file):
            rows += 1
    return {"rows": rows}


def plain_python(path: Path) -> Answer:
    from tests.roster.oracle import judge

    judged = judge(path.read_bytes())
    return {"rows": judged.rows, "by_code": Counter(code for _line, _column, code in judged.findings)}


def frictionless(path: Path) -> Answer:
    library = importlib.import_module("frictionless")
    descriptor = {"name": "users", "path": path.name, "format": "csv", "encoding": "utf-8", "schema": schema()}
    resource = library.Resource.from_descriptor(descriptor, basepath=str(path.parent))
    task = resource.validate(limit_errors=sys.maxsize).tasks[0]
    kinds = Counter(error.type for error in task.errors)
    return {"rows": task.stats.get("rows", 0), "by_code": kinds, "version": library.__version__}


def schema() -> Answer:
    """The rules of `validate`, as far as a schema can say them."""
    return {"fields": [_field(name) for name in HEADER.split(",")]}


def _field(name: str) -> Answer:
    asked: Answer = {"maxLength": 50 if name in ("firstName", "lastName") else 100}
    if name in ("login", "email", "firstName", "lastName"):
        asked["required"] = True
    if name == "login":
        asked["unique"] = True
    if name.endswith("Phone"):
        asked["pattern"] = PHONE
    text_format = "email" if name in ("login", "email") else "default"
    return {"name": name, "type": "string", "format": text_format, "constraints": asked}


def promptness(path: Path) -> Answer:
    """Seconds: the longest without progress in the first check of a process, in the second, and from cancel to stop."""
    first, again = _silence(path), _silence(path)
    stops = [_stop(path, share * again["whole"]) for share in CANCELLED_AT]
    return {"first": first["longest"], "again": again["longest"], "stop": max(stops)}


def _silence(path: Path) -> dict[str, float]:
    """Seconds of a whole check, and the longest in it from one call of `progress` to the next."""
    from spoke_admin.connection import profile
    from spoke_admin.roster.checking import check_file

    told = [time.perf_counter()]
    check_file(path, profile("askspoke"), lambda _done, _total: told.append(time.perf_counter()))
    told.append(time.perf_counter())
    return {"whole": told[-1] - told[0], "longest": max(later - sooner for sooner, later in itertools.pairwise(told))}


def _stop(path: Path, after: float) -> float:
    """Seconds from the moment when the check is no longer wanted to the moment when it has stopped."""
    from spoke_admin.connection import profile
    from spoke_admin.domain.error import AdminError
    from spoke_admin.roster.checking import check_file

    due = time.perf_counter() + after
    try:
        check_file(path, profile("askspoke"), cancelled=lambda: time.perf_counter() >= due)
    except AdminError:
        return time.perf_counter() - due
    return 0.0  # it was done sooner


CHILDREN: dict[str, Callable[[Path], Answer]] = {
    "csv.reader": bare_pass, "plain Python": plain_python, "frictionless": frictionless, "promptness": promptness,
}  # fmt: skip


# --- the run


@dataclass(frozen=True)
class Run:
    """One process: seconds of wall and CPU time, its peak memory in bytes, what it printed."""

    seconds: float
    cpu: float
    peak: int
    answer: Answer


@dataclass(frozen=True)
class Figures:
    """Medians of the runs of one contender on one file, start-up taken off; `start_up` is what was."""

    seconds: float
    cpu: float
    start_up: float
    peak: int
    answer: Answer

    def a_row(self, rows: int) -> float:
        return self.seconds / rows


@dataclass
class Measured:
    """One file and what was measured on it. `slow`: seconds a row, by the name of the contender."""

    kind: str
    rows: int
    size: int
    csv: Figures
    validate: Figures
    prompt: Answer
    slow: dict[str, float] = field(default_factory=dict)


def child(name: str, python: str = sys.executable) -> list[str]:
    return [python, str(Path(__file__).resolve()), "--child", name]


VALIDATE = [sys.executable, "-m", "spoke_admin", "validate", "--limit", "0", "--json"]


def run(command: list[str], file: Path) -> Run:
    """Runs a command on a file. Raises SystemExit with its words when it fails; 1 (it found faults) is no failure."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        process = subprocess.Popen([*command, str(file)], cwd=ROOT, stdout=out, stderr=err)
        _pid, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read().decode()
        err.seek(0)
        # a Python program that broke ends with 1, too, but prints no document
        if process.returncode not in (0, 1) or not printed:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {printed}{err.read().decode()}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * RSS_UNIT, json.loads(printed))


def race(commands: dict[str, list[str]], file: Path, one_row: Path, repeat: int) -> dict[str, Figures]:
    """All commands in turn, `repeat` times over."""
    for command in commands.values():
        run(command, one_row)  # what is made once and kept, and the programs' own files, into the disk's cache
    runs: dict[str, list[tuple[Run, Run]]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            runs[name].append((run(command, one_row), run(command, file)))
    return {name: _medians(pairs) for name, pairs in runs.items()}


def _medians(pairs: list[tuple[Run, Run]]) -> Figures:
    start_up = statistics.median(short.seconds for short, _long in pairs)
    start_cpu = statistics.median(short.cpu for short, _long in pairs)
    return Figures(
        seconds=statistics.median(long.seconds for _short, long in pairs) - start_up,
        cpu=statistics.median(long.cpu for _short, long in pairs) - start_cpu,
        start_up=start_up,
        peak=int(statistics.median(long.peak for _short, long in pairs)),
        answer=pairs[-1][1].answer,
    )


class Benchmark:
    """Measures files one after another, each made in the folder in the place of the one before."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder = folder
        self._options = options
        self._slow: dict[tuple[str, str, int], float | None] = {}
        self.notes: list[str] = []
        self.differences: list[str] = []
        self._one_row = self._made("clean", 1, "one row.csv")

    def _made(self, kind: str, rows: int, name: str = "users.csv") -> Path:
        path = self._folder / name
        # by another process: what a parent once held counts as memory of its children
        maker = [sys.executable, str(ROOT / "benchmarks" / "rosters.py")]
        subprocess.run([*maker, str(path), kind, str(rows), str(self._options.seed)], check=True, capture_output=True)
        return path

    def measure(self, kind: str, rows: int) -> Measured:
        file = self._made(kind, rows)
        run(child("csv.reader"), file)  # the file into the disk's cache
        both = {"csv.reader": child("csv.reader"), "validate": VALIDATE}
        bare, ours = race(both, file, self._one_row, self._options.repeat).values()
        if kind != "dirty" and not bare.answer["rows"] == ours.answer["rows"] == rows:
            self.differences.append(f"{kind}: csv.reader has {bare.answer['rows']:,} rows, we {ours.answer['rows']:,}.")
        prompt = run(child("promptness"), file).answer
        measured = Measured(kind, rows, file.stat().st_size, bare, ours, prompt)
        for name, bound in (("plain Python", self._options.oracle_rows), ("frictionless", self._frictionless_rows)):
            seconds = self._a_row(name, kind, min(rows, bound)) if bound else None
            if seconds is not None:
                measured.slow[name] = seconds
        return measured

    @property
    def _frictionless_rows(self) -> int:
        return FRICTIONLESS_ROWS if self._options.frictionless_python else 0

    def _a_row(self, name: str, kind: str, rows: int) -> float | None:
        """Seconds a row of a slow contender; None when it gave the file up."""
        key = (name, kind, rows)
        if key not in self._slow:
            file = self._made(kind, rows, "fewer rows.csv")
            command = child(name, self._options.frictionless_python if name == "frictionless" else sys.executable)
            figures = race({name: command}, file, self._one_row, self._options.repeat)[name]
            self._slow[key] = figures.a_row(rows) if self._judged(name, kind, rows, figures, file) else None
        return self._slow[key]

    def _judged(self, name: str, kind: str, rows: int, figures: Figures, file: Path) -> bool:
        """Whether a slow contender came to the file's end; notes what it found."""
        answer = figures.answer
        if "encoding-error" in answer["by_code"] or "source-error" in answer["by_code"]:
            self.notes.append(f"{name} gives up a {kind} file at the first fault of encoding or quotes.")
            return False
        found = sum(answer["by_code"].values())
        self.notes.append(f"{name}, {kind}: {figures.seconds:.2f} s for {rows:,} rows, {found:,} findings.")
        if name == "plain Python":
            ours = run(VALIDATE, file).answer
            if ours["by_code"] != answer["by_code"] or ours["rows"] != answer["rows"]:
                self.differences.append(f"{kind}: {name} finds {answer}, validate {ours}.")
        return True


def _times(name: str) -> Callable[[Measured], str]:
    """How many times longer a slow contender takes for the same rows."""
    return lambda file: f"{file.slow[name] * file.rows / file.validate.seconds:.1f}" if name in file.slow else "-"


def _scaled(name: str) -> Callable[[Measured], str]:
    return lambda file: f"{file.slow[name] * file.rows:.1f}" if name in file.slow else "-"


# what is printed of each file, and the figure to reach
LINES: list[tuple[str, Callable[[Measured], str], str]] = [
    ("size, MB", lambda file: f"{file.size / 1e6:.1f}", ""),
    ("findings", lambda file: f"{sum(file.validate.answer['by_code'].values()):,}", ""),
    ("csv.reader, s", lambda file: f"{file.csv.seconds:.3f}", ""),
    ("validate, s", lambda file: f"{file.validate.seconds:.3f}", ""),
    ("validate / csv.reader", lambda file: f"{file.validate.seconds / file.csv.seconds:.2f}", "1.2 at 1M realistic"),
    ("validate, ns a row", lambda file: f"{file.validate.a_row(file.rows) * 1e9:,.0f}", ""),
    ("validate, MB a second", lambda file: f"{file.size / 1e6 / file.validate.seconds:.0f}", ""),
    ("validate, CPU s", lambda file: f"{file.validate.cpu:.3f}", ""),
    ("validate, start-up s", lambda file: f"{file.validate.start_up:.2f}", "0.6"),
    ("validate, peak MiB", lambda file: f"{file.validate.peak / MIB:,.0f}", "400 at 1M, 1,229 at 10M"),
    ("csv.reader, peak MiB", lambda file: f"{file.csv.peak / MIB:,.0f}", ""),
    ("plain Python, s", _scaled("plain Python"), ""),
    ("plain Python / validate", _times("plain Python"), "at least 40"),
    ("frictionless, s", _scaled("frictionless"), ""),
    ("frictionless / validate", _times("frictionless"), "at least 15"),
    ("no progress for, ms, first file", lambda file: f"{file.prompt['first'] * 1000:.0f}", "100"),
    ("no progress for, ms, next file", lambda file: f"{file.prompt['again'] * 1000:.0f}", "100"),
    ("from cancel to stop, ms", lambda file: f"{file.prompt['stop'] * 1000:.0f}", "100"),
]  # fmt: skip


def table(files: list[Measured], *, markdown: bool) -> str:
    head = ["", *(f"{file.kind} {file.rows:,}" for file in files), "to reach"]
    lines = [[label, *(say(file) for file in files), wanted] for label, say, wanted in LINES]
    if markdown:
        rule = ["---", *("---:" for _ in files), "---"]
        return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(_aligned(line, widths) for line in [head, *lines])


def _aligned(line: list[str], widths: list[int]) -> str:
    label, *figures, wanted = line
    right = [figure.rjust(width) for figure, width in zip(figures, widths[1:-1], strict=True)]
    return "  ".join([label.ljust(widths[0]), *right, wanted]).rstrip()


def frictionless_of(options: argparse.Namespace) -> str:
    """The interpreter that has frictionless, "" when it is not asked for or not there (which is said)."""
    asked = options.frictionless_python or (sys.executable if options.frictionless else "")
    python = shutil.which(asked) if asked else None
    if (
        python
        and not subprocess.run([python, "-c", "import frictionless"], check=False, capture_output=True).returncode
    ):
        return str(Path(python).absolute())  # the processes run in another folder
    if asked:
        print(f"frictionless is left out: {asked} cannot import it.", file=sys.stderr)
    return ""


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["realistic", "dirty"])
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle-rows", type=int, default=ORACLE_ROWS, help="rows for plain Python; 0 leaves it out")
    parser.add_argument("--frictionless", action="store_true", help="with frictionless, when it is installed")
    parser.add_argument(
        "--frictionless-python", metavar="PATH", default="", help="an interpreter that has frictionless"
    )
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--folder", type=Path, help="where files are made (10,000,000 rows take 2 GB)")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.frictionless_python = frictionless_of(options)
    return options


def main() -> None:
    options = options_of(sys.argv[1:])
    if options.child:
        name, path = options.child
        print(json.dumps(CHILDREN[name](Path(path))))
        return
    files = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        benchmark = Benchmark(Path(folder), options)
        for kind, rows in itertools.product(options.kinds, options.rows):
            print(f"{kind}, {rows:,} rows ...", file=sys.stderr)
            files.append(benchmark.measure(kind, rows))
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores.\n")
    print(table(files, markdown=options.markdown), end="\n\n")
    print("\n".join(benchmark.notes))
    if benchmark.differences:
        raise SystemExit("\n".join(benchmark.differences))


if __name__ == "__main__":
    main()
