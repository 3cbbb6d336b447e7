"""Two tenants as dicts of rows, which do what the called cmdlets and requests say, and can disagree.

Written from the article and the wire facts, not from the plans: a plan that calls the wrong thing is not "found done".
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from core_facts import APP_ID, EXCHANGE, NOW, SOURCE_ID, TARGET_ID, StillClock, make_project, world

from xtmig_kernel.changes import ExchangeCall, GraphCall, Level
from xtmig_kernel.clock import as_text
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import Rejected, ServiceError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import CallReply, Identity, PSCredential, UncertainWrite
from xtmig_kernel.project import Approval, Approvals, Proof
from xtmig_kernel.runbook import BY_NUMBER, STEPS, Engine
from xtmig_kernel.runbook.bulk import BulkDoor
from xtmig_kernel.runbook.recovery import Recovery
from xtmig_kernel.store import Ledger
from xtmig_kernel.tables import row_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from xtmig_kernel.changes import Call
    from xtmig_kernel.project import Project, Side, SignOff, Waiver
    from xtmig_kernel.runbook import StepView

Row = dict[str, Any]
LARA = "lara@northwindtraders.onmicrosoft.com"
Trouble = Literal["lost, done", "lost, not done", "killed, done"] | BaseException


class Killed(BaseException):
    """The process ends here; nothing catches it."""


@dataclass
class FakeWorld:
    """What is in both tenants, and what goes wrong next.

    `lag` is how long writes take until reads show them; `troubles` happen to the next writes, one each, None for none.
    """

    clock: StillClock
    tables: dict[str, list[Row]]
    lag: timedelta = timedelta()
    troubles: list[Trouble | None] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    endpoint_secret: str | None = None
    secret_of: dict[str, str] = field(default_factory=dict)
    history: list[tuple[datetime, dict[str, list[Row]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.history = [(NOW - timedelta(days=1), copy.deepcopy(self.tables))]

    def visible(self) -> dict[str, list[Row]]:
        """The tables as reads show them at this moment."""
        return [tables for at, tables in self.history if at <= self.clock.now() - self.lag][-1]

    def changed(self) -> None:
        """Write down that the tables are different from now on."""
        self.history.append((self.clock.now(), copy.deepcopy(self.tables)))

    def set(self, fact: str, rows: list[Row]) -> None:
        """Somebody else alters a tenant; seen at once."""
        self.tables[fact] = rows
        for _, tables in self.history:
            tables[fact] = copy.deepcopy(rows)

    def rows(self, fact: str) -> list[Row]:
        """The rows that a read shows."""
        if fact == "target.endpoint_test" and self.endpoint_secret is not None:
            kept = {self.secret_of.get(row["KeyId"]) for row in self.tables["target.application_credentials"]}
            right = self.endpoint_secret in kept
            return [
                {
                    "Endpoint": "xtmig-contoso-moves",
                    "Result": "Success" if right else "Failed",
                    "Message": "" if right else "AADSTS7000215: Invalid client secret provided.",
                    "ErrorDetail": "",
                }
            ]
        if fact.endswith(".consent_link"):
            return [
                {"Url": row["Url"].replace(APP_ID, application["AppId"])}
                for row in self.tables[fact]
                for application in self.visible()["target.applications"]
            ]
        return copy.deepcopy(self.visible()[fact])

    def written(self) -> list[str]:
        """The calls that reached a tenant: cmdlets and Graph paths."""
        return [c.cmdlet if isinstance(c, ExchangeCall) else f"{c.method} {c.path}" for c in self.calls]


class FakeReader(Reader):
    """Reads the fake tables; looking for one object is the real reader's work."""

    def __init__(self, fakes: FakeWorld, project: Project) -> None:
        super().__init__(project, {}, fakes.clock, {})
        self._fakes = fakes

    def read(self, fact: str, kept: Any = None) -> Any:  # noqa: ARG002 - every question is a moment of its own
        self._fakes.reads.append(fact)
        now = self._fakes.clock.now()
        if fact in self._fakes.unreadable:
            return NotObserved(Reason.TIMED_OUT, "no answer", now)
        table = fact.partition(".")[2]
        return Observed(tuple(row_of(table, row) for row in self._fakes.rows(fact)), now, f"read of {fact}")


class FakeTenant:
    """One side, signed in; its `run` does what a call says."""

    def __init__(self, fakes: FakeWorld, side: Side, name: str | None = None, tenant_id: str | None = None) -> None:
        self._fakes = fakes
        self._side = side
        own, domain = (SOURCE_ID, "contoso") if side == "source" else (TARGET_ID, "northwindtraders")
        self.identity = Identity(
            tenant_id or own, "person", name or f"admin@{domain}.onmicrosoft.com", "o", "a", (), ()
        )

    def run(self, call: Call) -> CallReply:
        self._fakes.calls.append(call)
        trouble = self._fakes.troubles.pop(0) if self._fakes.troubles else None
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble == "lost, not done":
            raise UncertainWrite("no answer came")
        data = self._exchange(call) if isinstance(call, ExchangeCall) else self._graph(call)
        self._fakes.changed()
        if trouble == "lost, done":
            raise UncertainWrite("no answer came")
        if trouble == "killed, done":
            raise Killed
        return CallReply(data, f"request-{len(self._fakes.calls)}")

    def run_many(self, calls: list[Call]) -> list[CallReply | ServiceError]:
        """Each call by itself; an error is the answer of its call alone, as in a batch."""
        self._fakes.requests.append(len(calls))
        answers: list[CallReply | ServiceError] = []
        for call in calls:
            try:
                answers.append(self.run(call))
            except ServiceError as error:
                answers.append(error)
        return answers

    def _table(self, name: str) -> list[Row]:
        return self._fakes.tables[f"{self._side}.{name}"]

    def _exchange(self, call: ExchangeCall) -> list[Row]:
        given = dict(call.parameters)
        credentials = given.pop("Credentials", None)
        if credentials is not None:
            assert isinstance(credentials, PSCredential)
            if self._fakes.refusals:
                raise Rejected(self._fakes.refusals.pop(0), request_id="refused")
            self._fakes.endpoint_secret = credentials.secret.reveal()
        match call.cmdlet:
            case "Enable-OrganizationCustomization":
                self._table("organization_config")[0]["IsDehydrated"] = False
            case "New-MigrationEndpoint":
                given["Identity"] = given.pop("Name")
                given["EndpointType"] = "ExchangeRemoteMove" if given.pop("ExchangeRemoteMove") else "IMAP"
                self._table("migration_endpoints").append({"AppSecretKeyVaultUrl": None} | given)
            case "Set-MigrationEndpoint":
                self._one("migration_endpoints", given.pop("Identity")).update(given)
            case "New-OrganizationRelationship":
                empty = {"Guid": "new-guid", "MailboxMovePublishedScopes": [], "OAuthApplicationId": None}
                given = {"Identity": given.pop("Name"), "FreeBusyAccessEnabled": False} | empty | given
                self._table("organization_relationships").append(_with_flags(given))
            case "Set-OrganizationRelationship":
                self._one("organization_relationships", given.pop("Identity")).update(_with_flags(given))
            case _:
                self._recipients(call.cmdlet, given)
        return []

    def _recipients(self, cmdlet: str, given: Row) -> None:
        match cmdlet:
            case "Set-MailUser":
                sign_in = given.pop("Identity")
                (row,) = [r for r in self._table("mail_users") if r["UserPrincipalName"] == sign_in]
                row.update(given)
            case "New-MailUser":
                self._table("mail_users").append(
                    {"UserPrincipalName": given["MicrosoftOnlineServicesID"], "Alias": given["Alias"]}
                )
            case "New-DistributionGroup":
                kind = "MailUniversalSecurityGroup" if given.pop("Type") == "Security" else "a plain list"
                row = {"ObjectId": "new-group", "RecipientTypeDetails": kind, "ManagedBy": []}
                self._table("distribution_groups").append(row | {"DirectorySynchronised": False} | given)
            case "Complete-MigrationBatch":
                moment = as_text(self._fakes.clock.now())
                self._one("migration_batches", given["Identity"]).update(CompletionAsked=True, CompleteAfter=moment)
            case "Set-MigrationUser":
                assert given["ApproveSkippedItems"] is True
                self._one("migration_users", given["Identity"])["UnapprovedSkippedItems"] = False
            case _:
                raise AssertionError(f"no such cmdlet here: {cmdlet}")

    def _one(self, table: str, identity: str) -> Row:
        (row,) = [row for row in self._table(table) if row["Identity"] == identity]
        return row

    def _graph(self, call: GraphCall) -> Any:
        body, values = call.body, dict(call.path_values)
        assert all(isinstance(value, str) and value for value in values.values())
        match call.method, call.path:
            case "PATCH", "/applications(uniqueName='{name}')":
                assert call.headers["Prefer"] == "create-if-missing"
                row = {
                    "Id": "new-object",
                    "AppId": "77777777-7777-4777-8777-777777777777",
                    "UniqueName": values["name"],
                }
                row |= {"DisplayName": "", "SignInAudience": "AzureADMyOrg", "RedirectUris": []}
                row |= {"Permissions": [], "OtherPermissions": []}
                self._table("applications").append(_registered(row, body))
            case "PATCH", "/applications/{id}":
                (row,) = [row for row in self._table("applications") if row["Id"] == values["id"]]
                _registered(row, body)
            case "POST", "/applications/{id}/addPassword":
                return self._add_password(values["id"], body["passwordCredential"])
            case "POST", "/applications/{id}/removePassword":
                rows = self._table("application_credentials")
                (row,) = [row for row in rows if row["KeyId"] == body["keyId"]]
                rows.remove(row)
            case "POST", "/servicePrincipals":
                row = {"Id": f"{self._side}-principal", "AppId": body["appId"], "DisplayName": "app"}
                self._table("service_principals").append(row | {"OwnerTenantId": TARGET_ID})
            case "POST", "/servicePrincipals/{principal}/appRoleAssignments":
                (principal,) = [r for r in self._table("service_principals") if r["Id"] == values["principal"]]
                assert body["principalId"] == values["principal"]
                row = {"Id": "grant", "AppId": principal["AppId"], "ResourceId": body["resourceId"]}
                self._table("granted_roles").append(row | {"RoleId": body["appRoleId"]})
            case _:
                raise AssertionError(f"no such request here: {call.method} {call.path}")
        return None

    def _add_password(self, object_id: str, wanted: Row) -> Row:
        (application,) = [row for row in self._table("applications") if row["Id"] == object_id]
        number = len(self._fakes.secret_of) + 1
        key, text = f"key-{number}", f"minted-secret-text-{number:04}-kq8xy"
        self._fakes.secret_of[key] = text
        row = {"AppId": application["AppId"], "KeyId": key}
        self._table("application_credentials").append(
            row | {"DisplayName": wanted["displayName"], "EndsAt": wanted["endDateTime"]}
        )
        return {"keyId": key, "secretText": text}


def _with_flags(given: Row) -> Row:
    flags = given.get("MailboxMoveCapability")
    return given if flags is None else given | {"MailboxMoveCapability": sorted(flags.split(", "))}


def _registered(row: Row, body: Row) -> Row:
    for column, name in (("DisplayName", "displayName"), ("SignInAudience", "signInAudience")):
        row[column] = body.get(name, row[column])
    row["RedirectUris"] = body.get("web", {}).get("redirectUris", row["RedirectUris"])
    if "requiredResourceAccess" in body:
        all_of = [
            (resource["resourceAppId"], access["type"], access["id"])
            for resource in body["requiredResourceAccess"]
            for access in resource["resourceAccess"]
        ]
        row["Permissions"] = sorted("/".join(one) for one in all_of if one[0] == EXCHANGE)
        row["OtherPermissions"] = sorted("/".join(one) for one in all_of if one[0] != EXCHANGE)
    return row


class Runbook:
    """Engine, door and recovery over fake tenants, as `open_section` puts the real ones together."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.clock = StillClock(NOW)
        self.fakes = FakeWorld(self.clock, world(**changes))
        self.project = make_project()
        self.redactor = Redactor()
        self.approvals: tuple[Approval, ...] = ()
        self.sign_offs: tuple[SignOff, ...] = ()
        self.waivers: tuple[Waiver, ...] = ()
        self.said: list[str] = []
        self.ledger = Ledger(folder, self.clock, self.redactor, "run-1")
        self.tenants: dict[Any, Any] = {side: FakeTenant(self.fakes, side) for side in ("source", "target")}

    def next_run(self) -> None:
        """What is only in memory is gone."""
        self.redactor = Redactor()
        self.ledger = Ledger(self.folder, self.clock, self.redactor, "run-2")

    @property
    def reader(self) -> FakeReader:
        return FakeReader(self.fakes, self.project)

    @property
    def door(self) -> BulkDoor:
        return BulkDoor(
            project=self.project,
            tenants=self.tenants,
            reader=self.reader,
            ledger=self.ledger,
            clock=self.clock,
            redactor=self.redactor,
            approvals=lambda: self.approvals,
            ask=None,
            progress=self.said.append,
        )

    def engine(self, section: str, *, may_write: bool = True, remembers: bool = False) -> Engine:
        door, reader = self.door if may_write else None, self.reader
        return Engine(
            section=BY_NUMBER[section],
            project=self.project,
            reader=reader,
            ledger=self.ledger,
            clock=self.clock,
            door=door,
            recovery=Recovery(
                reader=reader, ledger=self.ledger, clock=self.clock, door=door, progress=self.said.append
            ),
            remembers=remembers,
            approvals=lambda: Approvals(approvals=self.approvals, sign_offs=self.sign_offs),
            waivers=lambda: self.waivers,
        )

    def approve(self, step: str) -> None:
        """Lara signs in and approves everything that a step plans now."""
        approver = {"name": "Lara", "upn": LARA, "side": "target"}
        consent = self.project.consent.model_dump()
        self.project = make_project(approvers=[approver], consent=consent, move=self.project.move.model_dump())
        changes = self.plan(step).changes
        approval = Approval(
            section=step.partition(".")[0],
            level=3 if any(change.level > Level.NAMED for change in changes) else 2,
            changes=tuple(sorted(change.hash for change in changes)),
            approver=LARA,
            given_at=self.clock.now(),
            valid_until=self.clock.now() + timedelta(days=7),
        )
        entry = self.ledger.append("approval_given", {"approval": approval.signed_data(), "name": LARA})
        self.approvals += (approval.model_copy(update={"proof": Proof(kind="sign-in", value=entry.hash)}),)

    def run(self, step: str, *, may_write: bool = True) -> StepView:
        """Run one step, as a run without a person does."""
        return self.engine(step.partition(".")[0], may_write=may_write).run(STEPS[step])

    def plan(self, step: str) -> StepView:
        """Plan one step."""
        return self.engine(step.partition(".")[0], may_write=False).plan(STEPS[step])

    def kinds(self, step: str | None = None) -> list[str]:
        """The kinds of the ledger's entries about changes, in their order."""
        shown = ("approval_used", "approval_refused", "intent", "outcome", "read_back", "problem")
        return [e.kind for e in self.ledger.entries(*shown) if step is None or e.step == step]

    def results(self) -> list[str]:
        """The results of the ledger's outcomes."""
        return [e.data["result"] for e in self.ledger.entries("outcome")]
