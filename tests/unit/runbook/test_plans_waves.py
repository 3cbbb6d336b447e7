"""Section 120: the waves that step 120.2 writes into users.csv, and what the steps show."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import make_project, seen, world
from start_facts import batch
from stay_facts import GB, JO, LARA, jos, lara_and_jo, permission, size, state
from user_facts import chosen

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.project import UserRow, read_users
from xtmig_kernel.runbook import STEPS

ARCHIVE = "5c0e5c0e-0000-4000-8000-00000000a001"


def written(project: Any = None, **changes: Any) -> tuple[UserRow, ...] | None:
    """The lines of users.csv as step 120.2 would write them; None where it writes nothing."""
    files = STEPS["120.2"].files(seen(world(**changes)), project or make_project())
    assert [file.name for file in files] in ([], ["users.csv"])
    return read_users(files[0].text) if files else None


def waves(project: Any = None, **changes: Any) -> dict[str, str]:
    """Source address to wave, as step 120.2 would write them."""
    return {row.source_address: row.wave for row in written(project, **changes) or ()}


def shown(step: str, project: Any = None, **changes: Any) -> dict[str, Exhibit]:
    exhibits = STEPS[step].shows(seen(world(**changes)), project or make_project())
    return {exhibit.name: exhibit for exhibit in exhibits}


def test_who_is_tied_gets_one_wave() -> None:
    """Everybody gets a wave, and who has rights on the other's mailbox gets the same (PRM-08)."""
    project = make_project(move={"batch_size": 2})
    assert {LARA: "wave-01", JO: "wave-01"} == waves(project, **lara_and_jo(jos()))


def test_nothing_is_written_when_everybody_has_a_wave() -> None:
    """A file that says everything is not written again."""
    assert written(**lara_and_jo(jos(), lara="w1", jo="w2")) is None


def test_the_plan_after_the_plan_is_empty() -> None:
    """Once the file is as the step wrote it, the step has nothing to do."""
    after = waves(**lara_and_jo(jos()))
    assert written(**lara_and_jo(jos(), lara=after[LARA], jo=after[JO])) is None


def test_what_a_person_wrote_stays() -> None:
    """A wave that stands in the file is kept, in its spelling, and the other user joins it."""
    assert {LARA: "Board", JO: "Board"} == waves(**lara_and_jo(jos(), lara="Board"))


def test_the_pilot_goes_first() -> None:
    """The users whom move.pilot names are in the wave pilot, whatever the letter case."""
    project = make_project(move={"pilot": ["JO@contoso.com"]})
    assert {LARA: "wave-01", JO: "pilot"} == waves(project, **lara_and_jo())


def test_every_other_cell_stays() -> None:
    """Nothing but the wave is altered: remarks, overrules and line order stay."""
    given = lara_and_jo()
    given["source__chosen_users"][0] |= {"Remark": "moves first", "TargetObject": "new"}
    lines = written(**given)
    assert lines is not None
    assert [(LARA, "moves first", "new"), (JO, "", "")] == [
        (row.source_address, row.remark, row.target_object) for row in lines
    ]


def test_lines_of_those_who_stay_are_kept() -> None:
    """The line of a user who is excluded stays where it stood, without a wave."""
    staying = [chosen(SourceAddress="ben@contoso.com", TargetAddress="", TargetSignIn="", TargetAlias="", Line=2)]
    users = [chosen(Line=3)]
    lines = written(source__chosen_users=users, source__staying_users=staying)
    assert lines is not None
    assert [("ben@contoso.com", ""), (LARA, "wave-01")] == [(row.source_address, row.wave) for row in lines]


def test_the_list_of_users_keeps_them_too() -> None:
    """Step 090.1 appends a new user without losing the line of one who stays."""
    staying = [chosen(SourceAddress="ben@contoso.com", TargetAddress="", TargetSignIn="", TargetAlias="", Line=3)]
    new = world(source__staying_users=staying, source__chosen_users=[chosen(TargetAlias="")])
    (file,) = STEPS["090.1"].files(seen(new), make_project())
    assert [LARA, "ben@contoso.com"] == [row.source_address for row in read_users(file.text)]


def test_a_proposal_gets_no_wave() -> None:
    """While users.csv is not written, no wave is."""
    assert written(source__chosen_users=[chosen(Line=0)]) is None


@pytest.mark.parametrize("name", ["contoso-moves-w1", "CONTOSO-MOVES-W1-r2"])
def test_nobody_is_added_to_a_wave_that_has_begun(name: str) -> None:
    """Whoever comes when a wave's batch is there goes into another one, even when tied to somebody in it."""
    given = lara_and_jo(jos(), lara="w1") | {"target__migration_batches": [batch(Identity=name)]}
    assert {LARA: "w1", JO: "wave-01"} == waves(None, **given)


def test_the_batch_of_somebody_else_closes_no_wave() -> None:
    """A batch of another project says nothing of this one's waves."""
    given = lara_and_jo(jos(), lara="w1") | {"target__migration_batches": [batch(Identity="fabrikam-w1")]}
    assert {LARA: "w1", JO: "w1"} == waves(None, **given)


@pytest.mark.parametrize("start", ["2026-11-01", "2026-11-24"])
def test_a_wave_of_the_project_is_filled(start: str) -> None:
    """A wave that project.yaml names takes users before a new one is made, as long as it has no batch."""
    project = make_project(move={"waves": [{"name": "early", "start": start}]})
    assert {"early"} == set(waves(project, **lara_and_jo()).values())


def test_broken_ties_are_listed() -> None:
    """A tie between two waves is shown with both mailboxes, both waves and the rights."""
    table = shown("120.2", **lara_and_jo(jos(), jos("SendAs"), lara="w1", jo="w2"))["broken-ties"]
    assert ((LARA, "w1", JO, "w2", "FullAccess, SendAs"),) == table.rows


def test_waves_are_shown_with_what_is_new() -> None:
    """Each wave with the users who had it and those who are put into it."""
    found = shown("120.2", **lara_and_jo(jos(), lara="w1"))
    assert (("w1", 1, 1),) == found["planned-waves"].rows
    assert ((2, LARA, "w1", ""), (3, JO, "w1", "the wave")) == found["wave-users"].rows


def test_dates_and_durations_of_a_wave() -> None:
    """A wave with its size, its dates and Microsoft's figures for its largest mailbox: 60 GB took 3 and 30 days."""
    project = make_project(move={"waves": [{"name": "w1", "start": "2026-12-01", "cutover": "2026-12-15T18:00:00Z"}]})
    sizes = [size(Bytes=60 * GB, DeletedBytes=0)]
    found = shown("120.3", project, source__chosen_users=[chosen(Wave="w1")], source__mailbox_sizes=sizes)
    assert (("w1", 1, "60.0", "60.0", 0, "2026-12-01", "2026-12-15T18:00:00Z", 14, 3, 30),) == found["waves"].rows
    assert (("w1", 60, 0, 0),) == found["wave-bytes"].rows
    assert "Microsoft's figures of other customers" in found["waves"].caption
    assert "2021" in found["waves"].caption


def test_unknown_sizes_are_told_and_not_taken_for_nothing() -> None:
    """A mailbox whose size is unknown is counted as such, and lends its wave no duration."""
    changes = {"source__chosen_users": [chosen(Wave="w1")], "source__mailbox_sizes": [size(Bytes=None)]}
    ((_, users, _, _, unknown, *_, half, most),) = shown("120.3", None, **changes)["waves"].rows
    assert (1, 1, "unknown", "unknown") == (users, unknown, half, most)


def test_what_keeps_mailboxes_back_is_shown() -> None:
    """Holds by kind, an archive that may expand, a mailbox near its quota."""
    found = shown(
        "120.1",
        source__mailbox_states=[
            state(LitigationHoldEnabled=True, ArchiveGuid=ARCHIVE, AutoExpandingArchiveEnabled=True)
        ],
        source__mailbox_sizes=[size(Bytes=95 * GB), size(Archive=True, Bytes=96 * GB)],
        source__organization_holds=[{"Hold": "mbx7cfb:2"}],
    )
    ((_, _, why),) = found["holds"].rows
    assert "Litigation Hold; a retention policy of the whole organisation (mbx7cfb:2)" == why
    assert ((2, LARA, "96.0", 0, "yes", "may expand during the move"),) == found["archives"].rows
    assert ((2, LARA, "95.0", "95%", "0.0"),) == found["quotas"].rows
    assert (("100 to 200 GB", 1),) == found["size-classes"].rows


def test_what_becomes_of_each_right() -> None:
    """Stored rights move, rights of the object are given again, and whoever stays or is a group loses theirs."""
    stranger = {"Trustee": "viktor@contoso.com", "TrusteeKind": "UserMailbox"}
    group = {"Trustee": "team@contoso.com", "TrusteeKind": "MailUniversalSecurityGroup"}
    rights = (
        jos(),
        jos("SendAs"),
        permission(**stranger),
        permission(**group),
        permission(Trustee="S-1", TrusteeKind=None),
    )
    table = shown("120.1", **lara_and_jo(*rights))["permissions"]
    assert ["moves", "given again", "lost: stays", "lost: group", "lost: unknown"] == [row[-1] for row in table.rows]


@pytest.mark.parametrize("step", ["120.1", "120.3"])
def test_what_was_not_read_is_not_shown(step: str) -> None:
    """A step that only looks shows nothing of facts that were refused, and does not fail over them."""
    facts = seen(world())
    facts.facts.clear()
    assert STEPS[step].shows(facts, make_project()) == ()
