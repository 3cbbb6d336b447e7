"""Tables from the project's own records: what it did, what it asked, what it keeps. No tenant is asked."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.project import load_approvals, load_waivers
from xtmig_kernel.statements import DOCUMENT_DATE, DOCUMENT_SHA256, DOCUMENT_TITLE, statements
from xtmig_kernel.store import Ledger
from xtmig_kernel.store.ledger import LEDGER_FILE

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext
    from xtmig_kernel.store import Entry

CONFIGURATION = frozenset(
    {
        "applications", "distribution_groups", "granted_roles", "migration_endpoints", "organization_relationships",
        "service_principals",
    }
)  # fmt: skip
"""Tables of what a project sets up and takes down again; users, licences and batches are told by the tenants."""
GIVING_UP = "mailboxes-finished"
"""The rule whose waivers say that a mailbox is given up."""
_TOOK_EFFECT, _DID_NOT = ("done", "found done"), ("failed", "not done")


def own_changes(context: ReadContext) -> tuple[str, list[Row]]:
    """What this project created or altered in one tenant, from its ledger alone (CLN-02, CLN-03).

    What was created and removed again, or altered and restored, is not told any more.
    """
    entries = _entries(context, "intent", "outcome")
    # of several outcomes the last one counts: what a service accepted may never have been seen
    results = {e.data["intent"]: e.data["result"] for e in entries if e.kind == "outcome"}
    objects: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        if entry.kind != "intent" or results.get(entry.seq) in _DID_NOT:
            continue
        change = entry.data["data"]
        subject = change["subject"]
        if subject["side"] == context.side and subject["table"] in CONFIGURATION:
            _enter(objects, entry, settled=results.get(entry.seq) in _TOOK_EFFECT)
    return f"{LEDGER_FILE} of this project", [_as_row(item) for item in objects.values() if _differs(item)]


def _enter(objects: dict[tuple[str, str], dict[str, Any]], entry: Entry, *, settled: bool) -> None:
    change = entry.data["data"]
    subject, before, after = change["subject"], change["before"], change["after"]
    name = str(subject["key"][0][1])
    key = (subject["table"], name.casefold())
    new = {
        "Table": subject["table"], "Object": name, "Change": "created" if before is None else "altered", "Before": {},
        "After": {}, "Settled": True,
    }  # fmt: skip
    item = objects.setdefault(key, new)
    item |= {"Settled": item["Settled"] and settled, "Step": entry.step, "At": entry.at}
    if after is None:
        if settled:
            del objects[key]
        return
    for attribute, value in after.items():
        was = (before or {}).get(attribute)
        if value != was:
            item["Before"].setdefault(attribute, was)
            item["After"][attribute] = value


def _differs(item: dict[str, Any]) -> bool:
    created, unsettled = item["Change"] == "created", not item["Settled"]
    return created or unsettled or item["Before"] != item["After"]


def _as_row(item: dict[str, Any]) -> dict[str, Any]:
    return item | {name: json.dumps(item[name], sort_keys=True, ensure_ascii=False) for name in ("Before", "After")}


def given_up_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Whose mailbox is given up, by whose word and until when."""
    return "waivers.yaml", [
        {"SourceAddress": w.subject, "Reason": w.reason, "Owner": w.owner, "Until": w.until.isoformat()}
        for w in load_waivers(context.project.folder).waivers
        if w.rule == GIVING_UP
    ]


def asked_sign_offs(context: ReadContext) -> tuple[str, list[Row]]:
    """What persons were asked to sign so far, and who has signed."""
    last = {(e.data["rule"], e.data["subject"]): e.data for e in _entries(context, "finding")}
    signed = {item.statement: item.by for item in load_approvals(context.project.folder).sign_offs}
    return f"{LEDGER_FILE} and approvals.yaml", [
        {
            "Rule": rule,
            "Subject": subject,
            "Statements": list(data["statements"]),
            "Instruction": data.get("instruction"),
            "SignedBy": next((signed[name] for name in data["statements"] if name in signed), None),
        }
        for (rule, subject), data in last.items()
        if data["verdict"] == "manual"
    ]


def hold_decisions(context: ReadContext) -> tuple[str, list[Row]]:
    """What was decided on mailboxes under a hold, in the order of the file (HLD-01)."""
    return "hold_decisions of approvals.yaml", [
        {"Subject": item.subject, "Decision": item.decision, "By": item.by, "At": as_text(item.at), "Note": item.note}
        for item in load_approvals(context.project.folder).hold_decisions
    ]


def document_edition(_context: ReadContext) -> tuple[str, list[Row]]:
    """Which edition of Microsoft's document is implemented here (DOC-01)."""
    edition = {"Title": DOCUMENT_TITLE, "Date": DOCUMENT_DATE, "Sha256": DOCUMENT_SHA256}
    return "this version of xtmig", [edition | {"Statements": len(statements())}]


def project_files(context: ReadContext) -> tuple[str, list[Row]]:
    """Every file of the project folder, an archive as one, and whether it is kept when the project is closed."""
    folder = context.project.folder
    sizes: Counter[str] = Counter()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            first, *rest = path.relative_to(folder).parts
            name = f"reports/{rest[0]}" if first == "reports" else "/".join((first, *rest))
            if not first.startswith("."):
                sizes[name] += path.stat().st_size
    return "the project folder", [
        {"Path": name, "Bytes": size, "Kind": kind_of_file(name)} for name, size in sizes.items()
    ]


FILE_KINDS = ("data", "evidence", "settings", "runbook")
_SETTINGS = frozenset({"project.yaml", "approvals.yaml", "waivers.yaml"})


def kind_of_file(name: str) -> str:
    """What a file of the project folder is: evidence, settings, runbook or data.

    Args:
        name: Its path below the folder, with slashes.
    """
    first = name.partition("/")[0]
    if first == "reports" or first.startswith(LEDGER_FILE):
        return "evidence"
    if name in _SETTINGS:
        return "settings"
    return "runbook" if first == "notebooks" else "data"


def _entries(context: ReadContext, *kinds: str) -> list[Entry]:
    """Entries of the project's ledger; none where there is no ledger, which then is not made either."""
    folder = context.project.folder
    if not (folder / LEDGER_FILE).exists():
        return []
    return Ledger(folder, context.clock, Redactor(), "reading").entries(*kinds)
