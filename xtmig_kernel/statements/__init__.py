"""The document's statements as data, each with the id by which rules, steps and reports answer it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

DOCUMENT_URL = "https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration"
DOCUMENT_TITLE = "Cross-tenant mailbox migration"
DOCUMENT_DATE = "2024-02-01"
"""The day that the document itself bears (`ms.date`); its text has changed later without a new one."""
DOCUMENT_SHA256 = "0bc5dd1aee66b13bdae7f1ba8593131a492d1a0c6d15e60d52ddf059425e8fb8"
"""SHA-256 of the document's source file, which tells the edition where the day does not (DOC-01)."""


@dataclass(frozen=True)
class Statement:
    """One statement of Microsoft's document, in our words.

    Args:
        id: Such as `"EPT-06"`.
        section: Part of the document in which it stands, by a short name of ours.
        lines: Its lines in the edition of 2024-02-01.
        kind: `step`, `check`, `prerequisite`, `prohibition`, `limit`, `warning`, `fact`, `remedy` or `example`.
        side: `source`, `target`, `both` or `none`.
        phase: When in a migration it matters.
        statement: What it says.
        evidence: What proves it.
        automation: How strongly it must be answered: `auto`, `auto-with-approval`, `manual-signoff`, `guidance`.
        trap: Where the document itself misleads, or an empty text.
    """

    id: str
    section: str
    lines: str
    kind: str
    side: str
    phase: str
    statement: str
    evidence: str
    automation: str
    trap: str


@cache
def statements() -> dict[str, Statement]:
    """All statements by id, in the document's order."""
    text = files(__package__).joinpath("statements.csv").read_text(encoding="utf-8")
    return {row["id"]: Statement(**row) for row in csv.DictReader(text.splitlines())}
