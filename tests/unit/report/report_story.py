"""A project folder whose ledger tells a story: made by the ledger itself, with the entries that the docs describe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from xtmig_kernel.changes import (
    Change,
    Credential,
    ExchangeCall,
    GraphCall,
    Later,
    Level,
    MintedSecret,
    Subject,
    as_data,
)
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.powershell import change_lines
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path

SOURCE_ID = "11111111-1111-4111-8111-111111111111"
TARGET_ID = "22222222-2222-4222-8222-222222222222"
APP_ID = "33333333-3333-4333-8333-333333333333"
HOSTILE = "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>"
FORMULA = "=cmd|'/c calc'!A0"
TURNED = "\u202egnp.exe"
LONG = "A scope group with a name as long as Exchange lets it be, " * 3
PERSON = "Adele Vance <adele@contoso.onmicrosoft.com>"

APPLICATION = Subject(
    "target", "applications", (("UniqueName", "xtmig-northwind"),), "xtmig mailbox migration northwind"
)
ENDPOINT = Subject("target", "migration_endpoints", (("Identity", "xtmig-northwind"),), "xtmig-northwind")


class StoryClock:
    """A clock that moves one second a look."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 16, 4, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def create_application(title: str = "Create application xtmig mailbox migration northwind") -> Change:
    body = {"displayName": APPLICATION.label, "signInAudience": "AzureADMultipleOrgs"}
    return Change(
        step="050.1",
        side="target",
        tenant_id=TARGET_ID,
        subject=APPLICATION,
        title=title,
        before=None,
        after={
            "DisplayName": APPLICATION.label,
            "SignInAudience": "AzureADMultipleOrgs",
            "RedirectUris": ["https://office.com"],
        },
        calls=(GraphCall("POST", "/applications", body=body),),
        level=Level.UNDOABLE,
        undo="Remove-MgApplication, within 30 days restorable",
        statements=("APP-03", "APP-04", "APP-05"),
    )


def grant_consent() -> Change:
    return Change(
        step="060.1",
        side="target",
        tenant_id=TARGET_ID,
        subject=Subject("target", "granted_roles", (("Id", "mailbox-migration"),), "Mailbox.Migration"),
        title="Grant Mailbox.Migration in the target",
        before=None,
        after={"AppId": Later(APPLICATION, "AppId"), "RoleId": "Mailbox.Migration"},
        calls=(
            GraphCall("POST", "/servicePrincipals/{id}/appRoleAssignments", {"id": Later(APPLICATION, "Id")}, body={}),
        ),
        level=Level.NAMED,
        undo="Remove the role assignment",
        statements=("CON-02",),
    )


def create_endpoint() -> Change:
    credential = Credential(Later(APPLICATION, "AppId"), MintedSecret())
    parameters = {
        "Name": "xtmig-northwind",
        "RemoteServer": "outlook.office.com",
        "RemoteTenant": "contoso.onmicrosoft.com",
        "Credentials": credential,
        "ExchangeRemoteMove": True,
        "ApplicationId": Later(APPLICATION, "AppId"),
    }
    return Change(
        step="070.2",
        side="target",
        tenant_id=TARGET_ID,
        subject=ENDPOINT,
        title="Create migration endpoint xtmig-northwind",
        before=None,
        after={
            "RemoteServer": "outlook.office.com",
            "ApplicationId": Later(APPLICATION, "AppId"),
            "Credentials": credential,
        },
        calls=(ExchangeCall("New-MigrationEndpoint", parameters),),
        level=Level.UNDOABLE,
        undo="Remove-MigrationEndpoint -Identity 'xtmig-northwind'",
        statements=("EPT-02", "EPT-06", "EPT-08", "EPT-09"),
    )


def extend_relationship(label: str = "Contoso moves") -> Change:
    return Change(
        step="070.3",
        side="target",
        tenant_id=TARGET_ID,
        subject=Subject("target", "organization_relationships", (("Identity", label),), label),
        title=f"Extend organization relationship {label}",
        before={"MailboxMoveCapability": ["RemoteOutbound"], "MailboxMoveEnabled": False},
        after={"MailboxMoveCapability": ["Inbound", "RemoteOutbound"], "MailboxMoveEnabled": True},
        calls=(ExchangeCall("Set-OrganizationRelationship", {"Identity": label, "MailboxMoveEnabled": True}),),
        level=Level.UNDOABLE,
        undo="Set-OrganizationRelationship back to RemoteOutbound and MailboxMoveEnabled False",
        statements=("REL-05", "REL-08", "REL-09"),
    )


class Book:
    """Writes a project's ledger in the field's words; every method is one kind of entry."""

    def __init__(self, folder: Path, run: str, clock: StoryClock) -> None:
        self.folder = folder
        self.run_id = run
        self.ledger = Ledger(folder, clock, Redactor(), run)
        self.clock = clock

    def ask(self, *sections: str, whole: bool, mode: str = "apply") -> None:
        self.ledger.append("run_asked", {"sections": list(sections), "whole": whole, "mode": mode})

    def start(self, section: str, title: str, mode: str = "apply", *, simulated: bool = True) -> None:
        side = {"cloud": "worldwide"}
        data = {
            "section": section,
            "title": title,
            "mode": mode,
            "simulated": simulated,
            "version": "0.1.0",
            "project": {"id": "northwind", "name": "Northwind"},
            "source": {"tenant_id": SOURCE_ID, "domain": "contoso.onmicrosoft.com", **side},
            "target": {"tenant_id": TARGET_ID, "domain": "northwindtraders.onmicrosoft.com", **side},
            "four_eyes_off_because": None,
        }
        self.ledger.append("run_started", data)

    def sign_in(self, side: str, name: str) -> None:
        tenant = SOURCE_ID if side == "source" else TARGET_ID
        data = {
            "side": side,
            "tenant_id": tenant,
            "kind": "person",
            "name": name,
            "object_id": tenant,
            "application_id": None,
        }
        self.ledger.append("signed_in", data)

    def read(self, fact: str, source: str, rows: int = 1) -> None:
        data = {
            "fact": fact,
            "side": fact.partition(".")[0],
            "source": source,
            "rows": rows,
            "digest": "sha256:" + "0" * 64,
        }
        self.ledger.append("observed", data, step="050.1")

    def refused_read(self, fact: str, reason: str, detail: str) -> None:
        data = {"fact": fact, "side": fact.partition(".")[0], "reason": reason, "detail": detail}
        self.ledger.append("observed", data, step="050.1")

    def find(
        self,
        verdict: str,
        rule: str = "endpoint.exists",
        subject: str = "xtmig-northwind",
        *,
        step: str = "070.2",
        side: str | None = "target",
        statements: tuple[str, ...] = ("EPT-02",),
        phase: str = "verify",
        **more: Any,
    ) -> None:
        observed = [{"source": "Get-MigrationEndpoint", "at": "2026-11-23T16:04:00Z"}]
        data = {
            "rule": rule,
            "title": f"The rule {rule} holds",
            "statements": list(statements),
            "side": side,
            "subject": subject,
            "verdict": verdict,
            "seen": "",
            "expected": "",
            "remedy": "",
            "remedy_step": None,
            "observed": observed if verdict in ("pass", "fail", "warn") else [],
            "phase": phase,
            **more,
        }
        self.ledger.append("finding", data, step=step)

    def plan(self, *changes: Change, step: str, title: str) -> None:
        listed = [{"hash": one.hash, "change": as_data(one), "lines": change_lines(one)} for one in changes]
        self.ledger.append(
            "planned", {"title": title, "plan": "sha256:" + "1" * 64, "level": 1, "changes": listed}, step=step
        )

    def intend(self, change: Change) -> int:
        data = {"change": change.hash, "data": as_data(change), "lines": change_lines(change)}
        return self.ledger.append("intent", data, step=change.step).seq

    def make(self, change: Change, result: str = "done", *, error: Any = None, matches: bool | None = True) -> None:
        intent = self.intend(change)
        data = {
            "intent": intent,
            "change": change.hash,
            "result": result,
            "request_ids": ["7c1f0000-aaaa-4bbb-8ccc-000000000001"],
            "warnings": [],
            "error": error,
        }
        self.ledger.append("outcome", data, step=change.step)
        if result == "done" and matches is not None:
            seen = {
                "intent": intent,
                "change": change.hash,
                "matches": matches,
                "before": None,
                "after": as_data(change.after),
            }
            self.ledger.append("read_back", {**seen, "waited_seconds": 4}, step=change.step)

    def end_step(self, step: str, title: str, state: str, summary: str = "", side: str = "target", **more: Any) -> None:
        data = {
            "title": title,
            "side": side,
            "state": state,
            "summary": summary,
            "waits_for": "",
            "until": None,
            **more,
        }
        self.ledger.append("step_ended", data, step=step)

    def problem(self, kind: str, message: str, step: str | None = "070.2") -> None:
        data = {"type": kind, "message": message, "side": "target", "step": step, "subject": None}
        self.ledger.append("problem", {**data, "cause": None, "remedy": "Look again.", "statements": []}, step=step)

    def refuse_approval(self, change: Change, reason: str = "no approval lists this change") -> None:
        data = {"change": change.hash, "level": int(change.level), "reasons": [reason]}
        self.ledger.append("approval_refused", data, step=change.step)

    def end(self, section: str, code: int = 0) -> None:
        self.ledger.append("run_ended", {"section": section, "exit_code": code, "summary": ""})


def write_project(folder: Path, **more: Any) -> None:
    project = {
        "format": 1,
        "id": "northwind",
        "name": "Northwind",
        "source": {"tenant_id": SOURCE_ID, "domain": "contoso.onmicrosoft.com"},
        "target": {"tenant_id": TARGET_ID, "domain": "northwindtraders.onmicrosoft.com"},
        "transport": "rest",
        **more,
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")


def tell_story(first: Book, second: Book) -> None:
    """Two runs with a bit of everything in them, hostile names included."""
    _first_run(first)
    _second_run(second)
    approvals = {
        "approvals": [
            {
                "section": "060",
                "level": 2,
                "changes": [grant_consent().hash],
                "approver": "nestor@northwindtraders.onmicrosoft.com",
                "given_at": "2026-11-20T09:00:00Z",
                "valid_until": "2026-11-22T09:00:00Z",
                "note": HOSTILE,
            }
        ],
        "sign_offs": [
            {
                "statement": "APP-14",
                "by": "nestor@northwindtraders.onmicrosoft.com",
                "at": "2026-11-20T09:00:00Z",
                "note": FORMULA,
            }
        ],
    }
    waivers = {
        "waivers": [
            {
                "rule": "application.user_read",
                "subject": "User.Read",
                "reason": "Other teams use it.",
                "owner": "Nestor Wilke",
                "until": "2026-12-31",
            }
        ]
    }
    (second.folder / "approvals.yaml").write_text(yaml.safe_dump(approvals), encoding="utf-8")
    (second.folder / "waivers.yaml").write_text(yaml.safe_dump(waivers), encoding="utf-8")


def _first_run(book: Book) -> None:
    book.start("010", "Connect", mode="plan")
    book.sign_in("source", PERSON)
    book.sign_in("target", "Nestor Wilke <nestor@northwindtraders.onmicrosoft.com>")
    book.read("source.domain_lookup", "GET openid-configuration of contoso.onmicrosoft.com")
    book.find(
        "pass",
        "connect.source_tenant",
        SOURCE_ID,
        step="010.1",
        side="source",
        statements=("PRE-08", "PRE-10"),
        seen="the ID in the token is the project's",
    )
    book.find(
        "manual",
        "connect.partner_id_given",
        "tenant IDs",
        step="010.1",
        side=None,
        statements=("PRE-08",),
        instruction="Confirm that the partner named its tenant ID.",
        signed_by="Nestor Wilke",
    )
    book.end_step("010.1", "Prove both tenants", "looked", "both tenants are the project's", side="source")
    book.end("010")
    book.start("050", "Target: migration application", mode="plan")
    book.plan(create_application(), step="050.1", title="Create the migration application")
    book.find(
        "fail",
        "application.exists",
        APPLICATION.label,
        step="050.1",
        statements=("APP-03",),
        phase="look",
        seen="no application has this unique name",
        remedy_step="050.1",
        remedy="Apply step 050.1",
    )
    book.end_step("050.1", "Create the migration application", "planned", "1 change planned")
    book.end("050")


def _second_run(book: Book) -> None:
    book.ask("050", "060", "070", whole=True)
    book.start("050", "Target: migration application")
    book.sign_in("target", "Nestor Wilke <nestor@northwindtraders.onmicrosoft.com>")
    book.read("target.applications", "GET /applications?$filter=uniqueName eq 'xtmig-northwind'", rows=0)
    book.plan(create_application(), step="050.1", title="Create the migration application")
    book.make(create_application())
    book.find(
        "pass",
        "application.exists",
        APPLICATION.label,
        step="050.1",
        statements=("APP-03", "APP-04"),
        seen="one application, multi-tenant",
    )
    book.find(
        "waived",
        "application.user_read",
        "User.Read",
        step="050.1",
        statements=("APP-07",),
        reason="Other teams use it.",
        owner="Nestor Wilke",
        until="2026-12-31",
    )
    book.find(
        "warn",
        "application.name",
        TURNED,
        step="050.1",
        statements=("APP-03",),
        seen="the display name turns the direction of the text",
        remedy="Rename it.",
    )
    book.end_step("050.1", "Create the migration application", "applied", "1 made and seen")
    book.end("050")
    book.start("060", "Consent")
    book.read("source.service_principals", "GET /servicePrincipals?$filter=appId eq …", rows=0)
    book.plan(grant_consent(), step="060.1", title="Grant consent in the target")
    book.refuse_approval(grant_consent(), "the approval of 20 Nov 2026 has run out")
    book.end_step("060.1", "Grant consent in the target", "waiting", "an approval is missing", waits_for="an approver")
    book.find(
        "waiting",
        "consent.source",
        "source consent",
        step="060.2",
        side="source",
        statements=("CON-04", "CON-05"),
        waits_for="an administrator of the source tenant, who opens "
        "https://login.microsoftonline.com/contoso.onmicrosoft.com/adminconsent and accepts",
        until="2026-11-23T18:00:00Z",
    )
    book.end_step(
        "060.2",
        "Ask for consent in the source",
        "waiting",
        "the link was handed over",
        side="source",
        waits_for="an administrator of the source tenant",
    )
    book.end("060", 4)
    book.start("070", "Target: endpoint and relationship")
    book.refused_read("target.migration_endpoints", "denied", "Get-MigrationEndpoint is not offered to this account.")
    book.read("target.organization_relationships", "Get-OrganizationRelationship", rows=3)
    book.find(
        "not_observed",
        "endpoint.exists",
        "xtmig-northwind",
        statements=("EPT-02", "EPT-09"),
        reason="denied",
        detail="Get-MigrationEndpoint is not offered to this account.",
        remedy="Ask for the role Organization Management.",
    )
    book.plan(create_endpoint(), step="070.2", title="Create the migration endpoint")
    book.problem("AccessDenied", f"the account may not create {HOSTILE}")
    book.end_step("070.2", "Create the migration endpoint", "failed", "the account may not create it")
    book.plan(extend_relationship(), extend_relationship(HOSTILE), step="070.3", title="Extend the relationship")
    book.make(extend_relationship())
    book.make(
        extend_relationship(HOSTILE), "failed", error={"type": "Rejected", "message": f"the service refused {HOSTILE}"}
    )
    book.find(
        "pass",
        "relationship.target.capability",
        "Contoso moves",
        step="070.3",
        statements=("REL-08", "REL-09"),
        seen="Inbound, RemoteOutbound",
        expected="contains Inbound",
    )
    book.find(
        "fail",
        "relationship.target.enabled",
        FORMULA,
        step="070.3",
        statements=("REL-07",),
        seen=FORMULA,
        expected="Enabled is True",
        remedy="Enable it.",
        remedy_step="070.3",
    )
    book.find(
        "skipped",
        "relationship.target.scope",
        LONG,
        step="070.3",
        statements=("REL-12",),
        reason="The scope group belongs to the source.",
    )
    book.find(
        "manual",
        "endpoint.secret_kept",
        "client secret",
        statements=("APP-14",),
        instruction="Confirm that nobody wrote the secret down.",
        signed_by=None,
    )
    book.end_step("070.3", "Extend the relationship", "failed", "1 of 2 changes was refused")
    book.end("070", 3)
