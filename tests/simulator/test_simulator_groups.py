"""Mail-enabled groups, their members, the scope of a move, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_answers import PASSWORD, done, kind, lara, one, rows, with_lara
from simulated_pair import Pair, example, make_pair
from test_simulator_consent_and_endpoint import complete, result_for

from xtmig_kernel.simulator.state_view import state_view

EXCHANGE_CLIENT = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
EXCHANGE_SCOPE = "https://outlook.office365.com/.default"
OLIVIA = "olivia.operator@contoso.onmicrosoft.com"
REMY = "remy.recipients@northwindtraders.onmicrosoft.com"
BYPASS = {"BypassSecurityGroupManagerCheck": True}


def members(pair: Pair, group: str, side: str = "source") -> list[str]:
    return [row["Alias"] for row in rows(pair, side, "Get-DistributionGroupMember", Identity=group)]


def new_group(pair: Pair, **change: Any) -> Any:
    return pair.exo("source", "New-DistributionGroup", **{"Name": "Wave 1", "Type": "Security"} | change)


def test_a_new_security_group_is_one(pair: Pair) -> None:
    """Type Security gives a mail-enabled security group in the default domain (line 224)."""
    assert 200 == new_group(pair, Members=["LaraN", "joe"]).status
    pair.advance(3)
    row = one(pair, "source", "Get-DistributionGroup", Identity="Wave 1")
    assert ("MailUniversalSecurityGroup", "Wave1@contoso.com") == (
        row["RecipientTypeDetails"],
        row["PrimarySmtpAddress"],
    )
    assert ["LaraN", "joe"] == members(pair, "Wave 1")


@pytest.mark.parametrize(("seconds", "status"), [(2, 404), (3, 200)])
def test_a_new_group_is_not_readable_at_once(pair: Pair, seconds: float, status: int) -> None:
    """Reads find a new group after the lag of configuration."""
    new_group(pair)
    pair.advance(seconds)
    assert status == pair.exo("source", "Get-DistributionGroup", Identity="Wave 1").status


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Name": "Sales staff"}, "ADObjectAlreadyExistsException"),
        ({"Alias": "SalesStaff"}, "PropertyValueExistsException"),
        ({"PrimarySmtpAddress": "lara.newton@contoso.com"}, "ProxyAddressExistsException"),
        ({"PrimarySmtpAddress": "wave@northwindtraders.com"}, "NotAcceptedDomainException"),
    ],
)
def test_a_group_takes_nothing_that_is_taken(pair: Pair, change: dict[str, Any], expected: str) -> None:
    """Name, alias and address of a new group are free, the address is in an own domain (doc trap C1)."""
    assert expected == kind(new_group(pair, **change))


@pytest.mark.parametrize(("ignore", "name"), [(False, "GRP-Wave 1"), (True, "Wave 1")])
def test_a_naming_policy_renames_a_group(ignore: bool, name: str) -> None:
    """The naming policy's prefix goes before the name, unless it is ignored on purpose (doc trap C2)."""
    data = example()
    data["source"]["policies"] = {"group_name_prefix": "GRP-"}
    (row,) = new_group(make_pair(data), IgnoreNamingPolicy=ignore).body["value"]
    assert name == row["Name"]


def test_members_are_direct_and_groups_stay_groups(pair: Pair) -> None:
    """Get-DistributionGroupMember names a nested group, not its members (doc trap C11)."""
    row = one(pair, "source", "Get-DistributionGroupMember", Identity="NestedMovers")
    assert ("NestedInner", "MailUniversalSecurityGroup") == (row["Alias"], row["RecipientTypeDetails"])


def test_who_is_no_owner_needs_to_say_so(pair: Pair) -> None:
    """A caller who is no owner is refused without BypassSecurityGroupManagerCheck (doc trap C3)."""
    answer = pair.exo("source", "Add-DistributionGroupMember", Identity="MoveScope", Member="vera")
    assert "OperationRequiresGroupManagerException" == kind(answer)
    done(pair, "source", "Add-DistributionGroupMember", Identity="MoveScope", Member="vera", **BYPASS)
    pair.advance(3)
    assert "vera" in members(pair, "MoveScope")


def test_an_owner_needs_no_bypass(pair: Pair) -> None:
    """Who is in ManagedBy changes the members without more."""
    token = pair.person_token("source", OLIVIA, EXCHANGE_SCOPE, EXCHANGE_CLIENT)
    answer = pair.exo("source", "Add-DistributionGroupMember", token, Identity="MoveScope", Member="vera")
    assert 200 == answer.status


def test_who_creates_a_group_owns_it(pair: Pair) -> None:
    """Without ManagedBy the person who creates a group is its owner (cmdlet reference)."""
    token = pair.person_token("source", OLIVIA, EXCHANGE_SCOPE, EXCHANGE_CLIENT)
    (row,) = pair.exo("source", "New-DistributionGroup", token, Name="Wave 1", Type="Security").body["value"]
    assert [OLIVIA] == row["ManagedBy"]


def test_the_bypass_needs_a_role() -> None:
    """Only Security Group Creation and Membership offers the bypass (cmdlet reference)."""
    data = example()
    data["source"]["applications"][0].update(directory_roles=[], exchange_roles=["Distribution Groups"])
    answer = make_pair(data).exo("source", "Add-DistributionGroupMember", Identity="MoveScope", Member="vera", **BYPASS)
    assert "AmbiguousParameterSetException" == kind(answer)


def test_a_member_cannot_be_added_twice(pair: Pair) -> None:
    """Adding who belongs already is an error of its own, by whatever identity."""
    answer = pair.exo(
        "source", "Add-DistributionGroupMember", Identity="MoveScope", Member="lara.newton@contoso.com", **BYPASS
    )
    assert "MemberAlreadyExistsException" == kind(answer)


def test_who_is_no_member_cannot_be_removed(pair: Pair) -> None:
    """Removing who does not belong is an error of its own."""
    given = {"Identity": "MoveScope", "Member": "vera", "Confirm": False, **BYPASS}
    assert "MemberNotFoundException" == kind(pair.exo("source", "Remove-DistributionGroupMember", **given))


def test_a_change_of_members_shows_after_its_lag(pair: Pair) -> None:
    """Reads show a removed member as long as the lag lasts."""
    given = {"Identity": "SalesStaff", "Member": "joe", "Confirm": False, **BYPASS}
    done(pair, "source", "Remove-DistributionGroupMember", **given)
    assert {"sofie", "joe"} == set(members(pair, "SalesStaff"))
    pair.advance(3)
    assert ["sofie"] == members(pair, "SalesStaff")


def test_an_added_and_removed_member_never_shows(pair: Pair) -> None:
    """A member that came and went within the lag was never there."""
    done(pair, "source", "Add-DistributionGroupMember", Identity="SalesStaff", Member="vera", **BYPASS)
    pair.advance(1)
    given = {"Identity": "SalesStaff", "Member": "vera", "Confirm": False, **BYPASS}
    done(pair, "source", "Remove-DistributionGroupMember", **given)
    for _ in range(4):
        assert "vera" not in members(pair, "SalesStaff")
        pair.advance(1)


def test_updating_replaces_all_members(pair: Pair) -> None:
    """Update-DistributionGroupMember leaves exactly the members it names."""
    done(pair, "source", "Update-DistributionGroupMember", Identity="SalesStaff", Members=["vera", "joe"], **BYPASS)
    pair.advance(3)
    assert ["vera", "joe"] == members(pair, "SalesStaff")


def test_updating_with_an_empty_list_changes_nothing(pair: Pair) -> None:
    """An empty array clears nothing (wire 1.4)."""
    done(pair, "source", "Update-DistributionGroupMember", Identity="SalesStaff", Members=[], **BYPASS)
    pair.advance(3)
    assert ["sofie", "joe"] == members(pair, "SalesStaff")


@pytest.mark.parametrize("wanted", ["otto@northwindtraders.onmicrosoft.com", "People", "nobody"])
def test_who_has_no_address_cannot_be_a_member(pair: Pair, wanted: str) -> None:
    """An account without mail, a Microsoft 365 group and nobody are no members of a distribution group."""
    assert 404 == pair.exo("target", "Add-DistributionGroupMember", Identity="Everyone", Member=wanted, **BYPASS).status


def test_a_group_goes_when_it_is_confirmed(pair: Pair) -> None:
    """Remove-DistributionGroup asks first and then removes."""
    assert "@adminapi.confirmationmessage" in pair.exo("source", "Remove-DistributionGroup", Identity="SalesStaff").body
    done(pair, "source", "Remove-DistributionGroup", Identity="SalesStaff", Confirm=False, **BYPASS)
    assert 404 == pair.exo("source", "Get-DistributionGroup", Identity="SalesStaff").status


def test_a_group_mailbox_is_no_distribution_group(pair: Pair) -> None:
    """Get-DistributionGroup does not know Microsoft 365 groups; Get-Recipient does."""
    assert 404 == pair.exo("target", "Get-DistributionGroup", Identity="People").status
    assert "GroupMailbox" == one(pair, "target", "Get-Recipient", Identity="People")["RecipientTypeDetails"]


def test_a_dynamic_group_takes_in_whoever_is_created(pair: Pair) -> None:
    """Every user who is no guest belongs to a dynamic group from the first moment."""
    (people,) = [g for g in pair.world.tenants["target"].groups if g.dynamic]
    done(pair, "target", "New-MailUser", **lara())
    book = pair.world.tenants["target"].book
    assert book is not None
    made = pair.world.tenants["target"].mail_users[-1]
    assert made.object_id in book.members(people)
    assert "7a26e700-0000-4000-8000-0000000c0002" not in book.members(people)


@pytest.fixture
def moving(pair: Pair) -> Pair:
    """Both tenants configured, and the document's LaraN stamped in the target."""
    done(pair, "target", "Enable-OrganizationCustomization")
    pair.advance(600)
    made = pair.register()
    secret = pair.minted(made["id"])
    pair.advance(30)
    complete(pair, made["appId"], secret)
    return pair


@pytest.mark.parametrize(
    "member",
    ["LaraN", "Lara.Newton@contoso.com", "smtp:LaraN@contoso.onmicrosoft.com", "LaraN@contoso.onmicrosoft.com"],
)
def test_a_scope_knows_its_members_by_any_name(moving: Pair, member: str) -> None:
    """However the file names a member, its mailbox is in scope."""
    group = moving.world.tenants["source"].groups[0]
    group.members[:] = ["joe", member]
    moving.world.tenants["source"].book = None
    assert "Success" == result_for(moving)["Result"]


def test_a_scope_knows_its_members_by_object_id(moving: Pair) -> None:
    """Members that were added while running count too."""
    given = {"Identity": "MoveScope", "Member": "LaraN", **BYPASS}
    done(moving, "source", "Remove-DistributionGroupMember", Confirm=False, **given)
    assert "Failed" == result_for(moving)["Result"]
    done(moving, "source", "Add-DistributionGroupMember", **given)
    assert "Success" == result_for(moving)["Result"]


def test_one_of_several_scopes_is_enough(moving: Pair) -> None:
    """A mailbox is in scope when any published group has it (lines 68 to 70)."""
    done(
        moving, "source", "Set-OrganizationRelationship", Identity="Northwind",
        MailboxMovePublishedScopes=["NestedMovers", "MoveScope"],
    )  # fmt: skip
    assert "Success" == result_for(moving)["Result"]


def test_a_nested_member_is_out_of_scope(moving: Pair) -> None:
    """Who belongs to the scope only through another group fails the test (doc traps C11, C12)."""
    done(moving, "source", "New-DistributionGroup", Name="Outer", Type="Security", Members=["MoveScope"])
    done(moving, "source", "Set-OrganizationRelationship", Identity="Northwind", MailboxMovePublishedScopes=["Outer"])
    assert "MailboxNotInCrossTenantMigrationScopeException" in result_for(moving)["ErrorDetail"]


def test_batches_are_not_offered_to_everybody(pair: Pair) -> None:
    """Who lacks the role gets 403 for New-MigrationBatch, not 501."""
    rita = pair.person_token("source", "rita.reader@contoso.onmicrosoft.com", EXCHANGE_SCOPE, EXCHANGE_CLIENT)
    assert 403 == pair.exo("source", "New-MigrationBatch", rita, Name="x").status


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("Mail Recipients", "Set-MailUser", "New-MailUser"),
        ("Mail Recipient Creation", "New-MailUser", "Set-MailUser"),
        ("Distribution Groups", "New-DistributionGroup", "Set-Mailbox"),
        ("Security Group Creation and Membership", "Add-DistributionGroupMember", "Set-Mailbox"),
        ("View-Only Recipients", "Get-Recipient", "Set-User"),
        ("Move Mailboxes", "New-MigrationBatch", "Set-MailUser"),
    ],
)
def test_a_role_offers_its_cmdlets(role: str, may: str, may_not: str) -> None:
    """Each management role offers what belongs to it and nothing else."""
    data = example()
    data["target"]["applications"][0].update(directory_roles=[], exchange_roles=[role])
    pair = make_pair(data)
    assert 403 != pair.exo("target", may).status
    assert 403 == pair.exo("target", may_not).status


def test_the_recipient_administrator_creates_no_groups(pair: Pair) -> None:
    """The directory role Exchange Recipient Administrator is refused New-DistributionGroup (wire 2)."""
    remy = pair.person_token(
        "target", "remy.recipients@northwindtraders.onmicrosoft.com", EXCHANGE_SCOPE, EXCHANGE_CLIENT
    )
    assert 403 == pair.exo("target", "New-DistributionGroup", remy, Name="x").status
    assert 200 == pair.exo("target", "New-MailUser", remy, **lara()).status


def test_the_state_names_members_by_id(pair: Pair) -> None:
    """The state shows users without mail too, and members of groups by object id, sorted."""
    with_lara(pair)
    done(pair, "target", "Add-DistributionGroupMember", Identity="Everyone", Member="LaraN", **BYPASS)
    shown = state_view(pair.world, pair.now)["target"]
    (group,) = [g for g in shown["groups"] if g["alias"] == "Everyone"]
    ids = {user["alias"]: user["object_id"] for user in shown["mail_users"]}
    assert sorted([ids["john"], ids["LaraN"]]) == group["members"]
    assert {"7a26e700-0000-4000-8000-0000000c0001", "7a26e700-0000-4000-8000-0000000c0002"} == {
        user["object_id"] for user in shown["users"]
    }
    assert PASSWORD not in str(shown)
