"""What a script has reported stands in the report as that, and counts as nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_text import NAMES, Page
from report_story import TARGET_ID, Book

from xtmig_kernel.report import build_archive, verify_archive


def a_report(**changes: Any) -> dict[str, Any]:
    """What the ledger holds of a script's report, full of hostile names."""
    change = {
        "change": "sha256:" + "1" * 64, "step": "070.2", "title": NAMES["markup"], "at": "2026-11-20T09:00:00Z",
        "calls": ["New-MigrationEndpoint"], "ok": True, "error": None, "seen": [{"Identity": NAMES["attribute"]}],
        "seen_error": None,
    }  # fmt: skip
    failed = change | {"change": "sha256:" + "2" * 64, "ok": False, "error": NAMES["markup"], "seen": []}
    read = {"read": f"Get-X '{NAMES['markup']}'", "at": "2026-11-20T09:00:00Z", "ok": True, "error": None}
    return {
        "name": "scripts/070-target.ps1", "section": "070", "side": "target", "tenant_id": TARGET_ID,
        "plan": "sha256:" + "3" * 64, "account": NAMES["markup"], "confirmed": ["070.2 3f1c9a2b"],
        "began": "2026-11-20T09:00:00Z",
        "ended": "2026-11-20T09:01:00Z", "error": None, "sha256": "4" * 64, "changes": [change, failed],
        "reads": [read | {"rows": 3, "digest": "sha256:" + "5" * 64}],
    } | changes  # fmt: skip


def test_a_report_is_shown_and_counts_as_nothing(
    open_book: Callable[[str], Book], project_folder: Path, tmp_path: Path
) -> None:
    """The page says what was reported and that nobody observed it; changes, findings and statements stay."""
    results, pages = [], []
    for number in (1, 2):
        book = open_book(f"run-{number}")
        book.start("070", "Target: endpoint and relationship")
        if number == 2:
            book.ledger.append("script_reported", a_report())
        book.end("070")
        folder = tmp_path / f"archive-{number}"
        build_archive(project_folder, f"run-{number}", folder)
        assert [] == verify_archive(folder)
        results.append(json.loads((folder / "result.json").read_text(encoding="utf-8")))
        pages.append(Page((folder / "index.html").read_text(encoding="utf-8")))
    before, after = results
    counted = ("changes", "findings", "statements", "tally", "reads", "problems", "open_items")
    assert {name: before[name] for name in counted} == {name: after[name] for name in counted}
    assert ["not looked"] * 2 == [change["since"] for change in after["reported"][0]["changes"]]
    assert [] == pages[1].alive
    heading = "Reported by scripts that a person ran"
    assert "typed the code of: 070.2. That is this person's word, not an approval" in pages[1].text
    assert (heading in pages[0].text, heading in pages[1].text) == (False, True)
    for words in ("reported as made", "reported as not made", "not observed", NAMES["markup"], NAMES["attribute"]):
        assert words in pages[1].text
