from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_statements_page_is_current() -> None:
    """The published page says of each statement exactly what answers it today."""
    generator = runpy.run_path(str(DOCS / "generate_statements.py"))
    assert (DOCS / "reference" / "statements.md").read_text(encoding="utf-8") == generator["page"]()
