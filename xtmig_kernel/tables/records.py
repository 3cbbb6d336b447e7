"""Tables that come from the project's own records: its ledger, its files, the edition of the document. No sign-in."""

from __future__ import annotations

from xtmig_kernel.tables.table import Table

RECORD_TABLES = (
    Table(
        "own_changes",
        {
            "Table": "text",
            "Object": "text",
            "Change": "text",
            "Before": "text",
            "After": "text",
            "Settled": "bool",
            "Step": "text",
            "At": "time",
        },
        "What this project created or altered in that tenant's configuration, from its ledger: one row for each object "
        "that still bears a change. Change is created or altered; Before and After are JSON of the altered "
        "attributes, before the first change and after the last. Settled is false where nobody knows what became "
        "of a change",
    ),
    Table(
        "snapshot_drift",
        {
            "Since": "time",
            "Until": "time",
            "Kind": "text",
            "Side": "text",
            "Object": "text",
            "What": "text",
            "Then": "text",
            "Now": "text",
        },
        "What has changed between the two newest snapshots: findings, attributes of objects in scope, tables that one "
        "of them alone has; as `xtmig assess --compare` tells it",
    ),
    Table(
        "given_up_users",
        {"SourceAddress": "text", "Reason": "text", "Owner": "text", "Until": "text"},
        "Whose mailbox is given up: the waivers of rule mailboxes-finished in waivers.yaml, with the day until which "
        "they hold",
    ),
    Table(
        "asked_sign_offs",
        {
            "Rule": "text",
            "Subject": "text",
            "Statements": "list of text",
            "Instruction": "text",
            "SignedBy": "text",
        },
        "What persons were asked to give their word for: the last finding of each rule and subject in the ledger, "
        "where it asks for a sign-off; SignedBy from approvals.yaml, None where nobody has signed",
    ),
    Table(
        "document_edition",
        {"Title": "text", "Date": "text", "Sha256": "text", "Statements": "int"},
        "The edition of Microsoft's document that this xtmig implements; one row (DOC-01)",
    ),
    Table(
        "project_files",
        {"Path": "text", "Bytes": "int", "Kind": "text"},
        "Files of the project folder, each archive as one. Kind is settings, evidence, runbook, or data: what holds "
        "personal data and is no "
        "evidence",
    ),
)
