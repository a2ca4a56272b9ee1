"""Every test is watched for secrets: the one that leaves one fails, whatever way it went, and only that one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secret_search import CHUNK, forms, parts

ROOT = Path(__file__).parents[1]
SECRET = "canary-of-the-watch-0123456789+/=~"
HEAD = f"""
import logging, os, subprocess, sys, threading, zipfile
import pytest
from pathlib import Path
from spoke_admin.domain.secret import Secret
from tests.secret_search import forms
from tests.stand_ins import StandIns

SECRET = "-".join({SECRET.split("-")!r})
BEFORE = Secret("made-at-the-import-0123456789")

@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    return Secret("of-the-module-" + SECRET), folder
"""
MADE = "Secret(SECRET)"
LEAKS = {
    "log": "logging.getLogger('x').debug('it is %s', secret.reveal())",
    "log_of_a_thread": "it = threading.Thread(target=logging.debug, args=(secret.reveal(),)); it.start(); it.join()",
    "traceback": "logging.getLogger('x').debug('no', exc_info=ValueError(secret.reveal()))",
    "output": "print(secret.reveal())",
    "output_of_a_child": "subprocess.run([sys.executable, '-c', f'print({SECRET!r}[:3] + {SECRET[3:]!r})'])",
    "taken_output": "print(secret.reveal()); capsys.readouterr()",
    "file": "(tmp_path / 'deep').mkdir(); (tmp_path / 'deep' / 'x').write_text(f'<{SECRET}>')",
    "file_name": "(tmp_path / forms(SECRET)['hex'].decode()).touch()",
    "archive": "zipfile.ZipFile(tmp_path / 'x', 'w', zipfile.ZIP_DEFLATED).writestr('a', SECRET * 9)",
    "home": "(Path.home() / 'x').write_text(SECRET)",
    "argument": "subprocess.run([sys.executable, '-c', '', SECRET])",
    "environment_of_a_child": "subprocess.run([sys.executable, '-c', ''], env=os.environ | {'A': SECRET})",
    "own_environment": "monkeypatch.setenv('A', SECRET)",
    "window": "qtbot.addWidget(it := QLabel(SECRET))",
    "tool_tip": "qtbot.addWidget(it := QLabel('x')); it.setToolTip(SECRET)",
    "cell": "qtbot.addWidget(it := QListWidget()); it.addItem(SECRET)",
    "unmasked_field": "qtbot.addWidget(it := QLineEdit(SECRET))",
    "clipboard": "QGuiApplication.clipboard().setText(SECRET)",
    "fixture_of_the_module": "(tmp_path / 'x').write_text(kept[0].reveal())",
    "gone_before_the_end": "del secret; (tmp_path / 'x').write_text(SECRET)",
} | {
    f"form_{place}": f"(tmp_path / 'x').write_bytes(forms(SECRET)[{form!r}])"
    for place, form in enumerate(forms(SECRET))
}
OTHERS = {
    "key_of_stand_ins": "StandIns(tmp_path).key = 'key-' + SECRET; (tmp_path / 'x').write_text('key-' + SECRET)",
    "folder_of_the_module": "secret = Secret('of-a-lasting-folder'); (kept[1] / 'x').write_text(secret.reveal())",
    "made_before_the_test": "(tmp_path / 'x').write_text(BEFORE.reveal())",
    "standard_input": "subprocess.run(['cat'], input=SECRET, text=True, stdout=(tmp_path / 'x').open('w'))",
}
HARMLESS = {
    "nothing": "secret.reveal()",
    "digest": "import hashlib; (tmp_path / 'x').write_text(hashlib.sha256(secret.reveal().encode()).hexdigest())",
    "masked_field": "qtbot.addWidget(it := QLineEdit(SECRET)); it.setEchoMode(QLineEdit.EchoMode.Password)",
    "keychain": "(tmp_path / 'keyrings').mkdir(); (tmp_path / 'keyrings' / 'x').write_text(SECRET)",
    "another_test_s": "(tmp_path / 'x').write_text('of-the-module-' + SECRET[:9])",
}


def written(name: str, words: str, made: str) -> str:
    fixtures = [it for it in ("tmp_path", "monkeypatch", "qtbot", "capsys", "kept") if it in words]
    qt = "from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget; from PySide6.QtGui import QGuiApplication; "
    return f"def test_{name}({', '.join(fixtures)}):\n    {qt if 'Q' in words else ''}secret = {made}; {words}\n"


def watched(folder: Path, *tests: str, options: tuple[str, ...] = ()) -> str:
    """What pytest says of these tests."""
    (folder / "test_leaks.py").write_text(HEAD + "".join(tests))
    (folder / "none.ini").write_text("[pytest]\nlog_level = DEBUG\nqt_api = pyside6\n")
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        "none.ini",
        "--rootdir",
        str(folder),
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, "-p", "tests.secret_watch", "--import-mode=importlib", f"--basetemp={folder / 'made'}", *options],
        cwd=folder, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def guilty(said: str) -> set[str]:
    return set(re.findall(r"^(?:ERROR|FAILED) test_leaks\.py::test_(\w+)", said, re.MULTILINE))


def test_who_leaves_a_secret_fails_and_nobody_else(tmp_path: Path) -> None:
    tests = [written(name, words, MADE) for name, words in (LEAKS | HARMLESS).items()]
    tests += [written(name, words, "None") for name, words in OTHERS.items()]
    said = watched(tmp_path, *tests)
    assert guilty(said) == set(LEAKS | OTHERS), said[-5000:]
    assert said.partition("short test summary")[0].count("secrets left behind:") == len(LEAKS | OTHERS)
    assert f"{len(LEAKS | HARMLESS | OTHERS)} passed" in said, "the tests themselves found nothing"
    for place in ("Captured log call", "Captured stdout call", "x", "the arguments of a program", "the window QLabel"):
        assert f": {place}" in said


def test_a_secret_of_no_test_is_not_looked_for_and_the_watch_tells_no_secret(tmp_path: Path) -> None:
    leak = written("file", LEAKS["file"], MADE)
    said = watched(tmp_path, leak, written("later", LEAKS["file"], "None"))
    assert guilty(said) == {"file"}
    assert SECRET not in said


def test_workers_watch_too(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    tests = [written(name, words, MADE) for name, words in (("file", LEAKS["file"]), ("nothing", HARMLESS["nothing"]))]
    said = watched(tmp_path, *tests, options=("-n", "2"))
    assert guilty(said) == {"file"}, said


@pytest.mark.parametrize("place", [0, CHUNK - 20, CHUNK - len(SECRET), CHUNK, 2 * CHUNK - (64 << 10) - 3])
def test_a_long_file_is_read_in_pieces_without_a_gap(tmp_path: Path, place: int) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.seek(place)
        file.write(SECRET.encode())
        file.truncate(3 * CHUNK)
    assert any(SECRET.encode() in part for part in parts(path))
    assert max(map(len, parts(path))) == CHUNK
