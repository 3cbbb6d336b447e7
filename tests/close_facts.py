"""The project's own records when sections 010 to 110 are done, and both tenants once Lara has moved.

Before this project both tenants were empty of its objects: it created every one, as `own` says. What the move leaves is
what the article says: a MailUser in the source that points at the target, a mailbox with the same ExchangeGuid there.
"""

from __future__ import annotations

import json
from typing import Any

from start_facts import LARA_ADDRESS, WAVE, batch, migration_user
from user_facts import LARA_ID, LARA_TARGET_ID, SCOPE, chosen, lara_mail_user, lara_mailbox, recipient

NAME = "xtmig-contoso-moves"
APPLICATION = "xtmig mailbox migration contoso-moves"
LARA_SOURCE = "Lara.Newton@contoso.com"
DELIVERY = "LaraN@northwindtraders.onmicrosoft.com"
BACK = {"back_from": "contoso-moves"}


def own(table: str, name: str, **changes: Any) -> dict[str, Any]:
    """A row of `own_changes`: an object that this project created; `Before` and `After` are given as data."""
    row = {
        "Table": table,
        "Object": name,
        "Change": "created",
        "Before": {},
        "After": {},
        "Settled": True,
        "Step": "070.2",
        "At": "2026-11-20T08:00:00Z",
    } | changes
    return row | {column: json.dumps(row[column]) for column in ("Before", "After")}


def own_relationship(side: str, **changes: Any) -> dict[str, Any]:
    """What this project did to a tenant's relationship: it created it, as sections 070 and 080 do."""
    capability = ["Inbound"] if side == "target" else ["RemoteOutbound"]
    settings: dict[str, Any] = {"Enabled": True, "MailboxMoveEnabled": True, "MailboxMoveCapability": capability}
    return own("organization_relationships", NAME, **{"After": settings} | changes)


def signed(**changes: Any) -> dict[str, Any]:
    """A row of `asked_sign_offs` that somebody has signed."""
    return {
        "Rule": "add-on-once-per-move",
        "Subject": "1 licences",
        "Statements": ["LIC-03"],
        "Instruction": "Procurement confirms it",
        "SignedBy": "anna@northwindtraders.onmicrosoft.com",
    } | changes


def given_up(**changes: Any) -> dict[str, Any]:
    """A row of `given_up_users`: Lara's mailbox, until the end of the year."""
    return {
        "SourceAddress": LARA_SOURCE,
        "Reason": "leaves the company",
        "Owner": "HR",
        "Until": "2026-12-31",
    } | changes


def edition(**changes: Any) -> dict[str, Any]:
    """The row of `document_edition`; the day is the document's own (DOC-01)."""
    return {
        "Title": "Cross-tenant mailbox migration",
        "Date": "2024-02-01",
        "Sha256": "0bc5dd1aee66b13bdae7f1ba8593131a492d1a0c6d15e60d52ddf059425e8fb8",
        "Statements": 260,
    } | changes


def close_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of sections 210 to 300 before anything has moved, rows by fact."""
    return {
        "target.own_changes": [
            own("applications", APPLICATION),
            own("migration_endpoints", NAME),
            own_relationship("target"),
        ],
        "source.own_changes": [own("distribution_groups", SCOPE), own_relationship("source")],
        "source.excluded_users": [],
        "source.given_up_users": [],
        "source.asked_sign_offs": [signed()],
        "source.document_edition": [edition()],
        "source.project_files": [
            {"Path": "ledger.db", "Bytes": 4096, "Kind": "evidence"},
            {"Path": "project.yaml", "Bytes": 300, "Kind": "settings"},
        ],
    }


def leftover(**changes: Any) -> dict[str, Any]:
    """The MailUser that Lara's mailbox leaves in the source, as a row of `mail_users` (GEN-02, GEN-03)."""
    mailbox = lara_mailbox()
    columns = lara_mail_user().keys()
    return (
        {column: mailbox.get(column) for column in columns}
        | {"RecipientTypeDetails": "MailUser", "ExternalEmailAddress": DELIVERY}
        | changes
    )


def moved_mailbox(**changes: Any) -> dict[str, Any]:
    """Lara's mailbox in the target, with the ExchangeGuid that it had, as a row of `mailboxes`."""
    mail_user = lara_mail_user()
    names = {column: mail_user[column] for column in lara_mailbox() if column in mail_user}
    return lara_mailbox(**names | {"RecipientTypeDetails": "UserMailbox"} | changes)


def moved(**changes: Any) -> dict[str, Any]:
    """The alterations of the world once Lara has moved in the pilot's batch."""
    left, mailbox = leftover(), moved_mailbox()
    tables = {
        "source__chosen_users": [chosen(Wave=WAVE)],
        "source__mailboxes": [],
        "source__mail_users": [left],
        "source__recipients": [recipient(left)],
        "target__mailboxes": [mailbox],
        "target__mail_users": [],
        "target__recipients": [recipient(mailbox)],
        "target__migration_batches": [batch(Status="Completed", FinalizedCount=1, CompletionAsked=True)],
        "target__migration_users": [migration_user(Status="Completed")],
    }
    return altered(tables, changes)


def altered(tables: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Alterations of a world that are altered: a dict alters the first row, anything else stands for the whole."""
    made = dict(tables)
    for name, change in changes.items():
        present = made.get(name)
        if isinstance(change, dict) and isinstance(present, list):
            made[name] = [present[0] | change, *present[1:]]
        else:
            made[name] = present | change if isinstance(change, dict) and isinstance(present, dict) else change
    return made


def turned_round(**changes: Any) -> dict[str, Any]:
    """The world of the project for the way back, before it is set up: the tenants have changed places.

    Lara's mailbox is in what is the source now, the object that it left behind in what is the target now. The first
    project's relationships are there; the new application is consented to, and the new group is filled.
    """
    from core_facts import APP_ID, SOURCE_ID, TARGET_ID, relationship, source_relationship

    left, mailbox = leftover(), moved_mailbox()
    tables = {
        "source__chosen_users": [
            chosen(
                SourceAddress=LARA_ADDRESS,
                TargetAddress=LARA_SOURCE,
                TargetSignIn="LaraN@contoso.onmicrosoft.com",
                TargetAlias="LaraN",
                TargetObject=LARA_ID,
            )
        ],
        "source__mailboxes": [mailbox],
        "source__mail_users": [],
        "source__recipients": [recipient(mailbox)],
        "source__exchange_users": [_person(mailbox)],
        "source__accepted_domains": _domains("northwindtraders"),
        "source__service_principals": {"AppId": APP_ID, "OwnerTenantId": SOURCE_ID},
        "source__scope_members": {"ObjectId": LARA_TARGET_ID, "PrimarySmtpAddress": LARA_ADDRESS},
        "source__organization_relationships": [relationship(DomainNames=[SOURCE_ID])],
        "source__own_changes": [],
        "target__mailboxes": [],
        "target__mail_users": [left],
        "target__recipients": [recipient(left)],
        "target__exchange_users": [_person(left, PreviousRecipientTypeDetails="UserMailbox")],
        "target__accepted_domains": _domains("contoso"),
        "target__organization_relationships": [source_relationship(DomainNames=[TARGET_ID])],
        "target__own_changes": [],
    }
    return altered(tables, changes)


def back_project(**changes: Any) -> dict[str, Any]:
    """The alterations of `settings()` for the project of the way back."""
    from core_facts import SOURCE_ID, TARGET_ID

    return {
        "back_from": "contoso-moves",
        "source": {"tenant_id": TARGET_ID, "domain": "northwindtraders.onmicrosoft.com"},
        "target": {"tenant_id": SOURCE_ID, "domain": "contoso.onmicrosoft.com"},
    } | changes


def _person(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    columns = ("ObjectId", "UserPrincipalName", "DisplayName", "RecipientTypeDetails")
    names = {"FirstName": "Lara", "LastName": "Newton", "PreviousRecipientTypeDetails": None}
    return {column: row[column] for column in columns} | names | changes


def _domains(organisation: str) -> list[dict[str, Any]]:
    domains = ((f"{organisation}.com", True, False), (f"{organisation}.onmicrosoft.com", False, True))
    return [
        {"DomainName": name, "DomainType": "Authoritative", "Default": default, "InitialDomain": initial}
        for name, default, initial in domains
    ]
