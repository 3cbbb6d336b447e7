"""How large notebook 040 is when it was executed, and how long that takes, by a stored snapshot of many mailboxes.

Run it from the repository: `python benchmarks/assess_notebook.py [MAILBOXES ...]`. No tenant is asked.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "notebooks"), str(ROOT / "tests")]

from notebook_offline import executed_offline, offline_project  # noqa: E402

from xtmig_kernel.report.notebooks import notebook_html  # noqa: E402

MEGABYTE = 1024 * 1024


def main() -> None:
    """Print one line for each number of mailboxes; a tenth of them has each of three defects."""
    os.environ.setdefault("JUPYTER_PATH", str(ROOT / "share" / "jupyter"))
    print(f"{'mailboxes':>10}{'execute (s)':>14}{'notebook (MB)':>16}{'page (MB)':>12}")
    for users in [int(text) for text in sys.argv[1:]] or [1_000, 10_000]:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder) / "project"
            offline_project(project, users, users // 10)
            begun = time.perf_counter()
            notebook = executed_offline(project)
            seconds = time.perf_counter() - begun
            page = len(notebook_html(notebook).encode()) / MEGABYTE
            size = notebook.stat().st_size / MEGABYTE
            print(f"{users:>10,}{seconds:>14.1f}{size:>16.2f}{page:>12.2f}", flush=True)


if __name__ == "__main__":
    main()
