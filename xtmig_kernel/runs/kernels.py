"""Kernels for the notebooks of a run: each notebook has its own, and the next ones start while one is at work.

A kernel takes longer to start and to import than most notebooks take to run, so a run would wait for kernels half of
its time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from jupyter_client.manager import AsyncKernelManager

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

KERNEL = "xtmig"
AHEAD = 2
"""With one, a run would still wait for it after each short notebook; with more, notebooks wait for a processor."""
TRIES = 3
START_SECONDS = 60
_IMPORTED = "import xtmig_kernel.jupyter.face as _face; del _face"


class Kernels:
    """A kernel for each notebook, started ahead; a context manager that leaves none running.

    Args:
        folder: Where the kernels run.
        number: How many notebooks will be run; None if nobody knows, and then the last kernels start for nothing.
    """

    def __init__(self, folder: Path, number: int | None = None) -> None:
        self._left = float("inf") if number is None else number
        self._folder = folder
        self._pool = ThreadPoolExecutor(AHEAD + 1, thread_name_prefix="kernels")
        self._ahead: deque[Future[AsyncKernelManager]] = deque()

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for kernel in self._ahead:
                if kernel.exception() is None:
                    self.give_back(kernel.result())
        finally:
            self._pool.shutdown()

    def take(self) -> AsyncKernelManager:
        """A started kernel that no notebook has used.

        Raises:
            RuntimeError: As many were taken as were asked for.
        """
        if not self._ahead:
            raise RuntimeError("more kernels are taken than were asked for")
        kernel = self._ahead.popleft().result()
        self._begin()
        return kernel

    def give_back(self, kernel: AsyncKernelManager) -> None:
        """End a kernel, without waiting for its end.

        Args:
            kernel: One that was taken.
        """
        self._pool.submit(asyncio.run, _ended(kernel))

    def _begin(self) -> None:
        while self._left > 0 and len(self._ahead) < AHEAD:
            self._left -= 1
            self._ahead.append(self._pool.submit(asyncio.run, _started(self._folder)))


async def _started(folder: Path) -> AsyncKernelManager:
    """A kernel that answers.

    Its ports are chosen before it takes them, so another program may be quicker; the kernel then ends at once, and
    another one is started.

    Raises:
        RuntimeError: None of them answered.
    """
    for _ in range(TRIES):
        kernel = AsyncKernelManager(kernel_name=KERNEL)
        await kernel.start_kernel(cwd=str(folder), extra_arguments=[f"--IPKernelApp.exec_lines={_IMPORTED}"])
        if await _answers(kernel):
            return kernel
        await _ended(kernel)
    raise RuntimeError(f"no kernel could be started in {TRIES} tries")


async def _answers(kernel: AsyncKernelManager) -> bool:
    client = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=START_SECONDS)
    except RuntimeError:  # it has ended, or says nothing
        return False
    finally:
        client.stop_channels()
    return True


async def _ended(kernel: AsyncKernelManager) -> None:
    if await kernel.is_alive():
        await kernel.shutdown_kernel()
    await kernel.cleanup_resources()
