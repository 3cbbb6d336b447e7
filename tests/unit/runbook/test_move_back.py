"""There and back: the project turned round, and what its sections plan on tenants that mailboxes have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from close_facts import DELIVERY, LARA_SOURCE, back_project, moved, own_relationship, turned_round
from core_facts import (
    APP_ID,
    NOW,
    OTHER_ID,
    SOURCE_ID,
    TARGET_ID,
    after,
    make_project,
    observed,
    planned,
    seen,
    settings,
    source_relationship,
    world,
)
from start_facts import LARA_ADDRESS
from user_facts import LARA_GUID, LARA_ID, SCOPE, chosen

from xtmig_kernel.changes import ExchangeCall, Level
from xtmig_kernel.errors import ProjectFileError, UsageError
from xtmig_kernel.project import Project, load_project, load_users, read_users
from xtmig_kernel.project.turned import turned
from xtmig_kernel.rules import ALL_RULES, evaluate
from xtmig_kernel.rules.matching import matches
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.runs.folder import new_project, project_back

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.changes import Change

BOTH = ["Inbound", "RemoteOutbound"]
PROJECT = make_project(**back_project())


def call(change: Change) -> ExchangeCall:
    (found,) = change.calls
    assert isinstance(found, ExchangeCall)
    return found


def verdicts(rules: tuple[str, ...], tables: dict[str, list[dict[str, Any]]]) -> set[tuple[str, str]]:
    chosen_rules = [rule for rule in ALL_RULES if rule.id in rules]
    return {(f.rule, f.verdict.kind) for f in evaluate(chosen_rules, observed(tables), PROJECT, NOW)}


def files(**changes: Any) -> dict[str, str]:
    return {file.name: file.text for file in STEPS["300.1"].files(seen(world(**changes)), make_project())}


# the project turned round --------------------------------------------------------------------------------------------


def test_tenants_change_places() -> None:
    """Source and target, their approvers and who consents change places (BCK-01)."""
    approvers = [{"name": "Anna", "upn": "anna@northwindtraders.com", "side": "target"}]
    first = make_project(approvers=approvers, consent={"target": "xtmig"})
    back = Project.model_validate(turned(first))
    assert (back.source.tenant_id, back.target.tenant_id) == (TARGET_ID, SOURCE_ID)
    assert [approver.side for approver in back.approvers] == ["source"]
    assert (back.consent.source, back.consent.target) == ("xtmig", "person")
    assert (back.id, back.back_from) == ("contoso-moves-back", "contoso-moves")


def test_nothing_of_the_first_way_is_taken_over() -> None:
    """Application, endpoint, secret, group and waves get names of their own, so that none of the first is touched."""
    first = make_project(
        application_id=APP_ID,
        names={"scope_groups": ["movers"], "endpoint": "first"},
        secret={"origin": "provided", "reference": "env:SECRET"},
        move={"waves": [{"name": "pilot"}], "pilot": ["lara@contoso.com"], "batch_prefix": "T2T"},
    )
    back = Project.model_validate(turned(first))
    assert back.application_id is None
    assert back.scope_group_names == ("xtmig-contoso-moves-back-scope",)
    assert (back.endpoint_name, back.secret.origin) == ("xtmig-contoso-moves-back", "minted")
    assert (back.move.waves, back.move.pilot, back.batch_name("pilot")) == ((), (), "contoso-moves-back-pilot")


@pytest.mark.parametrize("name", ["a23456789-a23456789-a23456789-a2", "a23456789-a23456789-a2345678-a23", "abc"])
def test_id_is_one_that_a_project_may_have(name: str) -> None:
    """The longest id gives one that is still allowed."""
    assert Project.model_validate(turned(make_project(id=name))).id.endswith("-back")


def test_files_name_everybody_who_has_moved() -> None:
    """users.csv names each moved mailbox by its address now, and the object that it left with its former names."""
    rows = read_users(files(**moved())["move-back/users.csv"])
    assert [(r.source_address, r.target_address, r.target_object, r.target_alias) for r in rows] == [
        (LARA_ADDRESS, LARA_SOURCE, LARA_ID, "LaraN")
    ]


def test_who_has_not_moved_cannot_return() -> None:
    """While nobody has moved there is nothing to turn round."""
    assert files() == {}


def test_way_back_is_not_turned_round_again() -> None:
    """The project for the way back writes no project of its own."""
    assert STEPS["300.1"].files(seen(world(**moved())), make_project(back_from="contoso-moves")) == ()


def test_written_project_can_be_opened(tmp_path: Path) -> None:
    """What section 300 writes is a project: `xtmig new --back-from` makes its folder, users included."""
    for name, text in files(**moved()).items():
        path = tmp_path / "first" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert project_back(tmp_path / "back", tmp_path / "first") == 1
    project = load_project(tmp_path / "back")
    assert (project.source.tenant_id, project.back_from) == (TARGET_ID, "contoso-moves")
    assert [row.source_address for row in load_users(tmp_path / "back") or ()] == [LARA_ADDRESS]


def test_back_project_needs_section_300(tmp_path: Path) -> None:
    """Without the files there is nothing to make, and the section that writes them is named."""
    with pytest.raises(UsageError, match="300") as error:
        project_back(tmp_path / "back", tmp_path)
    assert "xtmig run 300" in str(error.value)
    assert not (tmp_path / "back").exists()


def test_damaged_files_make_no_project(tmp_path: Path) -> None:
    """A file that was edited into something that is no project makes none."""
    folder = tmp_path / "move-back"
    folder.mkdir()
    (folder / "project.yaml").write_text(yaml.safe_dump(settings() | {"surprise": 1}), encoding="utf-8")
    with pytest.raises(ProjectFileError, match="surprise"):
        project_back(tmp_path / "back", tmp_path)
    assert not (tmp_path / "back").exists()


def test_existing_project_is_not_overwritten(tmp_path: Path) -> None:
    """A folder that holds a project stays as it is."""
    new_project(tmp_path / "back", settings())
    folder = tmp_path / "move-back"
    folder.mkdir()
    (folder / "project.yaml").write_text(yaml.safe_dump(settings(**back_project())), encoding="utf-8")
    with pytest.raises(UsageError, match="holds a project"):
        project_back(tmp_path / "back", tmp_path)
    assert load_project(tmp_path / "back").back_from is None


# what the sections plan on the way back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "side", "added"), [("070.5", "target", "Inbound"), ("080.4", "source", "RemoteOutbound")]
)
def test_relationship_is_edited_to_both_directions(step: str, side: str, added: str) -> None:
    """The one that is there gets the missing direction beside the other, and none is made (BCK-02 to BCK-04)."""
    changes = [c for c in planned(step, PROJECT, **turned_round()) if c.subject.table == "organization_relationships"]
    assert [call(change).cmdlet for change in changes] == ["Set-OrganizationRelationship"]
    (change,) = changes
    assert added in str(call(change).parameters["MailboxMoveCapability"])
    assert change.after is not None
    assert change.after["MailboxMoveCapability"] == BOTH
    assert {"BCK-03", "BCK-04"} <= set(change.statements)
    assert change.side == side


def test_new_source_gets_application_and_group() -> None:
    """In the new source the new application and the new group are entered (BCK-05, BCK-06)."""
    (change,) = planned("080.4", PROJECT, **turned_round())
    assert change.after is not None
    assert change.after["OAuthApplicationId"] == APP_ID
    assert change.after["MailboxMovePublishedScopes"] == [SCOPE]
    assert {"BCK-05", "BCK-06"} <= set(change.statements)


def test_old_application_is_replaced_by_name() -> None:
    """Another application in the new source's relationship is replaced only by a named approval (BCK-05)."""
    changes = planned(
        "080.4", PROJECT, **turned_round(source__organization_relationships={"OAuthApplicationId": OTHER_ID})
    )
    (replaced,) = [change for change in changes if "OAuthApplicationId" in call(change).parameters]
    assert replaced.level == Level.NAMED
    assert call(replaced).parameters["OAuthApplicationId"] == APP_ID


def test_relationships_are_right_after_the_plans() -> None:
    """After sections 070 and 080 of the way back every rule of a move back passes (BCK-02 to BCK-06)."""
    tables = world(**turned_round())
    for step in ("070.5", "080.4"):
        for change in STEPS[step].plan(seen(tables), PROJECT):
            tables = after(change, tables)
        assert STEPS[step].plan(seen(tables), PROJECT) == ()
    rules = ("back-relationships-edited", "back-capabilities", "back-application", "back-scope")
    assert verdicts(rules, tables) == {(rule, "pass") for rule in rules}


def test_mailbox_returns_to_the_object_that_it_left() -> None:
    """The MailUser that was left is adopted by its ExchangeGuid, though it was a mailbox before (BCK-01)."""
    (match,) = matches(seen(world(**turned_round())), PROJECT)
    assert [problem.seen for problem in match.problems if problem.blocks] == []
    assert match.action == "adopt"
    assert match.target is not None
    assert (match.target["ObjectId"], match.target["ExchangeGuid"]) == (LARA_ID, LARA_GUID)


def test_object_is_found_without_being_named() -> None:
    """Also where users.csv names no object, the ExchangeGuid finds it."""
    lines = [chosen(SourceAddress=LARA_ADDRESS, TargetAddress=LARA_SOURCE, TargetSignIn="", TargetAlias="")]
    (match,) = matches(seen(world(**turned_round(source__chosen_users=lines))), PROJECT)
    assert match.action == "adopt"
    assert "ExchangeGuid" in match.reason


def test_in_a_first_move_a_previous_mailbox_still_blocks() -> None:
    """Outside a way back an object that was a mailbox is looked at first, whatever GUID it bears (USR-22)."""
    project = make_project(**back_project(back_from=None))
    (match,) = matches(seen(world(**turned_round())), project)
    assert "user-no-previous-mailbox" in {problem.code for problem in match.problems if problem.blocks}


def test_nothing_is_cleared_on_the_way_back() -> None:
    """What is left of the mailbox itself is never cleared, even where a line of users.csv asks for it (USR-24)."""
    lines = [chosen(SourceAddress=LARA_ADDRESS, TargetAddress=LARA_SOURCE, PreviousMailbox="clear")]
    assert planned("100.1", PROJECT, **turned_round(source__chosen_users=lines)) == ()


def test_object_that_was_left_is_stamped_for_the_way_back() -> None:
    """It points at the mailbox where it is now, keeps its GUID, and gets the x500 of where it comes from (USR-07)."""
    (change,) = planned("100.3", PROJECT, **turned_round())
    tables = after(change, world(**turned_round()))
    (row,) = tables["target.mail_users"]
    assert row["ExchangeGuid"] == LARA_GUID
    assert str(row["ExternalEmailAddress"]).endswith("@northwindtraders.onmicrosoft.com")
    assert row["ExternalEmailAddress"] == DELIVERY
    mailbox = tables["source.mailboxes"][0]
    assert f"x500:{mailbox['LegacyExchangeDN']}" in row["X500Addresses"]
    assert STEPS["100.3"].plan(seen(tables), PROJECT) == ()
    stamped = ("prepared-exchange-guid", "prepared-x500", "prepared-legacy-dn", "prepared-external-address")
    assert verdicts(stamped, tables) == {(rule, "pass") for rule in stamped}


def test_object_that_points_elsewhere_is_stamped_anew() -> None:
    """A leftover that points at an address that the mailbox has lost points at the new source's again (USR-13)."""
    changes = turned_round(target__mail_users={"ExternalEmailAddress": "old@northwindtraders.onmicrosoft.com"})
    (change,) = planned("100.3", PROJECT, **changes)
    assert call(change).parameters["ExternalEmailAddress"] == DELIVERY


def test_nobody_is_created_on_the_way_back() -> None:
    """No MailUser is made where one was left."""
    assert planned("100.2", PROJECT, **turned_round()) == ()


# and what the clean up of both leaves --------------------------------------------------------------------------------


def test_clean_up_of_the_way_back_leaves_the_first_relationship() -> None:
    """The way back takes out what it added; the first project's relationship is as that one left it (CLN-03)."""
    tables = world(**turned_round())
    first = {side: dict(tables[f"{side}.organization_relationships"][0]) for side in ("source", "target")}
    for step in ("070.5", "080.4"):
        for change in STEPS[step].plan(seen(tables), PROJECT):
            assert change.before is not None
            assert change.after is not None
            row = own_relationship(change.side, Change="altered", Before=change.before, After=change.after)
            tables[f"{change.side}.own_changes"] = [row]
            tables = after(change, tables)
    for step in ("210.4", "210.5"):
        for change in STEPS[step].plan(seen(tables), PROJECT):
            tables = after(change, tables)
    for side, was in first.items():
        assert tables[f"{side}.organization_relationships"][0] == was


def test_clean_up_of_the_first_project_spares_the_way_back() -> None:
    """While the way back uses the first project's relationship, that project's clean up does not remove it."""
    row = source_relationship(MailboxMoveCapability=BOTH)
    (change,) = planned("210.5", **moved(source__organization_relationships=[row]))
    assert change.after is not None
    assert change.after["MailboxMoveCapability"] == ["Inbound"]
