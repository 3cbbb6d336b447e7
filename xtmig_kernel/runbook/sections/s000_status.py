"""000 Project status: where the project stands, what comes next, who is waited for. Reads the ledger alone."""

from __future__ import annotations

from xtmig_kernel.runbook.step import Section

SECTION = Section(
    number="000",
    slug="project-status",
    title="Project status",
    purpose="Where the project stands, what comes next, and who is waited for.",
    sides=(),
    steps=(),
)
