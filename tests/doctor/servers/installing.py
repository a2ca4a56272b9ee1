"""Puts the servers that the doctor is tried on, and that nobody of this project wrote, below build/servers.

SCIMMY comes from npm, django-scim2 from PyPI, each pinned with its hashes. What is there and unchanged is left alone.
`python -m tests.doctor.servers.installing` does it beforehand; else the first test that needs one does it.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[2] / "build" / "servers"
SECONDS = 170.0
MISSING = [name for name in ("node", "npm") if shutil.which(name) is None]


def scimmy() -> list[str]:
    """The command that starts SCIMMY."""
    folder = BUILD / "scimmy"
    files = [HERE / "scimmy" / name for name in ("package.json", "package-lock.json", "server.mjs")]
    if _outdated(folder, files):
        _emptied(folder)
        for file in files:
            shutil.copy(file, folder)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        _done(folder, files)
    return ["node", str(folder / "server.mjs")]


def django() -> list[str]:
    """The command that starts django-scim2."""
    folder, wanted = BUILD / "django", HERE / "django" / "requirements.txt"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if _outdated(folder, [wanted]):
        _emptied(folder)
        _run([sys.executable, "-m", "venv", str(folder)], HERE)
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        _run([str(python), *pip, "-r", str(wanted)], HERE)
        _done(folder, [wanted])
    return [str(python), str(HERE / "django" / "server.py")]


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _outdated(folder: Path, files: Sequence[Path]) -> bool:
    stamp = folder / "installed"
    return not stamp.is_file() or stamp.read_text() != _digest(files)


def _done(folder: Path, files: Sequence[Path]) -> None:
    (folder / "installed").write_text(_digest(files))


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    scimmy()
    django()
