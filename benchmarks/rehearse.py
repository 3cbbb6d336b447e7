"""How long a rehearsal takes, beside the floor: as many kernels as it starts, times what one kernel takes to start.

Run it from anywhere: `python benchmarks/rehearse.py [SECTION]`, SECTION being the last one to be rehearsed. A notebook
cannot run in less than its kernel's start, unless kernels start while others work; a ratio below 1 says that they do.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import start_new_async_kernel

TRIES = 5


async def kernel_seconds() -> float:
    """Seconds from asking for a kernel until it has answered one line and is gone again."""
    begun = time.perf_counter()
    manager, client = await start_new_async_kernel(kernel_name="xtmig")
    await client.execute_interactive("import xtmig_kernel.jupyter.face", output_hook=lambda _message: None)
    client.stop_channels()
    await manager.shutdown_kernel()
    return time.perf_counter() - begun


def main() -> None:
    until = ["--until", sys.argv[1]] if len(sys.argv) > 1 else []
    one = statistics.median(asyncio.run(kernel_seconds()) for _ in range(TRIES))
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "rehearsal"
        begun = time.perf_counter()
        done = subprocess.run(["xtmig", "rehearse", str(project), *until], stdout=subprocess.DEVNULL, check=False)
        seconds = time.perf_counter() - begun
        kernels = len(list(project.glob("reports/*/notebooks/*.ipynb")))
    floor = kernels * one
    print(f"rehearsal: {seconds:.1f} s, exit {done.returncode}, {kernels} notebooks")
    print(f"floor: {kernels} kernels x {one:.2f} s = {floor:.1f} s")
    print(f"ratio: {seconds / floor:.2f}")


if __name__ == "__main__":
    main()
