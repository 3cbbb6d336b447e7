"""What section 080 plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_facts import (
    APP_ID,
    APP_NAME,
    NOW,
    OTHER_ID,
    SOURCE_ID,
    TARGET_ID,
    after,
    judged,
    kinds,
    make_project,
    observed,
    planned,
    refused,
    seen,
    source_relationship,
    world,
)
from scope_facts import BY_WAY, GROUP_ID, INNER, STRANGER, group, member, recipient
from user_facts import LARA_ID, SCOPE, chosen, lara_mailbox

from xtmig_kernel.changes import ExchangeCall, Later, Level
from xtmig_kernel.rules import ALL_RULES, evaluate
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from xtmig_kernel.changes import Change

NAME = "xtmig-contoso-moves"
RELATIONSHIPS = "source__organization_relationships"
EMPTY: dict[str, Any] = {
    "source__organization_config": {"IsDehydrated": True},
    "source__distribution_groups": [],
    "source__scope_members": [],
    RELATIONSHIPS: [],
}
SPOILED: list[dict[str, Any]] = [
    {"source__scope_members": [member(), STRANGER]},
    {"source__scope_members": [member(Membership="nested", Via="Sales"), INNER, STRANGER | BY_WAY]},
    {RELATIONSHIPS: {"OAuthApplicationId": OTHER_ID, "MailboxMovePublishedScopes": ["another"]}},
    {RELATIONSHIPS: {"MailboxMoveCapability": ["Inbound"], "OAuthApplicationId": None}},
]
TWO = {"names": {"scope_groups": [SCOPE, "second"]}}


def is_named(change: Change) -> bool:
    """Whether a change of section 080 takes something away: a member, or another application."""
    taken = change.before is not None and change.before.get("OAuthApplicationId") == OTHER_ID
    return change.side == "source" and (taken or (change.step == "080.3" and change.after is None))


def one(changes: tuple[Change, ...]) -> tuple[Change, ExchangeCall]:
    """The only change, and its only call."""
    (change,) = changes
    (call,) = change.calls
    assert isinstance(call, ExchangeCall)
    return change, call


def calls(changes: tuple[Change, ...]) -> list[ExchangeCall]:
    """The call of each change."""
    return [call for change in changes for call in change.calls if isinstance(call, ExchangeCall)]


def users(number: int) -> dict[str, Any]:
    """Users of `users.csv` with their mailboxes; their object IDs sort as their numbers do."""
    names = [f"u{n:05}" for n in range(number)]
    return {
        "source__chosen_users": [chosen(SourceAddress=f"{name}@contoso.com", Line=2) for name in names],
        "source__mailboxes": [
            lara_mailbox(ObjectId=name, PrimarySmtpAddress=f"{name}@contoso.com", SmtpAddresses=[]) for name in names
        ],
    }


def test_source_is_customized_as_the_target_is() -> None:
    """A dehydrated source is customized with the approval of a second person, never twice (EPT-07)."""
    change, call = one(planned("080.1", source__organization_config={"IsDehydrated": True}))
    assert (change.side, change.tenant_id, change.level) == ("source", SOURCE_ID, Level.SECOND_PERSON)
    assert call == ExchangeCall("Enable-OrganizationCustomization")
    assert planned("080.1", source__organization_config={"IsDehydrated": None}) == ()


def test_group_is_created_as_a_security_group() -> None:
    """An absent scope group is created with Type Security; without it the service makes a plain list (SRC-05, C1)."""
    change, call = one(planned("080.2", source__distribution_groups=[]))
    assert call == ExchangeCall("New-DistributionGroup", {"Name": SCOPE, "Type": "Security", "Alias": SCOPE})
    assert (change.level, change.subject.key) == (Level.UNDOABLE, (("Name", SCOPE),))


@pytest.mark.parametrize(
    "there",
    [
        {"source__distribution_groups": [group(RecipientTypeDetails="MailUniversalDistributionGroup")]},
        {"source__distribution_groups": [group(Name=f"GRP_{SCOPE}")]},
        {
            "source__distribution_groups": [],
            "source__recipients": [recipient(Name=SCOPE, RecipientTypeDetails="GroupMailbox")],
        },
    ],
)
def test_other_object_of_the_name_is_let_be(there: dict[str, Any]) -> None:
    """A plain list, a renamed group or a Microsoft 365 group is neither doubled nor filled (PRE-04, doc trap C2)."""
    assert planned("080.2", **there) == ()
    assert planned("080.3", **there, source__scope_members=[]) == ()


def test_user_becomes_a_direct_member() -> None:
    """A user is added by object IDs, past the check for owners (PRE-05, doc trap C3)."""
    change, call = one(planned("080.3", source__scope_members=[]))
    assert call == ExchangeCall(
        "Add-DistributionGroupMember",
        {"Identity": GROUP_ID, "Member": LARA_ID, "BypassSecurityGroupManagerCheck": True},
    )
    assert (change.level, change.before) == (Level.UNDOABLE, None)


def test_nested_member_is_added_directly() -> None:
    """Who belongs by way of a nested group alone is added; the group itself stays (PRE-07, doc traps C11, C12)."""
    changes = planned("080.3", source__scope_members=[INNER, member(**BY_WAY)])
    assert [call.parameters["Member"] for call in calls(changes)] == [LARA_ID]


def test_nested_row_is_not_the_change() -> None:
    """A nested membership is no sign that the addition was made already."""
    change, _ = one(planned("080.3", source__scope_members=[]))
    assert change.subject.matches(member())
    assert not change.subject.matches(member(**BY_WAY))


def test_stranger_is_taken_out_with_an_approval() -> None:
    """A member whom users.csv does not name is removed by object IDs, after a named approval (PRE-05)."""
    change, call = one(planned("080.3", source__scope_members=[member(), STRANGER]))
    assert call == ExchangeCall(
        "Remove-DistributionGroupMember",
        {"Identity": GROUP_ID, "Member": OTHER_ID, "BypassSecurityGroupManagerCheck": True},
    )
    assert (change.level, change.after) == (Level.NAMED, None)


def test_group_that_brings_in_a_stranger_is_taken_out() -> None:
    """A nested group by way of which somebody else may leave goes, after a named approval (PRE-05, PRE-07)."""
    change, call = one(planned("080.3", source__scope_members=[member(), INNER, STRANGER | BY_WAY]))
    assert (call.parameters["Member"], change.level) == (INNER["ObjectId"], Level.NAMED)


def test_group_inside_itself_ends() -> None:
    """A nested group that contains itself is looked into once."""
    again = INNER | BY_WAY
    assert planned("080.3", source__scope_members=[member(), INNER, again, member(**BY_WAY)]) == ()
    (change,) = planned("080.3", source__scope_members=[member(), INNER, again, STRANGER | BY_WAY])
    assert change.subject.matches(INNER)


@pytest.mark.parametrize(
    "blank",
    [
        {"source__scope_members": [member(), STRANGER | {"ObjectId": None}]},
        {"source__scope_members": [], "source__mailboxes": [lara_mailbox(ObjectId=None)]},
        {"source__scope_members": [], "source__distribution_groups": [group(ObjectId=None)]},
    ],
)
def test_nothing_without_an_object_id_is_written_to(blank: dict[str, Any]) -> None:
    """A member, a user or a group without an object ID is in no call: a blank names everything."""
    assert planned("080.3", **blank) == ()


@pytest.mark.parametrize(
    "doubt",
    [
        {"source__chosen_users": [chosen(), chosen(SourceAddress="nobody@contoso.com", Line=3)]},
        {"source__mailboxes": [lara_mailbox(), lara_mailbox(ObjectId="twin")]},
        {"source__chosen_users": [chosen(Line=0)]},
    ],
)
def test_nobody_is_taken_out_in_doubt(doubt: dict[str, Any]) -> None:
    """While a line of users.csv names no mailbox or several, or there is no file, no member is removed."""
    changes = planned("080.3", source__scope_members=[member(), STRANGER], **doubt)
    assert [change for change in changes if change.after is None] == []


def test_nothing_is_planned_before_users_are_listed() -> None:
    """Before users.csv is written, nobody is added (PRE-05)."""
    assert planned("080.3", source__chosen_users=[chosen(Line=0)], source__scope_members=[]) == ()


def test_who_has_moved_stays_in() -> None:
    """A user whose mailbox has become a MailUser is neither added nor removed."""
    moved = lara_mailbox(RecipientTypeDetails="MailUser")
    for members in ([member()], []):
        assert planned("080.3", source__mailboxes=[], source__mail_users=[moved], source__scope_members=members) == ()


def test_synchronised_group_is_not_written_to() -> None:
    """The members of a group from the organisation's own directory cannot be changed in the cloud."""
    assert (
        planned("080.3", source__scope_members=[], source__distribution_groups=[group(DirectorySynchronised=True)])
        == ()
    )


def test_groups_are_filled_in_their_order() -> None:
    """Users go into the first group until it has ten thousand, then into the next, by object ID (PRE-06)."""
    groups = [group(), group(Name="second", ObjectId="second-id")]
    there = [member(ObjectId=f"u{n:05}") for n in range(9_999)]
    changes = planned(
        "080.3",
        make_project(**TWO),
        source__distribution_groups=groups,
        source__scope_members=there,
        **users(10_002),
    )
    added = [(call.parameters["Identity"], call.parameters["Member"]) for call in calls(changes)]
    assert added == [(GROUP_ID, "u09999"), ("second-id", "u10000"), ("second-id", "u10001")]


def test_members_stay_in_their_group() -> None:
    """Who is in the second group is not moved to the first, although there is room (PRE-06)."""
    groups = [group(), group(Name="second", ObjectId="second-id")]
    there = [member(Group="second")]
    given = {"source__distribution_groups": groups, "source__scope_members": there}
    assert planned("080.3", make_project(**TWO), **given) == ()


def test_source_relationship_is_created() -> None:
    """Where none holds the target, one is made: outbound, for the application and the group (REL-02, REL-10 to 12)."""
    change, call = one(planned("080.4", **{RELATIONSHIPS: []}))
    assert call == ExchangeCall(
        "New-OrganizationRelationship",
        {
            "Name": NAME,
            "DomainNames": [TARGET_ID],
            "Enabled": True,
            "MailboxMoveEnabled": True,
            "MailboxMoveCapability": "RemoteOutbound",
            "OAuthApplicationId": APP_ID,
            "MailboxMovePublishedScopes": [SCOPE],
        },
    )
    assert (change.side, change.level) == ("source", Level.UNDOABLE)


def test_application_that_is_not_known_yet() -> None:
    """While the source does not know the application, its ID is shown as what will be read (Later)."""
    _, call = one(planned("080.4", **{RELATIONSHIPS: [], "source__service_principals": []}))
    later = call.parameters["OAuthApplicationId"]
    assert isinstance(later, Later)
    assert str(later) == f"AppId of application {APP_NAME}"


def test_application_of_the_project_needs_no_target() -> None:
    """A source administrator whose project.yaml names the application needs no sign-in to the target (PRE-12)."""
    project = make_project(application_id=APP_ID)
    _, call = one(planned("080.4", project, **{RELATIONSHIPS: [], "source__service_principals": []}))
    assert call.parameters["OAuthApplicationId"] == APP_ID
    rules = {rule.id: rule for rule in ALL_RULES}
    required = {need for rule in STEPS["080.4"].requires for need in rules[rule].needs}
    assert {fact for fact in (*required, *STEPS["080.4"].plans_from) if fact.startswith("target")} == set()


def test_order_is_not_judged_without_the_target() -> None:
    """Where the target was not read, its endpoint holds the source's administrator back no longer (PRE-11, PRE-12)."""
    facts = observed(world()) | {"target.migration_endpoints": refused()}
    rule = next(rule for rule in ALL_RULES if rule.id == "source-after-target")
    assert kinds(evaluate([rule], facts, make_project(), NOW)) == ["skipped"]


def test_other_direction_and_other_scopes_are_kept() -> None:
    """What the relationship serves already stays: the other direction, other groups (doc traps A5, A6)."""
    there = {"MailboxMoveCapability": ["Inbound"], "MailboxMovePublishedScopes": ["another"]}
    change, call = one(planned("080.4", **{RELATIONSHIPS: there}))
    assert call == ExchangeCall(
        "Set-OrganizationRelationship",
        {
            "Identity": NAME,
            "MailboxMoveCapability": "Inbound, RemoteOutbound",
            "MailboxMovePublishedScopes": {"Add": [SCOPE]},
        },
    )
    assert change.after is not None
    assert change.after["MailboxMovePublishedScopes"] == ["another", SCOPE]


def test_other_application_is_replaced_with_an_approval_alone() -> None:
    """Another application in the relationship is never overwritten in passing (REL-11, doc trap A6)."""
    plain, replacing = planned("080.4", **{RELATIONSHIPS: {"OAuthApplicationId": OTHER_ID, "Enabled": False}})
    assert calls((plain,)) == [ExchangeCall("Set-OrganizationRelationship", {"Identity": NAME, "Enabled": True})]
    assert calls((replacing,)) == [
        ExchangeCall("Set-OrganizationRelationship", {"Identity": NAME, "OAuthApplicationId": APP_ID})
    ]
    assert (plain.level, replacing.level) == (Level.UNDOABLE, Level.NAMED)
    assert replacing.before is not None
    assert replacing.before["OAuthApplicationId"] == OTHER_ID


def test_both_applications_are_named() -> None:
    """The finding about another application names both IDs (REL-11)."""
    (finding,) = judged("source-relationship-application", **{RELATIONSHIPS: {"OAuthApplicationId": OTHER_ID}})
    assert OTHER_ID in finding.seen
    assert APP_ID in finding.expected


def test_several_source_relationships_are_left_to_people() -> None:
    """Where several hold the target's ID, none is chosen (REL-04, doc trap C5)."""
    rows = [source_relationship(Enabled=False), source_relationship(Identity="second", OAuthApplicationId=OTHER_ID)]
    assert planned("080.4", **{RELATIONSHIPS: rows}) == ()


def test_free_busy_relationship_of_the_source_is_untouched() -> None:
    """A relationship with the target's domain serves Free/Busy; a new one is made beside it (doc trap C4)."""
    free_busy = source_relationship(
        Identity="fb", DomainNames=["northwindtraders.com", "northwindtraders.onmicrosoft.com"]
    )
    change, call = one(planned("080.4", **{RELATIONSHIPS: [free_busy]}))
    assert (change.before, call.cmdlet) == (None, "New-OrganizationRelationship")


@pytest.mark.parametrize("spoiled", [EMPTY, *SPOILED])
@pytest.mark.parametrize("step", ["080.2", "080.4"])
def test_made_changes_are_not_planned_again(spoiled: dict[str, Any], step: str) -> None:
    """When the changes have been made exactly as they say, the same step plans nothing more."""
    tables = world(**spoiled)
    for change in STEPS[step].plan(seen(tables, NOW), make_project()):
        tables = after(change, tables)
    assert STEPS[step].plan(seen(tables, NOW), make_project()) == ()
