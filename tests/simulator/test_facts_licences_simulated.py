"""Wire facts of licences in the simulated tenants (docs/reference/wire-facts.md)."""

from __future__ import annotations

from typing import Any

import pytest
from directory_cases import (
    ADDON,
    E3,
    INITIAL,
    LAG,
    MOVED_GUID,
    NO_GUID,
    TOOLS,
    begin,
    group,
    id_of,
    license_user,
    licensed,
    mail_user,
    object_of,
    row,
    shown,
    target,
)
from simulated_pair import Pair

from xtmig_kernel.simulator import licensing
from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.recipients_file import MailUser

OTHER = "7a26e700-0000-4000-8000-0000000d0008"
MAILBOX_PLANS = (
    "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_STANDARD", "EXCHANGE_S_DESKLESS", "EXCHANGE_S_ENTERPRISE_GOV",
    "EXCHANGE_S_STANDARD_GOV", "EXCHANGE_S_DESKLESS_GOV", "EXCHANGE_L_STANDARD", "EXCHANGE_S_STANDARD_MIDMARKET",
    "EXCHANGE_B_STANDARD", "EXCHANGE_S_ESSENTIALS",
)  # fmt: skip


def sold(plans: list[str], part_number: str = "OTHER", sku_id: str = OTHER) -> Pair:
    """A target with one subscription and an unstamped mail user."""
    sku = {"sku_id": sku_id, "part_number": part_number, "enabled": 9, "service_plans": plans}
    return target([mail_user()], skus=[sku])


def test_a_subscription_is_spelled_as_documented() -> None:
    """F-65: subscribedSkus answers ids, seats and the plans of each subscription."""
    rows = target().graph("target", "GET", "/subscribedSkus").body["value"]
    (found,) = [r for r in rows if r["skuPartNumber"] == "Cross_tenant_user_data_migration"]
    assert ADDON == found["skuId"]
    assert {"enabled": 30, "suspended": 0, "warning": 0, "lockedOut": 0} == found["prepaidUnits"]
    assert (0, "Enabled", "User") == (found["consumedUnits"], found["capabilityStatus"], found["appliesTo"])
    names = [plan["servicePlanName"] for plan in found["servicePlans"]]
    assert ["SHAREPOINTONLINE_T2TODMOVE", "EXCHANGEONLINE_T2TMBXMOVE"] == names
    assert {"servicePlanId", "servicePlanName", "provisioningStatus", "appliesTo"} == found["servicePlans"][0].keys()


def test_subscriptions_can_be_narrowed() -> None:
    """F-65: with $select a subscription has the named properties alone."""
    pair = target()
    (first, *_) = pair.graph("target", "GET", "/subscribedSkus?$select=skuId").body["value"]
    assert {"skuId"} == first.keys()


@pytest.mark.parametrize(("top", "status"), [("999", 200), ("1000", 400), ("0", 400)])
@pytest.mark.parametrize("path", ["/users", "/groups"])
def test_a_page_has_at_most_999(path: str, top: str, status: int) -> None:
    """F-66, F-67: $top is between 1 and 999."""
    assert status == target().graph("target", "GET", f"{path}?$top={top}").status


def test_a_user_tells_where_licences_come_from() -> None:
    """F-66: assignedLicenses holds all licences, licenseAssignmentStates the group that gives one."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [group("staff", ["lara"], licences=["SPE_E3"])])
    license_user(pair, "lara", TOOLS)
    found = shown(pair, "lara", "assignedLicenses", "licenseAssignmentStates")
    assert {E3, TOOLS} == {held["skuId"] for held in found["assignedLicenses"]}
    given = {state["skuId"]: state["assignedByGroup"] for state in found["licenseAssignmentStates"]}
    assert {E3: id_of(pair, "staff"), TOOLS: None} == given


def test_a_synchronised_user_is_told_apart() -> None:
    """F-66: onPremisesSyncEnabled is true for a synchronised user and null for one of the cloud."""
    pair = target([mail_user(), mail_user("mona", directory_synchronised=True)])
    found = [shown(pair, alias, "onPremisesSyncEnabled")["onPremisesSyncEnabled"] for alias in ("lara", "mona")]
    assert [None, True] == found


def test_a_usage_location_lasts() -> None:
    """F-68: PATCH answers nothing, and the location is there afterwards."""
    pair = target([mail_user(usage_location=None)])
    answer = pair.graph("target", "PATCH", f"/users/{id_of(pair, 'lara')}", {"usageLocation": "IE"})
    assert (204, None, "IE") == (answer.status, answer.body, shown(pair, "lara", "usageLocation")["usageLocation"])


def test_an_assignment_is_shown_at_once() -> None:
    """F-69: assignLicense answers 200, and Graph shows the licence though Exchange does not know of it yet."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    answer = license_user(pair, "lara", ADDON)
    assert 200 == answer.status
    assert [{"skuId": ADDON, "disabledPlans": []}] == shown(pair, "lara", "assignedLicenses")["assignedLicenses"]


@pytest.mark.parametrize(
    ("plans", "part_number", "sku_id", "expected"),
    [
        (["EXCHANGEONLINE_T2TMBXMOVE"], "OTHER", OTHER, ["ExchangeT2TMbxMove"]),
        ([], "CSP_CROSSTENANTUSERDATAMIGRATION_FACULTY", OTHER, ["ExchangeT2TMbxMove"]),
        (["SHAREPOINTONLINE_T2TODMOVE"], "OTHER", OTHER, []),
    ],
)
def test_what_makes_the_add_on(plans: list[str], part_number: str, sku_id: str, expected: list[str]) -> None:
    """F-70, F-71: the plan that moves mailboxes, or the part number in any spelling, makes ExchangeT2TMbxMove."""
    pair = licensed(sold(plans, part_number, sku_id), "lara", sku_id)
    assert expected == (row(pair, "Get-MailUser", "lara") or {})["PersistedCapabilities"]


@pytest.mark.parametrize(("plan", "mailbox"), [(plan, True) for plan in MAILBOX_PLANS] + [
    (plan, False) for plan in ("EXCHANGE_S_FOUNDATION", "EXCHANGE_S_ARCHIVE_ADDON", "EXCHANGE_ANALYTICS", "TEAMS1")
])  # fmt: skip
def test_which_plans_give_a_mailbox(plan: str, mailbox: bool) -> None:
    """F-72: of Exchange's plans these ten give a mailbox, the foundation, archive and analytics plans none."""
    pair = licensed(sold([plan]), "lara", OTHER)
    assert mailbox is (row(pair, "Get-Mailbox", "lara") is not None)


@pytest.mark.parametrize(
    ("guid", "cmdlet"), [(None, "Get-Mailbox"), (NO_GUID, "Get-Mailbox"), (MOVED_GUID, "Get-MailUser")]
)
def test_the_guid_decides_what_a_licence_makes(guid: str | None, cmdlet: str) -> None:
    """F-73: licensed without ExchangeGuid a mail user becomes a mailbox of its own, with it stays one (LIC-13, 14)."""
    pair = licensed(target([mail_user(exchange_guid=guid)]), "lara", E3)
    found = {name: row(pair, name, "lara") is not None for name in ("Get-Mailbox", "Get-MailUser")}
    assert {"Get-Mailbox": cmdlet == "Get-Mailbox", "Get-MailUser": cmdlet == "Get-MailUser"} == found


def test_a_dynamic_group_overtakes_the_stamp() -> None:
    """F-73: a mail user made in a tenant whose dynamic group licenses has a mailbox after the lag (LIC-14)."""
    pair = target(groups=[group("everybody", [], dynamic=True, licences=["SPE_E3"])])
    begin(pair)
    tenant = pair.world.tenants["target"]
    book(pair.world, tenant).add(MailUser(**mail_user()))
    licensing.settle(pair.world, tenant, object_of(pair, "lara"), pair.now)
    pair.advance(LAG)
    assert row(pair, "Get-Mailbox", "lara") is not None


SCRUBBED: list[tuple[str, dict[str, Any]]] = [(E3, {"exchange_guid": MOVED_GUID}), (ADDON, {})]


@pytest.mark.parametrize(("sku", "stamped"), SCRUBBED)
def test_a_licence_scrubs_addresses(sku: str, stamped: dict[str, Any]) -> None:
    """F-74: with an Exchange plan, the add-on's included, addresses of unverified domains go, x500 stays (LIC-17)."""
    proxies = ["smtp:lara@fabrikam.example", f"smtp:lara@{INITIAL}", "x500:/o=Elsewhere/cn=lara@fabrikam.example"]
    pair = licensed(target([mail_user(proxies=proxies, **stamped)]), "lara", sku)
    found = (row(pair, "Get-MailUser", "lara") or {})["EmailAddresses"]
    assert {"SMTP:lara@northwindtraders.com", *proxies[1:]} == set(found)
