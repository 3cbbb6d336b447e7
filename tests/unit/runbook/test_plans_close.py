"""What section 210 takes away, what it sets back, and what it never touches."""

from __future__ import annotations

from typing import Any

import pytest
from close_facts import NAME, given_up, moved, own, own_relationship
from core_facts import (
    APP_ID,
    APP_OBJECT_ID,
    NOW,
    SECRET_1,
    SOURCE_ID,
    TARGET_ID,
    after,
    make_project,
    observed,
    planned,
    relationship,
    seen,
    source_relationship,
    world,
)
from scope_facts import GROUP_ID
from start_facts import BATCH, WAVE, batch, migration_user
from user_facts import SCOPE, chosen

from xtmig_kernel.changes import Change, ExchangeCall, GraphCall, Level
from xtmig_kernel.rules import ALL_RULES, blocks, evaluate
from xtmig_kernel.rules.account import STATES, account, as_sum, totals
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.runbook.account_exhibits import account_exhibit, clean_up_exhibits

WRITING = ("210.2", "210.3", "210.4", "210.5", "210.6", "210.7", "210.8", "210.9")
BOTH_WAYS = ["Inbound", "RemoteOutbound"]
FREE_BUSY = relationship(Identity="Contoso free-busy", DomainNames=["contoso.com"], FreeBusyAccessEnabled=True)


def one(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def call(change: Change) -> ExchangeCall | GraphCall:
    (found,) = change.calls
    return found


def blocked(step: str, **changes: Any) -> set[str]:
    """The rules that keep a step from being applied."""
    rules = [rule for rule in ALL_RULES if rule.id in STEPS[step].requires]
    return {f.rule for f in evaluate(rules, observed(world(**changes)), make_project(), NOW) if blocks(f)}


def altered(side: str, before: dict[str, Any], after_: dict[str, Any]) -> dict[str, Any]:
    """The ledger says that this project altered the relationship that was there before."""
    row = own("organization_relationships", NAME, Change="altered", Before=before, After=after_)
    return {f"{side}__own_changes": [row]}


@pytest.mark.parametrize(
    ("step", "side", "expected"),
    [
        ("210.2", "target", ExchangeCall("Remove-MigrationBatch", {"Identity": BATCH})),
        ("210.3", "target", ExchangeCall("Remove-MigrationEndpoint", {"Identity": NAME})),
        ("210.4", "target", ExchangeCall("Remove-OrganizationRelationship", {"Identity": NAME})),
        ("210.5", "source", ExchangeCall("Remove-OrganizationRelationship", {"Identity": NAME})),
        ("210.6", "source", GraphCall("DELETE", "/servicePrincipals/{id}", {"id": "source-principal"})),
        ("210.7", "target", GraphCall("DELETE", "/servicePrincipals/{id}", {"id": "target-principal"})),
        ("210.8", "target", GraphCall("DELETE", "/applications/{id}", {"id": APP_OBJECT_ID})),
        (
            "210.9",
            "source",
            ExchangeCall("Remove-DistributionGroup", {"Identity": GROUP_ID, "BypassSecurityGroupManagerCheck": True}),
        ),
    ],
)
def test_what_this_project_made_goes(step: str, side: str, expected: ExchangeCall | GraphCall) -> None:
    """Each object that the ledger says this project made is removed by a named approval (CLN-02, CLN-03)."""
    change = one(planned(step, **moved()))
    assert call(change) == expected
    assert (change.side, change.after, change.level) == (side, None, Level.NAMED)


@pytest.mark.parametrize("step", WRITING)
def test_nothing_is_left_to_plan(step: str) -> None:
    """When the removal is made, nothing more is planned."""
    tables = after(one(planned(step, **moved())), world(**moved()))
    assert STEPS[step].plan(seen(tables), make_project()) == ()


@pytest.mark.parametrize("step", ["210.3", "210.4", "210.5", "210.9"])
def test_what_the_ledger_does_not_know_stays(step: str) -> None:
    """An object that bears our name and that this project did not make is somebody else's."""
    assert planned(step, **moved(target__own_changes=[], source__own_changes=[])) == ()


@pytest.mark.parametrize("status", ["Synced", "Syncing", "Completing", "SyncedWithErrors", "Removing", "unknown", None])
def test_unfinished_batch_is_not_removed(status: Any) -> None:
    """A batch that was not completed stays while anybody is in it."""
    users = [migration_user(Status="Synced")]
    changed = moved(target__migration_batches=[batch(Status=status)], target__migration_users=users)
    assert planned("210.2", **changed) == ()


def test_completed_batch_with_somebody_on_the_way_is_not_removed() -> None:
    """A batch that calls itself completed stays while one of its users is not."""
    assert planned("210.2", **moved(target__migration_users=[migration_user(Status="IncrementalSyncing")])) == ()


def test_failed_user_must_be_given_up() -> None:
    """A batch with a failed user is removed once the owner of the mailbox has given it up, and not before."""
    changed = moved(
        target__migration_batches=[batch(Status="CompletedWithErrors")],
        target__migration_users=[migration_user(Status="Failed")],
    )
    assert planned("210.2", **changed) == ()
    assert one(planned("210.2", **changed, source__given_up_users=[given_up()]))
    assert planned("210.2", **changed, source__given_up_users=[given_up(Until="2026-11-22")]) == ()


@pytest.mark.parametrize("name", ["fabrikam-pilot", "contoso-moves", "contoso-moves-pilot-2", "contoso-moves-pilot-r1"])
def test_batch_of_others_is_not_touched(name: str) -> None:
    """A completed batch whose name is none of this project's stays (CLN-02)."""
    assert planned("210.2", **moved(target__migration_batches=[batch(Identity=name, Status="Completed")])) == ()


def test_endpoint_of_others_is_not_touched() -> None:
    """Only the endpoint with the project's name goes, whatever others there are."""
    rows = world()["target.migration_endpoints"]
    other = rows[0] | {"Identity": "another"}
    change = one(planned("210.3", **moved(target__migration_endpoints=[other, *rows])))
    assert dict(change.subject.key) == {"Identity": NAME}


@pytest.mark.parametrize("side", ["target", "source"])
def test_free_busy_is_not_touched(side: str) -> None:
    """The relationship for free/busy is neither removed nor altered (CLN-03)."""
    mine = relationship() if side == "target" else source_relationship()
    step = "210.4" if side == "target" else "210.5"
    change = one(planned(step, **moved(**{f"{side}__organization_relationships": [FREE_BUSY, mine]})))
    assert dict(change.subject.key)["Identity"] == NAME
    assert planned(step, **moved(**{f"{side}__organization_relationships": [FREE_BUSY]})) == ()


def test_altered_relationship_gets_its_former_values() -> None:
    """What was there before this project is set back to what the ledger recorded, and keeps all else (CLN-03)."""
    changes = altered(
        "source",
        {
            "Enabled": False,
            "MailboxMoveCapability": [],
            "OAuthApplicationId": None,
            "MailboxMovePublishedScopes": ["old"],
        },
        {
            "Enabled": True,
            "MailboxMoveCapability": ["RemoteOutbound"],
            "OAuthApplicationId": APP_ID,
            "MailboxMovePublishedScopes": ["old", SCOPE],
        },
    )
    changes["source__organization_relationships"] = [
        source_relationship(MailboxMovePublishedScopes=["old", SCOPE], FreeBusyAccessEnabled=True)
    ]
    change = one(planned("210.5", **moved(**changes)))
    assert call(change) == ExchangeCall(
        "Set-OrganizationRelationship",
        {
            "Identity": NAME,
            "Enabled": False,
            "MailboxMoveCapability": "None",
            "OAuthApplicationId": None,
            "MailboxMovePublishedScopes": {"Remove": [SCOPE]},
        },
    )
    assert change.level == Level.NAMED
    tables = after(change, world(**moved(**changes)))
    row = tables["source.organization_relationships"][0]
    assert (row["MailboxMovePublishedScopes"], row["MailboxMoveEnabled"]) == (["old"], True)
    assert STEPS["210.5"].plan(seen(tables), make_project()) == ()


def test_what_others_set_since_stays() -> None:
    """What somebody added after this project stays, and so does what it needs to work."""
    changes = altered(
        "target",
        {"Enabled": False, "MailboxMoveCapability": []},
        {"Enabled": True, "MailboxMoveCapability": ["Inbound"]},
    )
    changes["target__organization_relationships"] = [relationship(Enabled=True, MailboxMoveCapability=BOTH_WAYS)]
    change = one(planned("210.4", **moved(**changes)))
    assert change.after is not None
    assert change.after["MailboxMoveCapability"] == ["RemoteOutbound"]
    assert "Enabled" not in change.after


@pytest.mark.parametrize(
    "use",
    [
        {"FreeBusyAccessEnabled": True},
        {"DomainNames": [SOURCE_ID, "fabrikam.com"]},
        {"MailboxMoveCapability": BOTH_WAYS},
    ],
)
def test_relationship_that_serves_others_is_not_removed(use: dict[str, Any]) -> None:
    """A relationship that this project made and others use by now loses this project's part alone."""
    change = one(planned("210.4", **moved(target__organization_relationships=[relationship(**use)])))
    assert change.after is not None
    assert change.after["MailboxMoveCapability"] == [
        value for value in use.get("MailboxMoveCapability", []) if value != "Inbound"
    ]


def test_adopted_application_stays() -> None:
    """An application that this project did not register keeps its consent at home, and loses our secrets alone."""
    changes = moved(target__own_changes=[own_relationship("target")])
    changes["target__application_credentials"] = [SECRET_1, SECRET_1 | {"KeyId": "other", "DisplayName": "by hand"}]
    assert planned("210.7", **changes) == ()
    found = call(one(planned("210.8", **changes)))
    assert isinstance(found, GraphCall)
    assert (found.path, found.body) == ("/applications/{id}/removePassword", {"keyId": SECRET_1["KeyId"]})


def test_application_that_another_endpoint_uses_stays() -> None:
    """While another endpoint signs in as the application, neither it nor its consent at home is removed."""
    rows = world()["target.migration_endpoints"]
    changes = moved(target__migration_endpoints=[*rows, rows[0] | {"Identity": "another"}])
    assert planned("210.7", **changes) == ()
    assert planned("210.8", **changes) == ()


@pytest.mark.parametrize("step", WRITING)
def test_nothing_is_removed_while_a_mailbox_is_open(step: str) -> None:
    """Every removal waits while a mailbox in scope is neither moved, excluded nor given up."""
    assert "mailboxes-finished" in blocked(step)
    assert "mailboxes-finished" not in blocked(step, **moved())


@pytest.mark.parametrize("step", WRITING)
def test_nothing_is_removed_while_a_batch_runs(step: str) -> None:
    """Every removal waits while a batch of this project is not finished, whoever is in it."""
    assert "batches-finished" in blocked(step, **moved(target__migration_batches=[batch(Status="Completing")]))


@pytest.mark.parametrize("step", WRITING)
def test_nothing_is_removed_while_a_change_is_unsettled(step: str) -> None:
    """Every removal waits while nobody knows what became of a change that this project began."""
    changes = moved(source__own_changes=[own("distribution_groups", SCOPE, Settled=False)])
    assert "changes-settled" in blocked(step, **changes)


def test_consents_go_before_the_application() -> None:
    """The application is not deleted while a consent is left: without its ID nobody could look for it."""
    assert {"source-consent-removed", "target-consent-removed"} <= blocked("210.8", **moved())


def test_order_of_removals() -> None:
    """A whole clean up, step by step, ends with nothing of this project, and with all of the others'."""
    tables = world(**moved(target__organization_relationships=[FREE_BUSY, relationship()]))
    tables["target.migration_batches"].append(batch(Identity="fabrikam-1", Status="Synced"))
    for step in WRITING:
        rules = [rule for rule in ALL_RULES if rule.id in STEPS[step].requires]
        found = evaluate(rules, observed(tables), make_project(), NOW)
        assert [f.rule for f in found if blocks(f)] == []
        for change in STEPS[step].plan(seen(tables), make_project()):
            tables = after(change, tables)
    assert tables["target.organization_relationships"] == [FREE_BUSY]
    assert [row["Identity"] for row in tables["target.migration_batches"]] == ["fabrikam-1"]
    for fact in (
        "source.organization_relationships",
        "target.migration_endpoints",
        "target.applications",
        "target.service_principals",
        "source.service_principals",
        "source.distribution_groups",
    ):
        assert tables[fact] == []


def test_every_mailbox_is_counted_once() -> None:
    """Completed, excluded, failed and still to move are all in scope together (planning 5, completeness)."""
    lines = [chosen(SourceAddress=f"u{n}@contoso.com", TargetAddress="", Line=n + 3) for n in range(3)]
    tables = world(
        **moved(
            source__chosen_users=[chosen(Wave=WAVE), *lines],
            source__excluded_users=[{"SourceAddress": "sam@contoso.com", "Reason": "leaves in May"}],
            source__given_up_users=[given_up(SourceAddress="U1@contoso.com")],
        )
    )
    mailboxes = account(seen(tables), make_project())
    assert totals(mailboxes) == {"completed": 1, "excluded": 1, "failed": 1, "open": 2}
    assert as_sum(totals(mailboxes)) == "5 in scope = 1 completed + 1 excluded + 1 failed + 2 still to move"
    assert len({mailbox.label for mailbox in mailboxes}) == 5
    assert [mailbox.label for mailbox in mailboxes if not mailbox.reason and mailbox.state != "completed"] == []


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        (moved(), "completed", ""),
        (moved(target__migration_users=[migration_user(Status="CompletedWithWarnings")]), "completed", "with warnings"),
        ({"target__migration_users": [migration_user(Status="Failed", ErrorSummary="hold")]}, "failed", "Failed: hold"),
        ({"target__migration_users": [migration_user(Status="Synced")]}, "open", "Synced"),
        ({"source__chosen_users": [chosen(Wave=WAVE)]}, "open", "in no batch yet"),
        ({}, "open", "in no wave yet"),
    ],
)
def test_state_and_reason(changes: dict[str, Any], state: str, reason: str) -> None:
    """Each mailbox has a state and its reason; what the tenants show counts, and the batch explains."""
    (mailbox,) = account(seen(world(**changes)), make_project())
    assert (mailbox.state, mailbox.reason) == (state, reason)
    assert state in STATES


def test_completed_needs_the_mailbox_in_the_target() -> None:
    """A user whom the batch calls completed, but whose mailbox is not in the target, is still open."""
    (mailbox,) = account(seen(world(target__migration_users=[migration_user(Status="Completed")])), make_project())
    assert mailbox.state == "open"


def test_account_is_shown() -> None:
    """The table `account` has one row for each mailbox, and its caption is the sum."""
    (exhibit,) = account_exhibit(seen(world(**moved())), make_project())
    assert exhibit.name == "account"
    assert [row[3] for row in exhibit.rows] == ["completed"]
    assert exhibit.caption.startswith("1 in scope = 1 completed")


def test_fates_are_shown() -> None:
    """Each object is shown with its fate: what goes, and what stays with the reason (CLN-01)."""
    tables = world(**moved(target__organization_relationships=[FREE_BUSY, relationship()]))
    _, exhibit = clean_up_exhibits(seen(tables), make_project())
    fates = {(str(row[0]), str(row[1])): str(row[2]) for row in exhibit.rows}
    assert fates["TARGET", f"migration endpoint {NAME}"] == "goes"
    assert fates["TARGET", "organization relationship Contoso free-busy"] == "stays"
    assert fates["SOURCE", "MailUsers that the moves have left"] == "stays"
    assert fates["SOURCE", f"scope group {SCOPE}"] == "goes"
    assert TARGET_ID not in str(exhibit.rows)
