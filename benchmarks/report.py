"""How long an archive takes to build and check, and how large it is, for 500 and for 5,000 users.

Run it from the repository: `python benchmarks/report.py [USERS ...]`.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "unit" / "report"), str(ROOT / "tests")]

from report_many import tell_many  # noqa: E402

from xtmig_kernel.report import build_archive, verify_archive  # noqa: E402

MEGABYTE = 1024 * 1024
FILES = ("index.html", "result.json", "ledger.jsonl", "open-items.csv")


def measure(users: int, folder: Path) -> dict[str, float]:
    """Seconds and megabytes of the archive of a project of so many users."""
    book = tell_many(folder, users)
    archive = folder / "archive"
    archive.mkdir()
    begun = time.perf_counter()
    build_archive(folder, book.run_id, archive)
    built = time.perf_counter()
    problems = verify_archive(archive)
    checked = time.perf_counter()
    if problems:
        raise SystemExit("\n".join(problems))
    sizes = {f"{name} (MB)": (archive / name).stat().st_size / MEGABYTE for name in FILES}
    artifacts = sum(path.stat().st_size for path in (archive / "artifacts").rglob("*") if path.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "entries": len(book.ledger.entries()),
        "build (s)": built - begun,
        "verify (s)": checked - built,
        **sizes,
        "artifacts (MB)": artifacts / MEGABYTE,
        "peak memory so far (MB)": peak,
    }


def main() -> None:
    """Print one line for each figure: each number of users, and the last as a multiple of the first."""
    counts = [int(text) for text in sys.argv[1:]] or [500, 5000]
    found = []
    for users in counts:
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(users, Path(folder)))
    print(f"{'users':26}" + "".join(f"{users:>12,}" for users in counts) + f"{'ratio':>10}")
    for name, first in found[0].items():
        numbers = "".join(f"{one[name]:>12,.2f}" for one in found)
        print(f"{name:26}{numbers}{found[-1][name] / first if first else 0:>10.1f}")


if __name__ == "__main__":
    main()
