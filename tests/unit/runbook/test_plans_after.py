"""What section 190 plans: rights given again, usage locations and licences, service plans of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from after_facts import (
    BOTH,
    ENTERPRISE,
    FOUNDATION,
    LICENSED,
    MOVED,
    OWN,
    STAYS,
    T8_NEW,
    T8_OLD,
    TEAMS,
    arrived,
    delegate_arrived,
    delegate_left,
    entry,
    had,
    left,
    plan,
    right,
)
from core_facts import SOURCE_ID, TARGET_ID, after, judged, make_project, planned, seen, world
from user_facts import EXCHANGE_SKU, LARA_ID, LARA_TARGET_ID, chosen, directory_user, lara_mailbox, sku

from xtmig_kernel.changes import ExchangeCall, GraphCall, Level
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from xtmig_kernel.changes import Change

SKU = {"licences": {"exchange_sku": "SPE_E3"}}
STRIP = {"licences": {"strip_source_plans": True}}
UNLICENSED = MOVED | {"target__directory_users": [directory_user("target", SkuIds=[])]}
UNLOCATED = MOVED | {"target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)]}


def rights(*baseline: dict[str, Any], now: tuple[dict[str, Any], ...] = (), **others: Any) -> dict[str, Any]:
    """Both have moved; these rights were there before, and now there are those."""
    own = {"source__baseline_permissions": list(baseline), "target__mailbox_permissions": [OWN, *now]}
    return BOTH | own | others


def calls(changes: tuple[Change, ...]) -> list[Any]:
    """The call of each change; a bulk step has one for each."""
    return [call for change in changes for call in change.calls]


def again(step: str, altered: dict[str, Any], **project: Any) -> tuple[Change, ...]:
    """What the step plans once its changes have been made exactly as they say."""
    tables = world(**altered)
    for change in planned(step, make_project(**project), **altered):
        tables = after(change, tables)
    return STEPS[step].plan(seen(tables), make_project(**project))


def test_send_on_behalf_is_added_not_replaced() -> None:
    """Send on Behalf is added beside other delegates, by the delegate's target address (PRM-03, doc trap A10)."""
    (change,) = planned("190.3", **rights(had("SendOnBehalf", "recipient")))
    assert change.calls == (
        ExchangeCall("Set-Mailbox", {"Identity": LARA_TARGET_ID, "GrantSendOnBehalfTo": {"Add": [T8_NEW]}}),
    )
    assert (change.side, change.tenant_id, change.level) == ("target", TARGET_ID, Level.UNDOABLE)
    assert change.statements == ("PRM-03",)


def test_send_as_is_given_again() -> None:
    """Send As, which the document passes over, is given again to the delegate in the target (PRM-06)."""
    (change,) = planned("190.3", **rights(had("SendAs", "recipient")))
    given = {"Identity": LARA_TARGET_ID, "Trustee": T8_NEW, "AccessRights": ["SendAs"]}
    assert change.calls == (ExchangeCall("Add-RecipientPermission", given),)


def test_full_access_is_given() -> None:
    """Full access that did not come along is given to the delegate's mailbox in the target (PRM-06)."""
    (change,) = planned("190.3", **rights(had()))
    given = {"Identity": LARA_TARGET_ID, "User": T8_NEW, "AccessRights": ["FullAccess"]}
    assert change.calls == (ExchangeCall("Add-MailboxPermission", given),)


def test_rights_on_a_folder_are_given_in_one_call() -> None:
    """All rights of one delegate on one folder are one call; a second one would be refused (PRM-06)."""
    before = had("ReadItems", "Calendar"), had("FolderVisible", "Calendar")
    (change,) = planned("190.3", **rights(*before))
    folder = f"{LARA_TARGET_ID}:\\Calendar"
    given = {"Identity": folder, "User": T8_NEW, "AccessRights": ["FolderVisible", "ReadItems"]}
    assert change.calls == (ExchangeCall("Add-MailboxFolderPermission", given),)


@pytest.mark.parametrize(
    "altered",
    [
        rights(had(), now=(right(),)),
        rights(had(), now=(right(Trustee=T8_NEW.upper()),)),
        rights(had(Deny=True)),
        rights(had(Inherited=True)),
        rights(had(TrusteeKind="MailUniversalSecurityGroup")),
        rights(had("Editor", "Calendar"), now=(right("Reviewer", "Calendar"),)),
        rights(had(Trustee="NT AUTHORITY\\SELF")),
        rights(had("Reviewer", "Calendar", Trustee="Default")),
        rights(had(Trustee="")),
        rights(had()) | {"target__mailbox_permissions": []},
        STAYS,
        rights(had(), target__migration_users=[entry(), entry(Identity=T8_NEW, MailboxGuid=None, Status="Synced")]),
        rights(had(), target__mailboxes=[arrived(), delegate_arrived(RecipientTypeDetails="MailUser")]),
        rights(had(), target__mailboxes=[arrived(ObjectId=None), delegate_arrived()]),
        rights(had(), target__mailboxes=[arrived(), delegate_arrived(PrimarySmtpAddress=None)]),
        rights(had(), source__mail_users=[delegate_left()]),
        rights(had(), target__migration_users=[entry(BatchId="others"), entry(Identity=T8_NEW, BatchId="others")]),
    ],
    ids=[
        "is there",
        "is there in other letters",
        "was denied",
        "was inherited",
        "by way of a group",
        "has another role",
        "the owner",
        "everybody",
        "nobody",
        "the target was not read",
        "the delegate stays",
        "the delegate is not completed",
        "the delegate is no mailbox",
        "no object ID",
        "no address",
        "the source is not converted",
        "in somebody else's batch",
    ],
)
def test_nothing_is_given_in_doubt(altered: dict[str, Any]) -> None:
    """A right is given again only where both ends moved, and it is really missing (PRM-03, PRM-06, PRM-07)."""
    assert planned("190.3", **altered) == ()


@pytest.mark.parametrize(
    "baseline",
    [had(), had("SendAs", "recipient"), had("SendOnBehalf", "recipient"), had("Reviewer", "Calendar")],
    ids=["full access", "send as", "send on behalf", "calendar"],
)
def test_rights_are_given_once(baseline: dict[str, Any]) -> None:
    """When a right has been given as planned, nothing more is planned."""
    altered = rights(baseline)
    assert planned("190.3", **altered)
    assert again("190.3", altered) == ()


def test_every_right_that_fails_has_its_change() -> None:
    """What a finding sends to step 190.3 is planned there, and what is not planned is not sent there."""
    altered = rights(had(), had("SendAs", "recipient"), had("Editor", "Calendar"), now=(right("Reviewer", "Calendar"),))
    rules = ("moved-send-on-behalf", "moved-send-as", "moved-permissions")
    sent = [f for rule in rules for f in judged(rule, **altered) if f.remedy_step == "190.3"]
    assert len(sent) == len(planned("190.3", **altered)) == 2


def test_usage_location_comes_from_the_source() -> None:
    """A moved user without a usage location gets that of the source, and only then a licence (LIC-16, wire 4.8)."""
    (change,) = planned("190.4", **UNLOCATED)
    assert change.calls == (GraphCall("PATCH", "/users/{id}", {"id": LARA_TARGET_ID}, {"usageLocation": "IE"}),)
    assert planned("190.5", make_project(**SKU), **UNLOCATED) == ()
    assert again("190.4", UNLOCATED) == ()


def test_no_usage_location_is_made_up() -> None:
    """Where neither the source nor the project knows one, none is set; nor for a synchronised user."""
    assert planned("190.4", **UNLOCATED | {"source__directory_users": []}) == ()
    synchronised = [directory_user("target", SkuIds=[], UsageLocation=None, DirectorySynchronised=True)]
    assert planned("190.4", **UNLOCATED | {"target__directory_users": synchronised}) == ()


def test_exchange_licence_after_the_move() -> None:
    """A moved user mailbox gets the project's subscription with a named approval (LIC-16)."""
    (change,) = planned("190.5", make_project(**SKU), **UNLICENSED)
    body = {"addLicenses": [{"skuId": EXCHANGE_SKU, "disabledPlans": []}], "removeLicenses": []}
    assert change.calls == (GraphCall("POST", "/users/{id}/assignLicense", {"id": LARA_TARGET_ID}, body),)
    assert (change.side, change.level) == ("target", Level.NAMED)
    assert again("190.5", UNLICENSED, **SKU) == ()


@pytest.mark.parametrize(
    "altered",
    [
        MOVED | LICENSED,
        UNLICENSED | {"target__mailboxes": [arrived(RecipientTypeDetails="SharedMailbox")]},
        UNLICENSED | {"target__mailboxes": [], "target__mail_users": [left(SmtpAddresses=["x@y.com"])]},
        UNLICENSED | {"target__migration_users": [entry(Status="Synced")]},
        UNLICENSED | {"target__subscribed_skus": [sku("SPE_E3", Enabled=3, Consumed=3)]},
        UNLICENSED | {"target__subscribed_skus": [sku("SPE_E3", CapabilityStatus="Suspended")]},
        UNLICENSED | {"target__subscribed_skus": [sku("SPE_E3", ServicePlans=["TEAMS1"])]},
    ],
    ids=["licensed", "shared", "no mailbox", "not completed", "no seat", "suspended", "no mailbox in it"],
)
def test_no_licence_without_need_or_seat(altered: dict[str, Any]) -> None:
    """Only a completed user mailbox without a licence gets one, and only from a free seat with a mailbox (LIC-16)."""
    assert planned("190.5", make_project(**SKU), **altered) == ()


def test_no_licence_that_the_project_does_not_name() -> None:
    """Without a subscription in project.yaml nothing is assigned."""
    assert planned("190.5", **UNLICENSED) == ()


def test_days_of_grace_are_told() -> None:
    """The finding counts the 30 days from the user's own completion (LIC-16)."""
    (finding,) = judged("moved-licence", **UNLICENSED)
    assert "29 of 30 days of grace are left" in finding.seen
    late = UNLICENSED | {"target__move_histories": [], "target__migration_users": [
        entry(LastSyncedAt="2026-10-01T00:00:00Z")]}  # fmt: skip
    (finding,) = judged("moved-licence", **late)
    assert "the 30 days of grace are over" in finding.seen


def stripped(*plans: dict[str, Any], **person: Any) -> dict[str, Any]:
    """Lara's leftover MailUser with these service plans."""
    return MOVED | {
        "source__licence_plans": list(plans),
        "source__directory_users": [directory_user("source", **person)],
    }


def test_plans_are_switched_off_for_the_user_that_was_read() -> None:
    """Exchange's plans of the subscription that the user holds join those that are off already (PLN-04 to PLN-06)."""
    was_off = f"{EXCHANGE_SKU}/{TEAMS}"
    altered = stripped(
        plan(), plan("TEAMS1", PlanId=TEAMS, Status="Disabled"), plan("SWAY", PlanId="sway"), DisabledPlans=[was_off]
    )
    (change,) = planned("190.6", make_project(**STRIP), **altered)
    body = {
        "addLicenses": [{"skuId": EXCHANGE_SKU, "disabledPlans": sorted([TEAMS, ENTERPRISE])}],
        "removeLicenses": [],
    }
    assert change.calls == (GraphCall("POST", "/users/{id}/assignLicense", {"id": LARA_ID}, body),)
    assert (change.side, change.tenant_id, change.level) == ("source", SOURCE_ID, Level.NAMED)
    assert change.after == {"DisabledPlans": sorted([was_off, f"{EXCHANGE_SKU}/{ENTERPRISE}"])}


def test_plans_stay_with_their_subscription() -> None:
    """Each subscription gets its own plans alone; one without a plan of Exchange is not in the call (doc trap E14)."""
    second = {
        "SkuId": "second",
        "SkuPartNumber": "EXCHANGEARCHIVE",
        "PlanId": "archive",
        "PlanName": "EXCHANGE_S_ARCHIVE",
    }
    third = {"SkuId": "third", "SkuPartNumber": "TEAMS", "PlanId": TEAMS, "PlanName": "TEAMS1"}
    altered = stripped(
        plan(), plan(**second), plan(**third), SkuIds=[EXCHANGE_SKU, "second", "third"], DisabledPlans=["third/other"]
    )
    (change,) = planned("190.6", make_project(**STRIP), **altered)
    (call,) = change.calls
    assert isinstance(call, GraphCall)
    assert call.body["addLicenses"] == [
        {"skuId": EXCHANGE_SKU, "disabledPlans": [ENTERPRISE]},
        {"skuId": "second", "disabledPlans": ["archive"]},
    ]
    assert change.after is not None
    assert "third/other" in change.after["DisabledPlans"]


def test_plans_are_left_alone_unless_asked_for() -> None:
    """Switching off is opt-in (KNI-08)."""
    assert planned("190.6", **MOVED) == ()


@pytest.mark.parametrize(
    "altered",
    [
        MOVED | {"source__mail_users": [], "source__mailboxes": [lara_mailbox()]},
        MOVED | {"source__mailboxes": [lara_mailbox(ExchangeGuid=None)]},
        MOVED | {"target__mailboxes": [], "target__mail_users": []},
        MOVED | {"target__migration_users": [entry(Status="CompletionFailed")]},
        MOVED | {"target__migration_users": []},
        MOVED | {"source__mail_users": [left(ObjectId=None)]},
        MOVED | {"source__directory_users": []},
        stripped(plan(Status="Disabled")),
        stripped(plan("EXCHANGE_S_FOUNDATION", PlanId=FOUNDATION, AppliesTo="Company")),
        stripped(plan(), GroupSkuIds=[EXCHANGE_SKU]),
        stripped(plan(), UsageLocation=None),
        stripped(plan("TEAMS1", PlanId=TEAMS)),
    ],
    ids=[
        "still a mailbox",
        "a mailbox with the same object ID",
        "no mailbox in the target",
        "not completed",
        "nobody moved",
        "no object ID",
        "not in the directory",
        "off already",
        "the whole company's",
        "by way of a group",
        "no usage location",
        "no plan of Exchange",
    ],
)
def test_no_plan_is_taken_in_doubt(altered: dict[str, Any]) -> None:
    """Whoever may still have a mailbox in the source keeps every plan, and so does what is not the user's (KNI-08)."""
    assert planned("190.6", make_project(**STRIP), **altered) == ()


def test_another_user_is_never_touched() -> None:
    """The plans of somebody who has not moved stay, even in the same subscription (doc trap E13)."""
    altered = MOVED | {
        "source__chosen_users": [chosen(Wave="pilot"), chosen(SourceAddress=T8_OLD, TargetAddress="", Line=3)],
        "source__mailboxes": [
            lara_mailbox(ObjectId="t8", PrimarySmtpAddress=T8_OLD, SmtpAddresses=[T8_OLD], ExchangeGuid="g")
        ],
        "source__licence_plans": [plan(), plan(UserId="t8")],
        "source__directory_users": [directory_user("source"), directory_user("source", Id="t8")],
    }
    (change,) = planned("190.6", make_project(**STRIP), **altered)
    assert change.subject.key == (("Id", LARA_ID),)
