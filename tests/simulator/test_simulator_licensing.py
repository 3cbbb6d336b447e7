"""What licences do to objects (document lines 301 to 306, 624 to 630, 685 to 697)."""

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
    PLAN_2,
    SOURCE_DN,
    TOOLS,
    begin,
    consumed,
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

EVERYBODY = group("everybody", [], dynamic=True, licences=["SPE_E3"])
X400 = "x400:C=IE;A= ;P=Contoso;O=Exchange;S=Newton;G=Lara;"


def settle(pair: Pair, alias: str) -> None:
    licensing.settle(pair.world, pair.world.tenants["target"], object_of(pair, alias), pair.now)


def create(pair: Pair, **changes: Any) -> None:
    """A mail user made while the simulator runs."""
    user = MailUser(**mail_user(**changes))
    book(pair.world, pair.world.tenants["target"]).add(user)
    settle(pair, user.alias)


def test_a_licence_before_the_guid_makes_a_second_mailbox() -> None:
    """LIC-14: a mail user without ExchangeGuid gets a new mailbox of its own and is no mail user any more."""
    pair = target([mail_user()])
    identity = id_of(pair, "lara")
    licensed(pair, "lara", E3)
    mailbox = row(pair, "Get-Mailbox", "lara")
    assert mailbox is not None
    assert ("UserMailbox", identity) == (mailbox["RecipientTypeDetails"], mailbox["ExternalDirectoryObjectId"])
    assert NO_GUID != mailbox["ExchangeGuid"]
    assert row(pair, "Get-MailUser", "lara") is None


def test_two_mailboxes_made_by_licences_have_two_guids() -> None:
    """LIC-14: each new mailbox is a separate one."""
    pair = target([mail_user(), mail_user("mona")])
    for alias in ("lara", "mona"):
        licensed(pair, alias, E3)
    guids = {(row(pair, "Get-Mailbox", alias) or {})["ExchangeGuid"] for alias in ("lara", "mona")}
    assert 2 == len(guids)


def test_a_licence_takes_a_while() -> None:
    """Before the tenant's lag has passed a licensed mail user is what it was."""
    pair = target([mail_user()])
    license_user(pair, "lara", E3)
    pair.advance(LAG - 1)
    assert row(pair, "Get-Mailbox", "lara") is None
    assert row(pair, "Get-MailUser", "lara") is not None


def test_a_licence_after_the_guid_leaves_a_mail_user() -> None:
    """LIC-13: with ExchangeGuid stamped a licensed mail user stays one."""
    pair = licensed(target([mail_user(exchange_guid=MOVED_GUID)]), "lara", E3)
    user = row(pair, "Get-MailUser", "lara")
    assert user is not None
    assert ("MailUser", MOVED_GUID) == (user["RecipientTypeDetails"], user["ExchangeGuid"])
    assert row(pair, "Get-Mailbox", "lara") is None


def test_a_guid_stamped_while_the_licence_is_on_its_way_counts() -> None:
    """LIC-13: what counts is whether ExchangeGuid is there when the licence takes effect."""
    pair = target([mail_user()])
    license_user(pair, "lara", E3)
    object_of(pair, "lara").exchange_guid = MOVED_GUID
    pair.advance(LAG)
    assert row(pair, "Get-MailUser", "lara") is not None


def test_a_plain_user_gets_a_mailbox() -> None:
    """A user of the directory who gets an Exchange licence gets a mailbox in a domain of the tenant."""
    pair = target(users=[{"upn": f"ute@{INITIAL}", "display_name": "Ute", "usage_location": "NL"}])
    identity = id_of(pair, "ute")
    licensed(pair, "ute", E3)
    mailbox = row(pair, "Get-Mailbox", "ute")
    assert mailbox is not None
    assert (identity, f"ute@{INITIAL}") == (mailbox["ExternalDirectoryObjectId"], mailbox["PrimarySmtpAddress"])


@pytest.mark.parametrize(("sku", "disabled"), [(TOOLS, ()), (ADDON, ()), (E3, (PLAN_2,))])
def test_only_a_mailbox_plan_makes_a_mailbox(sku: str, disabled: tuple[str, ...]) -> None:
    """Wire 4.17: without a plan that gives a mailbox, a mail user without ExchangeGuid stays a mail user."""
    pair = licensed(target([mail_user()]), "lara", sku, disabled=disabled)
    assert row(pair, "Get-MailUser", "lara") is not None
    assert row(pair, "Get-Mailbox", "lara") is None


@pytest.mark.parametrize("sku", [E3, ADDON])
def test_an_exchange_plan_scrubs_foreign_addresses(sku: str) -> None:
    """LIC-17: of the SMTP addresses only those in verified domains are left; x500 and X400 addresses stay."""
    proxies = ["smtp:lara@contoso.com", f"smtp:lara@{INITIAL}", SOURCE_DN, X400]
    pair = licensed(target([mail_user(exchange_guid=MOVED_GUID, proxies=proxies)]), "lara", sku)
    user = row(pair, "Get-MailUser", "lara")
    assert user is not None
    expected = ["SMTP:lara@northwindtraders.com", f"smtp:lara@{INITIAL}", SOURCE_DN, X400]
    assert sorted(expected) == sorted(user["EmailAddresses"])


def test_an_external_primary_address_is_reset() -> None:
    """KNI-06: a primary address of a partner's domain is replaced by one that the tenant has verified."""
    pair = licensed(target([mail_user(exchange_guid=MOVED_GUID, primary="lara@contoso.com")]), "lara", E3)
    user = row(pair, "Get-MailUser", "lara")
    assert user is not None
    assert f"lara@{INITIAL}" == user["PrimarySmtpAddress"]
    assert [] == [address for address in user["EmailAddresses"] if "contoso.com" in address]


def test_a_licence_without_exchange_leaves_addresses() -> None:
    """KNI-06: only Exchange service plans bring the scrub."""
    pair = licensed(target([mail_user(primary="lara@contoso.com")]), "lara", TOOLS)
    user = row(pair, "Get-MailUser", "lara")
    assert user is not None
    assert "lara@contoso.com" == user["PrimarySmtpAddress"]


def test_a_foreign_address_does_not_last_on_a_licensed_object() -> None:
    """LIC-17: while an Exchange plan is on an object, a foreign address that is added is scrubbed too."""
    pair = licensed(target([mail_user(exchange_guid=MOVED_GUID)]), "lara", E3)
    wish = ["SMTP:lara@northwindtraders.com", "smtp:lara@elsewhere.example", SOURCE_DN]
    pair.exo("target", "Set-MailUser", Identity="lara", EmailAddresses=wish)
    user = row(pair, "Get-MailUser", "lara")
    assert user is not None
    assert [wish[0], SOURCE_DN] == user["EmailAddresses"]


def test_licensing_one_object_changes_no_other() -> None:
    """What a licence does, it does to its holder alone."""
    pair = target([mail_user(primary="lara@contoso.com"), mail_user("mona", primary="mona@contoso.com")])
    before = row(pair, "Get-MailUser", "mona")
    licensed(pair, "lara", E3)
    assert before == row(pair, "Get-MailUser", "mona")


def test_the_add_on_is_a_capability_once_it_counts() -> None:
    """LIC-04: the add-on shows as ExchangeT2TMbxMove, after the lag and not before (wire 4.16)."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    license_user(pair, "lara", ADDON)
    early = row(pair, "Get-MailUser", "lara")
    pair.advance(LAG)
    late = row(pair, "Get-MailUser", "lara")
    assert early is not None
    assert late is not None
    assert ([], ["ExchangeT2TMbxMove"]) == (early["PersistedCapabilities"], late["PersistedCapabilities"])


def test_the_add_on_is_a_capability_of_a_mailbox_too() -> None:
    """LIC-04: on a mailbox the add-on shows beside what its mailbox plan gives."""
    mailbox = row(licensed(target(), "nina", ADDON), "Get-Mailbox", "nina")
    assert mailbox is not None
    assert {"ExchangeT2TMbxMove", "BPOS_S_Enterprise"} == set(mailbox["PersistedCapabilities"])


def test_the_add_ons_move_plan_can_be_left_out() -> None:
    """Wire 4.16: the capability comes from the plan EXCHANGEONLINE_T2TMBXMOVE, not from the part number."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    skus = pair.graph("target", "GET", "/subscribedSkus").body["value"]
    plans = next(s["servicePlans"] for s in skus if s["skuId"] == ADDON)
    move = next(p["servicePlanId"] for p in plans if p["servicePlanName"] == "EXCHANGEONLINE_T2TMBXMOVE")
    licensed(pair, "lara", ADDON, disabled=(move,))
    assert [] == (row(pair, "Get-MailUser", "lara") or {})["PersistedCapabilities"]


def test_group_licences_reach_direct_members_alone() -> None:
    """Group-based licensing gives to direct members, not to those of groups inside (Graph documentation)."""
    groups = [group("outer", ["lara", "inner"], licences=["SPE_E3"]), group("inner", ["mona"])]
    pair = target([mail_user(exchange_guid=MOVED_GUID), mail_user("mona")], groups)
    sources = {
        alias: [s["assignedByGroup"] for s in shown(pair, alias, "licenseAssignmentStates")["licenseAssignmentStates"]]
        for alias in ("lara", "mona")
    }
    assert {"lara": [id_of(pair, "outer")], "mona": []} == sources


def test_a_dynamic_group_reaches_members_and_no_guests() -> None:
    """A dynamic group takes in every user of the tenant who is no guest."""
    users: list[dict[str, Any]] = [
        {"upn": f"ute@{INITIAL}", "display_name": "Ute"},
        {"upn": f"gast_x.example#EXT#@{INITIAL}", "display_name": "Gast", "guest": True, "mail": "gast@x.example"},
    ]
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [EVERYBODY], users)
    rows = pair.graph("target", "GET", "/users?$select=displayName,assignedLicenses&$top=999").body["value"]
    held = {r["displayName"]: [x["skuId"] for x in r["assignedLicenses"]] for r in rows}
    assert ([E3], [E3], []) == (held["Lara"], held["Ute"], held["Gast"])


def test_a_group_licence_overtakes_a_new_mail_user() -> None:
    """LIC-14: a mail user made without ExchangeGuid in a licensed group has a mailbox of its own after the lag."""
    pair = target(groups=[EVERYBODY])
    begin(pair)
    create(pair)
    early = row(pair, "Get-MailUser", "lara")
    pair.advance(LAG)
    assert early is not None
    assert "UserMailbox" == (row(pair, "Get-Mailbox", "lara") or {})["RecipientTypeDetails"]


def test_a_mail_user_stamped_in_time_is_safe_from_the_group() -> None:
    """LIC-13: made with ExchangeGuid, a mail user in a licensed group stays one."""
    pair = target(groups=[EVERYBODY])
    begin(pair)
    create(pair, exchange_guid=MOVED_GUID)
    pair.advance(LAG)
    assert row(pair, "Get-MailUser", "lara") is not None


def test_a_group_licence_comes_and_goes_with_the_membership() -> None:
    """Who joins a group gets its licence, and who leaves it loses it."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [group("staff", [], licences=["SPE_E3"])])
    held = []
    for cmdlet in ("Add-DistributionGroupMember", "Remove-DistributionGroupMember"):
        changed = pair.exo(
            "target", cmdlet, Identity="staff", Member="lara", BypassSecurityGroupManagerCheck=True, Confirm=False
        )
        assert 200 == changed.status, changed.body
        held.append(shown(pair, "lara", "assignedLicenses")["assignedLicenses"])
    assert [[{"skuId": E3, "disabledPlans": []}], []] == held


def test_a_deleted_user_gives_its_units_back() -> None:
    """A licence does not outlive its holder: the unit is free again."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    license_user(pair, "lara", ADDON)
    before = consumed(pair, "Cross_tenant_user_data_migration")
    assert 200 == pair.exo("target", "Remove-MailUser", Identity="lara", Confirm=False).status
    assert (1, 0) == (before, consumed(pair, "Cross_tenant_user_data_migration"))


def test_a_group_licence_without_a_unit_fails_visibly() -> None:
    """Without a free unit a group's licence is in error CountViolation and does nothing (Graph documentation)."""
    sku = {"sku_id": E3, "part_number": "SPE_E3", "enabled": 1, "service_plans": ["EXCHANGE_S_ENTERPRISE"]}
    pair = target(groups=[EVERYBODY], skus=[sku])
    begin(pair)
    create(pair)
    (state,) = shown(pair, "lara", "licenseAssignmentStates")["licenseAssignmentStates"]
    pair.advance(LAG)
    assert ("Error", "CountViolation") == (state["state"], state["error"])
    assert row(pair, "Get-MailUser", "lara") is not None


def test_each_assignment_consumes_one_unit() -> None:
    """Wire 4.6: a unit more is in use after an assignment, and one less after it is taken back."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    units = [consumed(pair, "SPE_E3")]
    license_user(pair, "lara", E3)
    units.append(consumed(pair, "SPE_E3"))
    license_user(pair, "lara", remove=(E3,))
    assert [3, 4, 3] == [*units, consumed(pair, "SPE_E3")]


def test_a_unit_is_consumed_once_by_two_assignments() -> None:
    """A user who has a licence directly and by a group uses one unit (Graph documentation)."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [group("staff", ["lara"], licences=["SPE_E3"])])
    before = consumed(pair, "SPE_E3")
    license_user(pair, "lara", E3)
    assert before == consumed(pair, "SPE_E3")


def test_consumed_units_cover_the_files_own_holders() -> None:
    """The units in use are never fewer than the users of the file who hold the licence."""
    users = [mail_user(f"u{n}", licences=["TOOLS"]) for n in range(5)]
    assert 5 == consumed(target(users), "TOOLS")


def test_a_mailbox_that_lost_its_licence_goes() -> None:
    """Failures 2.1 #17: unlicensed, the second mailbox is soft-deleted and the mail user is back, with its traces."""
    pair = licensed(target([mail_user()]), "lara", E3)
    license_user(pair, "lara", remove=(E3,))
    pair.advance(LAG)
    user = row(pair, "Get-MailUser", "lara")
    assert user is not None
    assert ("SMTP:lara@contoso.onmicrosoft.com", NO_GUID) == (user["ExternalEmailAddress"], user["ExchangeGuid"])
    assert "UserMailbox" == object_of(pair, "lara").previous_recipient_type
    assert row(pair, "Get-Mailbox", "lara") is None
    assert row(pair, "Get-Mailbox", "lara", SoftDeletedMailbox=True) is not None


def test_a_mailbox_stays_while_another_licence_gives_one() -> None:
    """A licence taken away takes no mailbox that a group's licence still gives."""
    pair = licensed(target([mail_user()], [group("staff", ["lara"], licences=["SPE_E3"])]), "lara", E3)
    license_user(pair, "lara", remove=(E3,))
    pair.advance(LAG)
    assert row(pair, "Get-Mailbox", "lara") is not None


def test_taking_the_add_on_away_takes_no_mailbox() -> None:
    """A mailbox does not rest on the add-on: without it the mailbox is what it was."""
    pair = licensed(target(), "nina", ADDON)
    license_user(pair, "nina", remove=(ADDON,))
    pair.advance(LAG)
    assert row(pair, "Get-Mailbox", "nina") is not None
