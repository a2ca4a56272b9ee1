"""The memory of this process is its own: it is never written to a core file, nor read by the same person's programs.

Called by the program's start alone, never on import. Why so, and why the window waits with it:
docs/decisions/0006-nothing-left-behind.md.
"""

import sys
from contextlib import suppress

PR_SET_DUMPABLE = 4  # linux/prctl.h


def protect() -> None:
    """No core files, for this process and those it starts; on Linux its memory and environment are closed to others.

    Elsewhere the platform does it, or there is no such switch. Never raises: a start is not to fail by it.
    """
    if sys.platform == "win32":
        return
    with suppress(ImportError, ValueError, OSError):  # a Python without it, a limit that may not be changed
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _let_others_look(allowed=False)


def open_to_the_desktop() -> None:
    """While Qt starts: the desktop's portal looks at who asks it (for colours, file dialogs) once, and remembers.

    It refuses a process that it may not look at. `protect` is called again before the first secret is read.
    """
    _let_others_look(allowed=True)


def _let_others_look(*, allowed: bool) -> None:
    """Linux: not "dumpable", /proc/PID/mem, environ, maps and fd belong to root, and ptrace is refused."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):  # a Python without ctypes, a C library without prctl
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, int(allowed), 0, 0, 0)
