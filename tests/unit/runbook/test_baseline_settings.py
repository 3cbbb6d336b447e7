"""The file of settings that step 160.3 writes, and what step 190.2 shows beside it."""

from __future__ import annotations

from typing import Any

import pytest
from after_facts import MOVED, NEW, OLD
from core_facts import NOW, make_project, observed, refused, seen, world
from cut_facts import DUE, MISSED, TOMORROW, asked, at_gate, moved
from setting_facts import access, mailbox_setting, membership, was_set

from xtmig_kernel.evidence import Observed, Reason
from xtmig_kernel.project.baseline import read_baseline
from xtmig_kernel.rules import Seen
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.tables import BY_NAME

NAME = "baseline/pilot-settings.csv"
READ_AT = "2026-11-23T09:30:00Z"
NOTHING: dict[str, Any] = {f"source__baseline_{kind}": [] for kind in ("folders", "permissions", "settings")}


def files(there: dict[str, Any], *unread: str, project: dict[str, Any] = DUE) -> dict[str, list[dict[str, Any]]]:
    """The rows of each file of settings that step 160.3 would write, and no rows for the others."""
    facts: dict[str, Any] = observed(world(**there))
    facts |= {fact: refused(Reason.DENIED) for fact in unread}
    given = {name: facts[name] for name in STEPS["160.3"].reads if isinstance(facts[name], Observed)}
    columns = BY_NAME["baseline_settings"].columns
    return {
        file.name: read_baseline(file.text, file.name, "pilot", columns) if file.name == NAME else []
        for file in STEPS["160.3"].files(Seen(given, NOW), make_project(**project))
    }


def as_read(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a file gives it back: an unset text is an empty one."""
    kinds = BY_NAME["baseline_settings"].columns
    return {name: "" if value is None and kinds[name] == "text" else value for name, value in row.items()}


def test_settings_are_written_as_they_were_read() -> None:
    """A line for each mailbox of the wave, with the moment of that read."""
    there = at_gate(**NOTHING, source__client_access=[access(PopEnabled=False)])
    assert files(there)[NAME] == [as_read(was_set(TakenAt=READ_AT, PopEnabled=False))]


def test_settings_alone_are_written_where_they_alone_are_missing() -> None:
    """What was counted and is still fresh is not written again."""
    assert list(files(at_gate(source__baseline_settings=[]))) == [NAME]
    assert files(at_gate()) == {}


@pytest.mark.parametrize(
    ("there", "project"),
    [(at_gate(**NOTHING), TOMORROW), (at_gate(**NOTHING), MISSED), (asked() | NOTHING, DUE), (moved() | NOTHING, DUE)],
    ids=["the day before", "too late", "asked for", "moved"],
)
def test_no_settings_at_the_wrong_time(there: dict[str, Any], project: dict[str, Any]) -> None:
    """Settings are recorded while the wave is due, and never after the completion was asked for."""
    assert files(there, project=project) == {}


def test_refused_settings_hold_nothing_back() -> None:
    """What may not be read is left out, and everything else is written."""
    written = files(at_gate(**NOTHING), "source.client_access")
    assert list(written) == [NAME, "baseline/pilot-permissions.csv", "baseline/pilot-folders.csv"]
    (row,) = written[NAME]
    assert (row["Known"], row["PopEnabled"]) == (["mailbox_settings"], None)
    everything = ("source.mailbox_settings", "source.client_access", "source.calendar_processing")
    assert NAME not in files(at_gate(**NOTHING), *everything)


def test_settings_do_not_hold_the_completion_back() -> None:
    """The gate asks for folders and rights; that settings are lacking is a warning of step 160.3."""
    assert "settings-recorded" not in STEPS["160.4"].requires
    assert "settings-recorded" in STEPS["160.3"].verifies


def test_earlier_record_is_kept_where_nothing_is_told_now() -> None:
    """What was recorded of the protocols stays when they cannot be read once more."""
    there = at_gate(source__baseline_folders=[], source__baseline_settings=[was_set(ImapEnabled=False)])
    (row,) = files(there, "source.client_access")[NAME]
    assert (row["Known"], row["ImapEnabled"]) == (["mailbox_settings", "client_access"], False)


def test_record_of_the_completed_stays() -> None:
    """When a second batch of the wave gets its baseline, the line of somebody who is completed stays as it is."""
    gone = was_set(ExchangeGuid="1ec059c7-0000-4d0b-af4e-d6bd4c12a8d8", Mailbox="jo@contoso.com", PopEnabled=False)
    rows = files(at_gate(source__baseline_settings=[gone]))[NAME]
    assert [row["Mailbox"] for row in rows] == ["jo@contoso.com", OLD]
    assert as_read(gone) == rows[0]


def shown(**changes: Any) -> dict[str, Any]:
    return {item.name: item for item in STEPS["190.2"].shows(seen(world(**changes)), make_project())}


def test_lost_settings_are_shown_user_by_user() -> None:
    """Each setting that is another one now is a line with before, now and what to expect; groups stand with them."""
    there = MOVED | {
        "source__baseline_settings": [was_set(ForwardingSmtpAddress="jo@fabrikam.com")],
        "target__client_access": [access(PrimarySmtpAddress=NEW, PopEnabled=False)],
        "source__group_memberships": [membership()],
    }
    assert shown(**there)["settings-compared"].rows == (
        (OLD, "ForwardingSmtpAddress", "jo@fabrikam.com", "not set", "jo@fabrikam.com"),
        (OLD, "PopEnabled", "true", "false", "true"),
        (OLD, "group", "Sales", "in none of that name", "a group that stands for it"),
    )
    assert "settings-compared" not in shown(**MOVED)


def test_settings_are_shown_as_far_as_they_were_read() -> None:
    """Where one table was refused, the others are compared all the same."""
    there = MOVED | {"target__mailbox_settings": [mailbox_setting(HiddenFromAddressLists=True)]}
    facts = {name: fact for name, fact in observed(world(**there)).items() if name != "target.client_access"}
    tables = {item.name: item for item in STEPS["190.2"].shows(Seen(facts, NOW), make_project())}
    assert tables["settings-compared"].rows == ((OLD, "HiddenFromAddressListsEnabled", "false", "true", "false"),)
