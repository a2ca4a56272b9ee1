"""The storage holds scim2-server's own contract, and what a stand-in adds to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scim2_models import ScimProvider
from scim2_server.testing import ScimStorageContract

from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.storage import ResourceStorage


class TestContract(ScimStorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path, provider: ScimProvider) -> Iterator[ResourceStorage]:
        database = Database(tmp_path / "data")
        yield ResourceStorage(database, provider)
        database.close()
