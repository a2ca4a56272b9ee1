"""What comes with the program is found in a checkout and in an installed package alike."""

import subprocess
import sys
import zipfile
from pathlib import Path

from spoke_admin.adapters.resources import resource

ROOT = Path(__file__).parents[2]


def test_in_a_checkout() -> None:
    assert (
        resource("profiles", "askspoke.toml").read_bytes() == (ROOT / "resources/profiles/askspoke.toml").read_bytes()
    )
    assert not resource("profiles", "none.toml").is_file()


def test_inside_an_installed_package(tmp_path: Path) -> None:
    """As a wheel lays them out: resources/ within spoke_admin/; zipped, so that nothing can come from beside it."""
    wheel = tmp_path / "installed.zip"
    with zipfile.ZipFile(wheel, "w") as packed:
        for path in (ROOT / "spoke_admin").rglob("*.py"):
            packed.write(path, path.relative_to(ROOT))
        packed.writestr("spoke_admin/resources/profiles/askspoke.toml", "packed")
    program = (
        f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
        "from spoke_admin.adapters.resources import resource\n"
        "print(resource('profiles', 'askspoke.toml').read_text())"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "packed\n"
