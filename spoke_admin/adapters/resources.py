"""Files that come with the program: in a wheel inside the package, in a checkout beside it."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def resource(*parts: str) -> Traversable:
    """What lies below `resources/` at these path parts."""
    inside = files("spoke_admin").joinpath("resources")
    beside = files("spoke_admin").joinpath("..", "resources")
    return (inside if inside.is_dir() else beside).joinpath(*parts)
