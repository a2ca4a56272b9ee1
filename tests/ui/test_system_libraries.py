"""What keeps Qt from starting is said before it aborts the process: Debian packages by name, or no display."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.ui import system_libraries

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Debian packages are of Linux")


@linux
def test_here_nothing_is_missing_for_an_offscreen_window() -> None:
    system_libraries.check_libraries("offscreen")
    system_libraries.check_libraries("xcb")


@linux
def test_missing_libraries_are_named_as_debian_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader is the real one; only the plugin and two entries of the list name what is not there."""
    real = ctypes.CDLL

    def loader(name: str, *rest: object) -> ctypes.CDLL:
        if name in ("libxcb-cursor.so.0", "libxcb-icccm.so.4") or name.endswith("libqxcb.so"):
            raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")
        return real(name)

    monkeypatch.setattr(ctypes, "CDLL", loader)
    with pytest.raises(AdminError) as refusal:
        system_libraries.check_libraries("xcb")
    assert "sudo apt install libxcb-cursor0 libxcb-icccm4." in refusal.value.remedy
    assert "libxcb-cursor.so.0" in refusal.value.detail


@linux
def test_a_library_that_the_list_does_not_know_is_named_as_it_is() -> None:
    error = system_libraries._missing("libstrange.so.7: cannot open shared object file")
    assert "libstrange.so.7" in error.remedy


@linux
def test_without_a_display_the_program_says_so_instead_of_aborting(tmp_path: Path) -> None:
    """The real program, in a process of its own: Qt would end it with SIGABRT."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"QT_QPA_PLATFORM": "xcb", "HOME": str(tmp_path)}
    for display, words in (("", "There is no display"), (":4791", "The display :4791 does not answer.")):
        done = subprocess.run(
            [sys.executable, "-m", "spoke_admin"], env=environment | ({"DISPLAY": display} if display else {}),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr
