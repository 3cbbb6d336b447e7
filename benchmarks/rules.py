"""How long the rules alone take on a stored snapshot, and how that grows: `python benchmarks/rules.py [PAIRS ...]`.

The snapshots are made without any tenant: so many pairs of a mailbox and a MailUser, four permissions on each mailbox,
a defect in every twentieth. Each size is judged in a process of its own. Timed is reading the snapshot, and judging it
with all that the assessment puts together; seconds of the processor stand beside those of the clock, for a machine that
does other things too.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from core_facts import NOW  # noqa: E402
from many_facts import many, project_for  # noqa: E402

from xtmig_kernel.clock import as_text  # noqa: E402
from xtmig_kernel.evidence import Observed  # noqa: E402
from xtmig_kernel.rules.assessment import assess  # noqa: E402
from xtmig_kernel.store import SnapshotStore  # noqa: E402

SIZES = (5_000, 50_000)
EVERY = 20
DEFECTS: tuple[tuple[str, str, Any], ...] = (
    ("target.mail_users", "ExchangeGuid", None),
    ("source.mailbox_states", "LitigationHoldEnabled", True),
    ("target.mail_users", "X500Addresses", []),
    ("source.mailbox_sizes", "Bytes", 200 * 2**30),
    ("target.mail_users", "ExternalEmailAddress", "nobody@elsewhere.example"),
)


def defect(number: int, rows: dict[str, dict[str, Any]]) -> None:
    if number % EVERY == 0:
        fact, column, value = DEFECTS[number // EVERY % len(DEFECTS)]
        rows[fact][column] = value


def write(folder: Path, pairs: int) -> None:
    store = SnapshotStore(folder)
    snapshot = store.begin(NOW, {"simulated": True})
    for fact, rows in many(pairs, defect).items():
        store.keep(snapshot, fact, Observed(tuple(rows), NOW, "made"), [as_text(NOW)] * len(rows))
    store.finish(snapshot, NOW)


def judge(folder: Path, pairs: int) -> dict[str, Any]:
    store = SnapshotStore(folder)
    facts = store.facts(store.all()[-1].id)
    times = [(time.perf_counter(), time.process_time())]
    for fact in facts:
        facts[fact]
    times.append((time.perf_counter(), time.process_time()))
    found = assess(facts, project_for(pairs), NOW)
    times.append((time.perf_counter(), time.process_time()))
    (read, read_cpu), (judged, judged_cpu) = (
        (times[n + 1][0] - times[n][0], times[n + 1][1] - times[n][1]) for n in (0, 1)
    )
    return {
        "pairs": pairs,
        "permissions": len(facts["source.mailbox_permissions"].value),
        "findings": len(found.findings),
        "failed": found.verdicts.get("fail", 0),
        "read": read,
        "read_cpu": read_cpu,
        "rules": judged,
        "rules_cpu": judged_cpu,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measured(pairs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        for part in ("write", "judge"):
            command = [sys.executable, __file__, part, name, str(pairs)]
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, Any] = json.loads(printed)
    return result


def main() -> None:
    if sys.argv[1:2] == ["write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
        return
    if sys.argv[1:2] == ["judge"]:
        print(json.dumps(judge(Path(sys.argv[2]), int(sys.argv[3]))))
        return
    sizes = tuple(int(text) for text in sys.argv[1:]) or SIZES
    found = [measured(pairs) for pairs in sizes]
    for one in found:
        print(
            f"{one['pairs']:>7,} pairs, {one['permissions']:,} permissions: "
            f"read {one['read']:.1f} s (processor {one['read_cpu']:.1f}), "
            f"rules {one['rules']:.1f} s (processor {one['rules_cpu']:.1f}), {one['megabytes']:,.0f} MB at most; "
            f"{one['findings']:,} findings, {one['failed']:,} failed"
        )
    if len(found) > 1:
        first, last = found[0], found[-1]
        times = last["rules_cpu"] / first["rules_cpu"]
        print(f"exponent of growth of the rules: {math.log(times) / math.log(last['pairs'] / first['pairs']):.2f}")


if __name__ == "__main__":
    main()
