"""Licences on the wire: how Graph tells and assigns them, and what the sections do about their consequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_calls import sent
from canned_reads import Asking, listed, place, query
from canned_wire import Answer
from core_facts import judged, kinds, make_project, planned
from prepared_facts import ARCHIVE, OWN, UNLICENSED, source
from user_facts import (
    ADD_ON_SKU,
    EXCHANGE_SKU,
    LARA_ID,
    LARA_TARGET_ID,
    LARA_X500,
    directory_user,
    lara_mail_user,
    sku,
)

from xtmig_kernel.rules.subscriptions import gives_mailbox, is_add_on

if TYPE_CHECKING:
    from canned_wire import Canned

    from xtmig_kernel.m365 import TargetTenant

PAGE = "999"


def test_subscriptions(asking: Asking) -> None:
    """F-65: subscribedSkus answers seats that are enabled, in warning and consumed, and the plans by name."""
    plans = [
        {"servicePlanId": "a", "servicePlanName": "SHAREPOINTONLINE_T2TODMOVE", "provisioningStatus": "Success"},
        {"servicePlanId": "b", "servicePlanName": "EXCHANGEONLINE_T2TMBXMOVE", "provisioningStatus": "Success"},
    ]
    row = {
        "id": f"tenant_{ADD_ON_SKU}",
        "skuId": ADD_ON_SKU,
        "skuPartNumber": "Cross_tenant_user_data_migration",
        "capabilityStatus": "Enabled",
        "appliesTo": "User",
        "consumedUnits": 3,
        "prepaidUnits": {"enabled": 30, "suspended": 1, "warning": 2, "lockedOut": 4},
        "servicePlans": plans,
    }
    assert asking.rows("subscribed_skus", listed(row)) == [
        {
            "SkuId": ADD_ON_SKU,
            "SkuPartNumber": "Cross_tenant_user_data_migration",
            "CapabilityStatus": "Enabled",
            "Enabled": 30,
            "Warning": 2,
            "Consumed": 3,
            "ServicePlans": ["EXCHANGEONLINE_T2TMBXMOVE", "SHAREPOINTONLINE_T2TODMOVE"],
        }
    ]
    assert ("/v1.0/subscribedSkus", {}) == (place(asking.asked[0]), query(asking.asked[0]))


USER = {
    "id": LARA_ID,
    "userPrincipalName": "LaraN@contoso.onmicrosoft.com",
    "displayName": "Lara Newton",
    "mail": "Lara.Newton@contoso.com",
    "userType": "Member",
    "usageLocation": "IE",
    "onPremisesSyncEnabled": None,
    "assignedLicenses": [
        {"skuId": EXCHANGE_SKU.upper(), "disabledPlans": []},
        {"skuId": ADD_ON_SKU, "disabledPlans": []},
    ],
    "licenseAssignmentStates": [
        {"skuId": EXCHANGE_SKU, "assignedByGroup": "g", "state": "Active", "error": "None"},
        {"skuId": ADD_ON_SKU, "assignedByGroup": None, "state": "Active", "error": "None"},
    ],
}


def test_users_and_their_licences(asking: Asking) -> None:
    """F-66: licences, their source and the usage location are answered where they are selected."""
    asking.answer("/users", USER)
    assert asking.rows("directory_users") == [
        {
            "Id": LARA_ID,
            "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
            "DisplayName": "Lara Newton",
            "Mail": "Lara.Newton@contoso.com",
            "UserType": "Member",
            "UsageLocation": "IE",
            "DirectorySynchronised": False,
            "SkuIds": sorted([EXCHANGE_SKU, ADD_ON_SKU]),
            "GroupSkuIds": [EXCHANGE_SKU],
            "DisabledPlans": [],
        }
    ]


def test_users_come_in_large_pages(asking: Asking, canned: Canned) -> None:
    """F-66: users are asked for with $top=999, page after page; somebody without licences has empty lists."""
    link = f"{canned.url}/v1.0/users?$skiptoken=x"
    bare = {"id": "u2", "userPrincipalName": "u2@contoso.com", "assignedLicenses": [], "onPremisesSyncEnabled": True}
    first = Answer(body={"value": [USER], "@odata.nextLink": link})
    rows = asking.rows("directory_users", first, listed(bare))
    assert [(LARA_ID, False), ("u2", True)] == [(row["Id"], row["DirectorySynchronised"]) for row in rows]
    assert ([], []) == (rows[1]["SkuIds"], rows[1]["GroupSkuIds"])
    assert PAGE == query(asking.asked[0])["$top"]


def test_groups_that_license(asking: Asking) -> None:
    """F-67: assignedLicenses of groups is answered where it is selected; groupTypes tells a dynamic group."""
    everybody = {
        "id": "g1",
        "displayName": "Everybody",
        "assignedLicenses": [{"skuId": EXCHANGE_SKU.upper(), "disabledPlans": []}],
        "membershipRule": '(user.userType -eq "Member")',
        "groupTypes": ["DynamicMembership"],
    }
    staff = everybody | {"id": "g2", "displayName": "Staff", "groupTypes": [], "membershipRule": None}
    plain = staff | {"id": "g3", "assignedLicenses": []}
    asking.answer("/groups", everybody, staff, plain)
    assert asking.rows("licensing_groups") == [
        {"Id": "g1", "DisplayName": "Everybody", "SkuIds": [EXCHANGE_SKU], "Dynamic": True},
        {"Id": "g2", "DisplayName": "Staff", "SkuIds": [EXCHANGE_SKU], "Dynamic": False},
    ]
    assert ("/v1.0/groups", PAGE) == (place(asking.asked[0]), query(asking.asked[0])["$top"])


NOT_LICENSED: dict[str, Any] = {
    "target__mail_users": [],
    "target__recipients": [],
    "target__directory_users": [],
    "source__directory_users": [directory_user("source", UsageLocation=None)],
    "source__subscribed_skus": [sku(), sku("SPE_E3", Enabled=40)],
}
IN_SOURCE = make_project(licences={"add_on_side": "source", "usage_location": "IE"})
BEFORE_MOVE = make_project(licences={"exchange": "before move", "exchange_sku": "SPE_E3"})


@pytest.mark.parametrize(
    ("step", "project", "world", "person"),
    [
        ("020.3", IN_SOURCE, NOT_LICENSED, LARA_ID),
        (
            "100.6",
            make_project(licences={"usage_location": "IE"}),
            UNLICENSED
            | {
                "target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)],
                "source__directory_users": [directory_user("source", UsageLocation=None)],
            },
            LARA_TARGET_ID,
        ),
    ],
)
def test_a_usage_location_is_set(
    target: TargetTenant, canned: Canned, step: str, project: Any, world: dict[str, Any], person: str
) -> None:
    """F-68: the usage location is a PATCH of the user, a country code alone in its body."""
    (seen,) = sent(target, canned, step, project, **world)
    assert ("PATCH", f"/v1.0/users/{person}") == (seen.method, place(seen))
    assert {"usageLocation": "IE"} == seen.body


@pytest.mark.parametrize(
    ("step", "project", "world", "person", "subscription"),
    [
        ("020.4", IN_SOURCE, NOT_LICENSED | {"source__directory_users": [directory_user("source")]}, LARA_ID,
         ADD_ON_SKU),
        ("100.7", make_project(), UNLICENSED, LARA_TARGET_ID, ADD_ON_SKU),
        ("100.8", BEFORE_MOVE, {}, LARA_TARGET_ID, EXCHANGE_SKU),
    ],
)  # fmt: skip
def test_a_licence_is_assigned(
    target: TargetTenant,
    canned: Canned,
    step: str,
    project: Any,
    world: dict[str, Any],
    person: str,
    subscription: str,
) -> None:
    """F-69: assignLicense takes both arrays; the subscription goes by its ID, without plans that are left out."""
    (seen,) = sent(target, canned, step, project, **world)
    assert ("POST", f"/v1.0/users/{person}/assignLicense") == (seen.method, place(seen))
    assert {"addLicenses": [{"skuId": subscription, "disabledPlans": []}], "removeLicenses": []} == seen.body


def test_the_add_on_is_seen_in_the_capabilities() -> None:
    """F-70: who has ExchangeT2TMbxMove in either tenant has the add-on, whatever Graph says of licences."""
    unlicensed = UNLICENSED | {"target__directory_users": [directory_user("target", SkuIds=[])]}
    capable = [lara_mail_user(PersistedCapabilities=["ExchangeT2TMbxMove"])]
    assert 1 == len(planned("100.7", **unlicensed))
    assert () == planned("100.7", **unlicensed | {"target__mail_users": capable})
    assert () == planned("100.7", **unlicensed | source(PersistedCapabilities=["exchanget2tmbxmove"]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SkuId": ADD_ON_SKU.upper()}, True),
        ({"SkuPartNumber": "Cross_tenant_user_data_migration"}, True),
        ({"SkuPartNumber": "CSP_CROSSTENANTUSERDATAMIGRATION_FACULTY"}, True),
        ({"ServicePlans": ["TEAMS1", "EXCHANGEONLINE_T2TMBXMOVE"]}, True),
        ({}, False),
        ({"ServicePlans": ["SHAREPOINTONLINE_T2TODMOVE"]}, False),
    ],
)
def test_the_add_ons_subscription(changes: dict[str, Any], expected: bool) -> None:
    """F-71: the add-on is known by its ID, by its part number in any spelling, or by the plan that moves mailboxes."""
    row = sku("OTHER", SkuId="99999999-0000-4000-8000-000000000001", ServicePlans=["TEAMS1"]) | changes
    assert expected == is_add_on(row)


MAILBOX_PLANS = (
    "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_STANDARD", "EXCHANGE_S_DESKLESS", "EXCHANGE_S_ENTERPRISE_GOV",
    "EXCHANGE_S_STANDARD_GOV", "EXCHANGE_S_DESKLESS_GOV", "EXCHANGE_L_STANDARD", "EXCHANGE_S_STANDARD_MIDMARKET",
    "EXCHANGE_B_STANDARD", "EXCHANGE_S_ESSENTIALS",
)  # fmt: skip
OTHER_PLANS = (
    "EXCHANGE_S_FOUNDATION", "EXCHANGE_S_FOUNDATION_GOV", "EXCHANGE_S_ARCHIVE_ADDON", "EXCHANGE_S_ARCHIVE",
    "EXCHANGE_ANALYTICS", "EXCHANGEONLINE_T2TMBXMOVE", "TEAMS1",
)  # fmt: skip


def test_plans_with_a_mailbox() -> None:
    """F-72: of Exchange's plans some give a mailbox; the foundation, archive and analytics plans give none."""
    given = {plan: gives_mailbox(sku("SPE_E3", ServicePlans=[plan])) for plan in (*MAILBOX_PLANS, *OTHER_PLANS)}
    assert dict.fromkeys(MAILBOX_PLANS, True) | dict.fromkeys(OTHER_PLANS, False) == given


@pytest.mark.parametrize(
    "missing",
    [
        {"ExchangeGuid": None},
        {"X500Addresses": [LARA_X500]},
    ],
)
@pytest.mark.parametrize("step", ["100.7", "100.8"])
def test_no_licence_before_the_stamp(step: str, missing: dict[str, Any]) -> None:
    """F-73: before GUID and x500 addresses are stamped, no licence is planned (LIC-13)."""
    bare = UNLICENSED | {"target__mail_users": [lara_mail_user(PersistedCapabilities=[], **missing)]}
    assert () == planned(step, BEFORE_MOVE, **bare)
    assert 1 == len(planned(step, BEFORE_MOVE, **UNLICENSED))


def test_no_licence_before_the_archives_stamp() -> None:
    """F-73: where the source has an archive, its GUID counts as well (LIC-13)."""
    assert () == planned("100.7", **UNLICENSED, **source(ArchiveGuid=ARCHIVE))


def test_an_early_licence_is_told() -> None:
    """F-73: a MailUser without ExchangeGuid and with an Exchange licence becomes a mailbox of its own (LIC-14)."""
    early = {
        "target__mail_users": {"ExchangeGuid": None},
        "target__directory_users": [directory_user("target", SkuIds=[EXCHANGE_SKU])],
    }
    assert ["fail"] == kinds(judged("target-no-early-licence", **early))
    assert ["pass"] == kinds(judged("target-no-early-licence", **early | {"target__mail_users": {}}))


def test_a_group_that_licenses_early_is_told() -> None:
    """F-73: a dynamic group with an Exchange licence reaches a new MailUser before anybody can stamp it (LIC-14)."""
    groups = [{"Id": "g", "DisplayName": "Everybody", "SkuIds": [EXCHANGE_SKU], "Dynamic": True}]
    unstamped = {"target__mail_users": {"ExchangeGuid": None}, "target__licensing_groups": groups}
    assert ["fail"] == kinds(judged("target-no-early-group", **unstamped))


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [([OWN, "lara@fabrikam.example"], "warn"), ([OWN], "pass"), ([OWN.upper()], "pass")],
)
def test_what_a_licence_scrubs_is_foreseen(addresses: list[str], expected: str) -> None:
    """F-74: a licence with an Exchange plan takes the SMTP addresses of domains that are not verified (LIC-17)."""
    world = {
        "target__mail_users": {"SmtpAddresses": addresses},
        "target__directory_users": [directory_user("target", SkuIds=[])],
    }
    assert [expected] == kinds(judged("target-licence-takes-no-address", **world))


def test_x500_addresses_are_not_scrubbed() -> None:
    """F-74: x500 addresses have no domain, so nothing is foreseen for them (LIC-17)."""
    world = {
        "target__mail_users": {"X500Addresses": ["x500:/o=Elsewhere/cn=lara@fabrikam.example"]},
        "target__directory_users": [directory_user("target", SkuIds=[])],
    }
    assert ["pass"] == kinds(judged("target-licence-takes-no-address", **world))


def test_what_is_left_on_a_licensed_user_is_told() -> None:
    """F-74: an unverified address that a licensed user still has is about to go (LIC-17)."""
    world = {"target__mail_users": {"SmtpAddresses": [OWN, "lara@fabrikam.example"]}}
    assert ["warn"] == kinds(judged("target-licensed-addresses-verified", **world))
