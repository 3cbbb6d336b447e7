from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_tenants import Runbook

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def runbook(tmp_path: Path) -> Runbook:
    """A runbook over two configured tenants; a test alters `runbook.fakes`."""
    return Runbook(tmp_path)
