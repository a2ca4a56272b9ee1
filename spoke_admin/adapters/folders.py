"""Where this program keeps what belongs to the admin."""

from pathlib import Path


def config_folder() -> Path:
    """The platform's folder for settings. It may not exist yet."""
    import platformdirs

    return platformdirs.user_config_path("spoke-admin", appauthor=False)


def data_folder() -> Path:
    """The platform's folder for what the program records. It may not exist yet."""
    import platformdirs

    return platformdirs.user_data_path("spoke-admin", appauthor=False)
