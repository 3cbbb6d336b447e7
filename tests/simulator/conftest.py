"""Two ways to the simulator: its handlers directly with a clock of our own, and the process that people start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from simulated_pair import SECRETS, Pair, example, make_pair
from simulator_process import SimulatorProcess, running_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair() -> Pair:
    """The shipped example."""
    return make_pair(example())


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """The shipped example as a process."""
    with running_simulator(environment=SECRETS) as running:
        yield running
