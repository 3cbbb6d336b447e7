from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(TESTS), str(TESTS / "simulator")]


@pytest.fixture(autouse=True)
def _needs_fork() -> None:
    if not hasattr(__import__("os"), "fork"):
        pytest.skip("SIGKILL and fork belong to Linux and macOS; Windows has neither")
