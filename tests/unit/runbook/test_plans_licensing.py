"""What sections 020 and 030 plan and show. Lara's pair stands in `user_facts`."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import after, make_project, planned, seen, world
from user_facts import (
    ADD_ON_SKU,
    EXCHANGE_SKU,
    LARA_ID,
    chosen,
    directory_user,
    lara_mail_user,
    lara_mailbox,
    sku,
)

from xtmig_kernel.changes import Change, GraphCall, Level
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.licences import add_on_sku, users_without_add_on
from xtmig_kernel.runbook import STEPS

IN_SOURCE = make_project(licences={"add_on_side": "source", "usage_location": "IE"})
WITHOUT: dict[str, Any] = {
    "target__mail_users": {"PersistedCapabilities": []},
    "target__directory_users": {"SkuIds": []},
    "source__subscribed_skus": [sku(), sku("SPE_E3", Enabled=40)],
}


def one(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def shown(step: str, project: Any = None, **changes: Any) -> dict[str, Exhibit]:
    exhibits = STEPS[step].shows(seen(world(**changes)), project or make_project())
    return {exhibit.name: exhibit for exhibit in exhibits}


def several(number: int, **person: Any) -> dict[str, Any]:
    """A source with so many users, none of whom has the add-on anywhere."""
    ids = [f"77777777-1111-4111-8111-{n:012}" for n in range(number)]
    names = [f"user{n}@contoso.com" for n in range(number)]
    return {
        "source__chosen_users": [
            chosen(SourceAddress=name, TargetAddress="", TargetSignIn="", TargetAlias="", Line=n + 2)
            for n, name in enumerate(names)
        ],
        "source__mailboxes": [
            lara_mailbox(
                ObjectId=ids[n], Alias=f"user{n}", Name=f"user{n}", ExchangeGuid=f"guid-{n}",
                PrimarySmtpAddress=names[n], SmtpAddresses=[names[n]],
            )
            for n in range(number)
        ],
        "source__directory_users": [directory_user("source", Id=item, **person) for item in ids],
        "target__mail_users": [],
        "target__recipients": [],
        "target__directory_users": [],
    }  # fmt: skip


def titles(changes: tuple[Change, ...]) -> list[str]:
    return [change.title for change in changes]


# 020.3 --------------------------------------------------------------------------------------------------------------


def test_location_is_set_where_it_is_missing() -> None:
    """A user to be licensed without a usage location gets the project's, in a change of its own (wire 4.8)."""
    change = one(planned("020.3", IN_SOURCE, **WITHOUT, source__directory_users={"UsageLocation": None}))
    (call,) = change.calls
    assert call == GraphCall("PATCH", "/users/{id}", {"id": LARA_ID}, {"usageLocation": "IE"})
    assert (change.side, change.level, change.before, change.after) == (
        "source",
        Level.UNDOABLE,
        {"UsageLocation": None},
        {"UsageLocation": "IE"},
    )


@pytest.mark.parametrize(
    ("project", "person"),
    [
        (IN_SOURCE, {"UsageLocation": "NL"}),
        (IN_SOURCE, {"UsageLocation": None, "DirectorySynchronised": True}),
        (make_project(licences={"add_on_side": "source"}), {"UsageLocation": None}),
        (make_project(licences={"usage_location": "IE"}), {"UsageLocation": None}),
    ],
    ids=["there is one", "synchronised", "the project gives none", "nobody is licensed there"],
)
def test_location_is_left_alone(project: Any, person: dict[str, Any]) -> None:
    """A location that is there, mastered on-premises, or not asked for is not written."""
    assert planned("020.3", project, **WITHOUT, source__directory_users=person) == ()


def test_location_is_set_once() -> None:
    """When the location is set, nothing is planned any more."""
    spoiled = WITHOUT | {"source__directory_users": {"UsageLocation": None}}
    change = one(planned("020.3", IN_SOURCE, **spoiled))
    assert STEPS["020.3"].plan(seen(after(change, world(**spoiled))), IN_SOURCE) == ()


# 020.4 --------------------------------------------------------------------------------------------------------------


def test_add_on_is_assigned() -> None:
    """The source user gets the tenant's subscription beside what they have, with both arrays in the call (wire 4.8)."""
    change = one(planned("020.4", IN_SOURCE, **WITHOUT))
    (call,) = change.calls
    assert call == GraphCall(
        "POST",
        "/users/{id}/assignLicense",
        {"id": LARA_ID},
        {"addLicenses": [{"skuId": ADD_ON_SKU, "disabledPlans": []}], "removeLicenses": []},
    )
    assert (change.side, change.level, change.before) == ("source", Level.NAMED, {"SkuIds": [EXCHANGE_SKU]})
    assert change.after == {"SkuIds": sorted([EXCHANGE_SKU, ADD_ON_SKU])}


def test_add_on_is_assigned_once() -> None:
    """When the licence is there, nothing is planned any more, whatever Exchange shows (LIC-04)."""
    change = one(planned("020.4", IN_SOURCE, **WITHOUT))
    assert STEPS["020.4"].plan(seen(after(change, world(**WITHOUT))), IN_SOURCE) == ()


@pytest.mark.parametrize(
    ("project", "changes"),
    [
        (IN_SOURCE, {"target__directory_users": {"SkuIds": [ADD_ON_SKU]}}),
        (IN_SOURCE, {"source__mailboxes": {"PersistedCapabilities": ["ExchangeT2TMbxMove"]}}),
        (IN_SOURCE, {"source__mailboxes": {"RecipientTypeDetails": "SharedMailbox"}}),
        (IN_SOURCE, {"source__mailboxes": {"RecipientTypeDetails": "RoomMailbox"}}),
        (IN_SOURCE, {"source__subscribed_skus": [sku(CapabilityStatus="Suspended")]}),
        (make_project(), {}),
        (make_project(licences={"add_on_side": "none"}), {}),
    ],
    ids=["target has it", "Exchange shows it", "shared", "room", "suspended", "target's turn", "somebody else's turn"],
)
def test_add_on_is_not_assigned(project: Any, changes: dict[str, Any]) -> None:
    """Who has it on either side, needs none, or is licensed elsewhere costs no seat in the source (LIC-03, LIC-04)."""
    spoiled = WITHOUT | {"source__subscribed_skus": [sku(), sku("SPE_E3")]}
    if "target__directory_users" in changes:
        spoiled["target__subscribed_skus"] = [sku()]
    assert planned("020.4", project, **(spoiled | changes)) == ()


def test_plan_stops_at_the_pool() -> None:
    """No more seats are planned than are free, in the order of users.csv; the table names who is left."""
    spoiled = several(5) | {"source__subscribed_skus": [sku(Enabled=13, Consumed=10)]}
    assert [title.rsplit(" ", 1)[1] for title in titles(planned("020.4", IN_SOURCE, **spoiled))] == [
        "user0@contoso.com",
        "user1@contoso.com",
        "user2@contoso.com",
    ]
    left = shown("020.4", IN_SOURCE, **spoiled)["licence-left"]
    assert [row[1] for row in left.rows] == ["user3@contoso.com", "user4@contoso.com"]


def test_two_subscriptions_are_used_one_after_the_other() -> None:
    """A second subscription of the add-on is used when the first one is used up."""
    second = sku(SkuId="aaaaaaaa-0000-4000-8000-000000000000", SkuPartNumber="CSP_Cross_tenant_user_data_migration")
    spoiled = several(3) | {"source__subscribed_skus": [second | {"Enabled": 9}, sku(Enabled=3, Consumed=1)]}
    bodies = [
        call.body for c in planned("020.4", IN_SOURCE, **spoiled) for call in c.calls if isinstance(call, GraphCall)
    ]
    assert [body["addLicenses"][0]["skuId"] for body in bodies] == [ADD_ON_SKU, ADD_ON_SKU, second["SkuId"]]


def test_changes_stay_the_same_while_seats_are_used() -> None:
    """What is approved for the last user does not change when the first ones have got theirs."""
    spoiled = several(3) | {"source__subscribed_skus": [sku(Enabled=4, Consumed=1)]}
    first, *rest = planned("020.4", IN_SOURCE, **spoiled)
    tables = after(first, world(**spoiled))
    tables["source.subscribed_skus"][0]["Consumed"] += 1
    again = STEPS["020.4"].plan(seen(tables), IN_SOURCE)
    assert [change.hash for change in again] == [change.hash for change in rest]


def test_who_cannot_be_licensed_takes_no_seat() -> None:
    """A user whose usage location cannot be set is left out, and the seat goes to the next one."""
    spoiled = several(2) | {"source__subscribed_skus": [sku(Enabled=2, Consumed=1)]}
    spoiled["source__directory_users"][0] |= {"UsageLocation": None, "DirectorySynchronised": True}
    assert titles(planned("020.4", IN_SOURCE, **spoiled)) == [
        "Assign Cross Tenant User Data Migration to user1@contoso.com"
    ]


def test_a_mailbox_listed_twice_takes_one_seat() -> None:
    """Two lines that mean one mailbox cost one licence (LIC-03)."""
    twice = [chosen(), chosen(SourceAddress="LaraN@contoso.onmicrosoft.com", Line=3)]
    assert len(planned("020.4", IN_SOURCE, **WITHOUT, source__chosen_users=twice)) == 1


def test_writing_waits_for_the_list_and_the_location() -> None:
    """Licences are given only to whom users.csv lists, and not before the usage location is there."""
    assert STEPS["020.3"].requires == ("users-listed",)
    assert STEPS["020.4"].requires == ("users-listed", "source-usage-location")


# for section 100 ----------------------------------------------------------------------------------------------------


def test_who_needs_the_add_on() -> None:
    """The users without the add-on on either side are found with their target objects."""
    (user,) = users_without_add_on(seen(world(**WITHOUT)), make_project())
    assert user.target == lara_mail_user(PersistedCapabilities=[])
    assert users_without_add_on(seen(world()), make_project()) == ()


def test_subscription_to_assign() -> None:
    """The subscription with a free seat is the one to assign; without any there is none."""
    full = sku(Enabled=1, Consumed=1)
    other = sku(SkuId="aaaaaaaa-0000-4000-8000-000000000000")
    row = add_on_sku(seen(world(target__subscribed_skus=[full, other])), "target")
    assert row is not None
    assert row["SkuId"] == other["SkuId"]
    assert add_on_sku(seen(world()), "source") is None


# exhibits -----------------------------------------------------------------------------------------------------------


def test_pool_is_shown() -> None:
    """The bars tell what others use, what this move uses and still needs, what is left over and missing (LIC-01)."""
    pool = shown("020.1", target__subscribed_skus=[sku(Enabled=30, Consumed=4), sku("SPE_E3")])["licence-pool"]
    assert pool.kind == "bars"
    assert pool.rows == (("TARGET Cross_tenant_user_data_migration", 3, 1, 0, 26, 0),)


def test_pool_shows_both_sides() -> None:
    """Subscriptions of both tenants are shown; what is needed stands at the side that the project chooses."""
    rows = shown("020.1", IN_SOURCE, **WITHOUT)["licence-pool"].rows
    assert rows == (
        ("SOURCE Cross_tenant_user_data_migration", 1, 0, 1, 28, 0),
        ("TARGET Cross_tenant_user_data_migration", 1, 0, 0, 29, 0),
    )


def test_missing_pool_is_shown() -> None:
    """Where the chosen side has no subscription, the need is shown all the same."""
    changes = WITHOUT | {"source__subscribed_skus": [], "target__subscribed_skus": []}
    assert shown("020.1", **changes)["licence-pool"].rows == (("no subscription in the target", 0, 0, 0, 0, 1),)


def test_pool_that_is_too_small_is_shown() -> None:
    """A seat that is still needed and not free is missing, beside the seats that there are (LIC-01)."""
    changes = WITHOUT | {"target__subscribed_skus": [sku(Enabled=4, Consumed=4)]}
    assert shown("020.1", **changes)["licence-pool"].rows == (
        ("SOURCE Cross_tenant_user_data_migration", 1, 0, 0, 29, 0),
        ("TARGET Cross_tenant_user_data_migration", 4, 0, 0, 0, 0),
        ("no free seat in the target", 0, 0, 0, 0, 1),
    )


def test_gaps_are_shown_by_line() -> None:
    """Who lacks the add-on or the Exchange licence stands in the table with the line of users.csv (LIC-09, LIC-12)."""
    gaps = shown("020.1", **WITHOUT, source__directory_users={"SkuIds": [], "UsageLocation": None})["licence-gaps"]
    missing = "Cross Tenant User Data Migration and an Exchange licence in the source"
    assert gaps.rows == ((2, "Lara.Newton@contoso.com", "missing", "missing", "missing", missing),)
    assert shown("020.1")["licence-gaps"].rows == ()


def test_tenants_are_shown() -> None:
    """Both tenants stand side by side, with cloud, region, directory and all domains (FAQ-09, GEN-05)."""
    source, target = shown("030.1", target__organization={"DirectorySynchronised": True})["tenants"].rows
    assert source[0] == "SOURCE"
    assert source[3:] == ("microsoftonline.com", "NA", "cloud only", "contoso.com, contoso.onmicrosoft.com")
    assert target[5] == "synchronised"


def test_rights_are_shown() -> None:
    """Each cmdlet and permission stands in the table, offered or not; a hidden parameter counts as not (ROL-03)."""
    few = [{"Cmdlet": "Set-OrganizationRelationship", "Parameters": ["Identity"]}]
    rows = {row[1]: row[3] for row in shown("030.3", target__offered_cmdlets=few)["rights-target"].rows}
    assert rows["Set-OrganizationRelationship -MailboxMoveCapability"] == "not offered"
    assert rows["New-MigrationBatch"] == "not offered"
    assert rows["LicenseAssignment.ReadWrite.All or User.ReadWrite.All"] == (
        "LicenseAssignment.ReadWrite.All, User.ReadWrite.All"
    )
    assert {row[3] for row in shown("030.2")["rights-source"].rows if row[0] == "cmdlet"} == {"offered"}
