"""Kernels that are started ahead of their notebooks (`xtmig_kernel.runs.kernels`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import AsyncKernelManager

from xtmig_kernel.runs.kernels import Kernels


def test_a_kernel_that_ends_at_once_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel whose ports were taken by another program ends before it answers; the notebook gets another kernel."""
    start = AsyncKernelManager.start_kernel
    started: list[AsyncKernelManager] = []

    async def first_one_dies(self: AsyncKernelManager, **options: Any) -> None:
        await start(self, **options)
        started.append(self)
        if len(started) == 1:
            await self.provisioner.kill()

    monkeypatch.setattr(AsyncKernelManager, "start_kernel", first_one_dies)
    with Kernels(tmp_path, 1) as kernels:
        kernel = kernels.take()
        kernels.give_back(kernel)
    assert len(started) == 2
    assert kernel is started[1]
