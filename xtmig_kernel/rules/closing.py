"""Section 220: what is signed, which edition was followed, and whose data still lies about (DOC-01)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project

SIGN_OFFS, DATA_FILES, EDITION = "source.asked_sign_offs", "source.project_files", "source.document_edition"
SNAPSHOTS = "inventory.db"
ALL_STATEMENTS = 260
_DATE, _SHA256 = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"[0-9a-f]{64}")


def _signed(seen: Seen, _project: Project) -> Iterable[Judgement]:
    rows = seen.rows(SIGN_OFFS)
    for row in rows:
        if row["SignedBy"] is None:
            statement = row["Statements"][0]
            yield Judgement(
                "wait",
                f"{statement}: {row['Subject']}",
                seen="nobody has signed",
                expected=str(row["Instruction"]),
                remedy=f"whoever may say so: xtmig approve SECTION --sign-off {statement} --by WHO --note WHY",
            )
    signed = sum(row["SignedBy"] is not None for row in rows)
    if signed:
        yield Judgement(
            "pass", "sign-offs", seen=f"{signed} of {len(rows)} that were asked for are signed", expected="all"
        )


def _edition(seen: Seen, _project: Project) -> Iterable[Judgement]:
    row = seen.one(EDITION)
    told = row is not None and _DATE.fullmatch(str(row["Date"])) and _SHA256.fullmatch(str(row["Sha256"]))
    whole = row is not None and row["Statements"] == ALL_STATEMENTS
    yield Judgement(
        "pass" if told and whole else "fail",
        str(row["Title"]) if row else "the document",
        seen=f"dated {row['Date']}, SHA-256 {row['Sha256']}, {row['Statements']} statements" if row else "not recorded",
        expected=f"a date, a SHA-256, and {ALL_STATEMENTS} statements",
        remedy="Install xtmig again: what it knows of the document is not whole.",
    )


def _personal(seen: Seen, _project: Project) -> Iterable[Judgement]:
    left = [str(row["Path"]) for row in seen.rows(DATA_FILES) if row["Kind"] == "data"]
    if left:
        more = f" and {len(left) - 3} more" if len(left) > len(left[:3]) else ""
        yield Judgement(
            "warn",
            "the project folder",
            seen=f"personal data that is no evidence, in {counted(len(left), 'file')}: {', '.join(left[:3])}{more}"
            + ("; inventory.db holds snapshots of both tenants" if SNAPSHOTS in left else ""),
            expected="only evidence, settings and the runbook",
            remedy="When nobody needs them any more: xtmig purge --all-personal; for the snapshots alone: xtmig purge "
            "--snapshots. It is never done by itself: only the owner of the data knows when.",
        )
    else:
        seen_words = f"{counted(len(seen.rows(DATA_FILES)), 'file')}: evidence, settings and the runbook"
        yield Judgement("pass", "the project folder", seen=seen_words, expected="no other personal data")


RULES: tuple[Rule, ...] = (
    Rule("sign-offs-given", "Whatever a person was asked to sign is signed", (), None, (SIGN_OFFS,), _signed),
    Rule(
        "document-edition",
        "The edition of Microsoft's document that was followed is known",
        ("DOC-01",),
        None,
        (EDITION,),
        _edition,
    ),
    Rule(
        "personal-data-purged",
        "No personal data lies in the project folder that is no evidence",
        (),
        None,
        (DATA_FILES,),
        _personal,
    ),
)
