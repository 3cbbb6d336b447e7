"""`xtmig assess` on snapshots that are there: what it prints, writes, records, and how it ends."""

from __future__ import annotations

import csv
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from core_facts import NOW, SOURCE_ID, TARGET_ID, StillClock, observed, refused, world
from stay_facts import LARA
from user_facts import chosen

from xtmig_kernel import cli
from xtmig_kernel.errors import InventoryError
from xtmig_kernel.rules.preflight import PREFLIGHT_RULES
from xtmig_kernel.runs import assess
from xtmig_kernel.runs.assess_answer import Answer, answer_schema
from xtmig_kernel.store import SnapshotInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answered = tuple[int, str, str]
    Run = Callable[..., Answered]

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "assessment.schema.json"
HELD = {"source__mailbox_states": {"LitigationHoldEnabled": True}}
RULE = "mailbox-not-held"
FORMULA = "=HYPERLINK(1)"
HOSTILE = "[red]markup[/red] \x1b[31mcode \u202eturned \ud800half"


class Shelf:
    """Snapshots of a test, without a file: what `SnapshotStore` is asked for."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[SnapshotInfo, Mapping[str, Any]]] = {}

    def all(self) -> tuple[SnapshotInfo, ...]:
        return tuple(info for info, _ in self.held.values())

    def facts(self, snapshot: str) -> Mapping[str, Any]:
        if snapshot not in self.held:
            raise InventoryError(f"there is no snapshot {snapshot}", remedy="xtmig assess --list")
        return self.held[snapshot][1]

    def keep(
        self,
        days: int = 0,
        *,
        missing: Mapping[str, Any] | None = None,
        tenants: tuple[str, str] = (SOURCE_ID, TARGET_ID),
        whole: bool = True,
        **changes: Any,
    ) -> str:
        """Keep an altered world as a snapshot of so many days ago, and give its id."""
        at = NOW - timedelta(days=days)
        snapshot = f"snapshot-{len(self.held)}"
        about = {"simulated": False, "tenants": dict(zip(("source", "target"), tenants, strict=True))}
        info = SnapshotInfo(snapshot, at, at if whole else None, about)
        self.held[snapshot] = info, {**observed(world(**changes), at), **(missing or {})}
        return snapshot


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def waive(folder: Path, **fields: Any) -> None:
    """Write one waiver of the hold of Lara's mailbox, altered."""
    waiver = {"rule": RULE, "subject": LARA, "reason": "released", "owner": "Lara", "until": "2026-12-24"} | fields
    (folder / "waivers.yaml").write_text(yaml.safe_dump({"waivers": [waiver]}), encoding="utf-8")


@pytest.fixture
def run(folder: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command on the project, where nobody may sign in."""
    monkeypatch.setattr(assess, "SnapshotStore", lambda _folder: shelf)
    monkeypatch.setattr(assess, "clock_for", lambda _project: StillClock(NOW))
    monkeypatch.setattr(assess.SectionRun, "sign_in", lambda *_: pytest.fail("somebody signed in"))

    def command(*arguments: str | Path) -> Answered:
        monkeypatch.setattr(sys, "argv", ["xtmig", "assess", str(folder), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return command


def answered(run: Run, *arguments: str) -> dict[str, Any]:
    """The JSON answer."""
    answer: dict[str, Any] = json.loads(run(*arguments, "--json")[1])
    return answer


def test_schema_is_published() -> None:
    """docs/reference/assessment.schema.json is what the models say."""
    assert answer_schema() == json.loads(PUBLISHED.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        ({}, 0),
        (HELD, 3),
        ({"missing": {"source.mailbox_states": refused()}}, 5),
        ({**HELD, "missing": {"target.mail_users": refused()}}, 3),
        ({"source__mailboxes": []}, 3),
    ],
)
def test_exit_codes(shelf: Shelf, run: Run, kept: dict[str, Any], code: int) -> None:
    """0 where all holds, 3 where a check failed, 5 where something was not observed, a failure first."""
    assert run("--snapshot", shelf.keep(**kept))[0] == code


def test_answer_follows_the_published_schema(folder: Path, shelf: Shelf, run: Run) -> None:
    """What --json answers, with a waiver, an unread fact and a comparison in it, follows the schema."""
    waive(folder)
    shelf.keep(1)
    later = shelf.keep(missing={"source.mailbox_sizes": refused()}, **HELD)
    answer = answered(run, "--snapshot", later, "--compare")
    jsonschema.validate(answer, json.loads(PUBLISHED.read_text(encoding="utf-8")))
    assert Answer.model_validate(answer).drift is not None


def test_answer_holds_every_finding(shelf: Shelf, run: Run) -> None:
    """The JSON has a finding of each rule, and of each of 300 users who are wrong in the same way."""
    many = [chosen(SourceAddress=f"user{number}@contoso.com", Line=number + 2) for number in range(300)]
    answer = answered(run, "--snapshot", shelf.keep(source__chosen_users=many))
    findings = answer["assessment"]["findings"]
    assert {finding["rule"] for finding in findings} == {rule.id for rule in PREFLIGHT_RULES}
    missing = {f["subject"] for f in findings if f["rule"] == "user-source-one" and f["verdict"] == "fail"}
    assert missing == {user["SourceAddress"] for user in many}


def test_ledger_holds_every_finding(folder: Path, shelf: Shelf, run: Run) -> None:
    """A run is recorded as the others are: what it looked at, every finding, how its steps ended, and the snapshot."""
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.store import Ledger

    snapshot = shelf.keep(**HELD)
    findings = answered(run, "--snapshot", snapshot)["assessment"]["findings"]
    ledger = Ledger(folder, StillClock(NOW), Redactor(), "looking")
    recorded = [entry.data for entry in ledger.entries("finding")]
    key = lambda item: (item["rule"], item["subject"], item["verdict"])  # noqa: E731
    assert sorted(map(key, recorded)) == sorted(map(key, findings))
    assert [entry.step for entry in ledger.entries("step_ended")] == ["040.1", "040.2"]
    (assessed,) = ledger.entries("assessed")
    assert (assessed.data["snapshot"], assessed.data["offline"], assessed.data["exit_code"]) == (snapshot, True, 3)
    assert {entry.data["section"] for entry in ledger.entries("run_started")} == {"040"}


def test_table_tells_sum_cause_and_what_nobody_saw(shelf: Shelf, run: Run) -> None:
    """The printed answer names the population, each cause with its rule, and each fact that was not observed."""
    snapshot = shelf.keep(missing={"source.mailbox_sizes": refused()}, **HELD)
    _, text, _ = run("--snapshot", snapshot)
    flat = " ".join(text.split())
    assert "1 mailbox in scope of 1 line of users.csv" in flat
    assert RULE in flat
    assert "source.mailbox_sizes" in flat
    assert "nobody was asked now" in flat


def test_text_of_a_tenant_is_text(shelf: Shelf, run: Run) -> None:
    """Markup, terminal codes and characters that turn text come out as they are, or by their number, and do nothing."""
    changes = {"source__organization_holds": [{"Hold": f"mbx{HOSTILE}"}]}
    _, text, _ = run("--snapshot", shelf.keep(**changes), "--all")
    flat = "".join(text.split())
    assert "[red]markup[/red]" in flat
    assert "⟨U+001B⟩[31mcode" in flat
    assert "⟨U+202E⟩turned" in flat
    assert "\x1b" not in text


def test_csv_holds_every_finding_and_no_formula(shelf: Shelf, run: Run, tmp_path: Path) -> None:
    """The CSV has one line for each finding with the user it is about, and no cell that a spreadsheet would run."""
    changes = {"source__organization_holds": [{"Hold": f"{FORMULA}\ud800"}]}
    file = tmp_path / "findings.csv"
    snapshot = shelf.keep(**changes, **HELD)
    run("--snapshot", snapshot, "--csv", file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == len(answered(run, "--snapshot", snapshot)["assessment"]["findings"])
    assert [row["users"] for row in rows if row["rule"] == RULE] == [LARA]
    (hold,) = [row for row in rows if FORMULA in row["subject"]]
    assert hold["subject"] == f"'{FORMULA}⟨U+D800⟩"


def test_all_lists_every_finding(shelf: Shelf, run: Run) -> None:
    """With --all what passed is listed too; without it only what is left."""
    snapshot = shelf.keep()
    assert "shared-permissions" not in run("--snapshot", snapshot)[1]
    assert "shared-permissions" in "".join(run("--snapshot", snapshot, "--all")[1].split())


def test_list(shelf: Shelf, run: Run) -> None:
    """--list names every snapshot, and which were broken off; it judges nothing."""
    assert "no snapshot yet" in run("--list")[1]
    old, broken = shelf.keep(1), shelf.keep(whole=False)
    code, text, _ = run("--list")
    assert code == 0
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "whole" in lines[old]
    assert "broken off" in lines[broken]
    listed = json.loads(run("--list", "--json")[1])
    assert [(item["id"], item["finished"] is not None) for item in listed] == [(old, True), (broken, False)]


def test_comparison_tells_findings_and_attributes(shelf: Shelf, run: Run) -> None:
    """--compare tells the new finding and the attribute behind it, against the whole snapshot before."""
    shelf.keep(2, **HELD)
    before = shelf.keep(1)
    shelf.keep(whole=False)
    later = shelf.keep(**HELD)
    drift = answered(run, "--snapshot", later, "--compare")
    assert drift["compared_with"]["id"] == before
    assert [(f["state"], f["rule"]) for f in drift["drift"]["findings"]] == [("new", RULE)]
    assert [(c["table"], c["column"], c["after"]) for c in drift["drift"]["changes"]] == [
        ("mailbox_states", "LitigationHoldEnabled", True)
    ]
    flat = " ".join(run("--snapshot", later, "--compare")[1].split())
    assert "1 finding new" in flat
    assert "LitigationHoldEnabled" in flat


def test_comparison_with_a_named_snapshot(shelf: Shelf, run: Run) -> None:
    """--since names the snapshot to compare with."""
    first = shelf.keep(2, **HELD)
    shelf.keep(1)
    later = shelf.keep(**HELD)
    drift = answered(run, "--snapshot", later, "--compare", "--since", first)["drift"]
    assert drift["states"] == {"unchanged": 1}
    assert drift["changes"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--snapshot", "never"), "there is no snapshot never"),
        (("--snapshot", "{broken}"), "was broken off"),
        (("--snapshot", "{other}"), "is of other tenants"),
        (("--snapshot", "{first}", "--compare"), "there is no earlier snapshot"),
        (("--since", "{first}"), "--since goes with --compare"),
    ],
)
def test_snapshots_that_cannot_be_used(
    folder: Path, shelf: Shelf, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    """A snapshot that is not there, not whole or of other tenants is wrong usage, and says so."""
    ids = {
        "first": shelf.keep(3),
        "other": shelf.keep(2, tenants=(TARGET_ID, SOURCE_ID)),
        "broken": shelf.keep(1, whole=False),
    }
    code, _, error = run(*(argument.format(**ids) for argument in arguments))
    assert code == 2
    assert says in " ".join(error.replace("│", " ").split())


def test_unknown_rule_is_told_before_anybody_signs_in(folder: Path, shelf: Shelf, run: Run) -> None:
    """A waiver of an unknown rule stops the run at once: nobody signs in, nothing is read."""
    waive(folder, rule="mailbox-not-hold")
    code, _, error = run()
    assert code == 2
    assert "there is no rule 'mailbox-not-hold'; is 'mailbox-not-held' meant?" in error
    assert "Nothing was read." in error


def test_unknown_subject_is_an_error_with_the_way_on(folder: Path, shelf: Shelf, run: Run) -> None:
    """A waiver about nobody is an error that names its place, what is near, and how to judge again without reading."""
    waive(folder, subject=LARA.upper())
    snapshot = shelf.keep(**HELD)
    code, text, error = run("--snapshot", snapshot)
    assert (code, text) == (2, "")
    assert "waivers.yaml, waiver 1" in error
    assert f"is {LARA!r} meant?" in error
    assert f"xtmig assess --snapshot {snapshot}" in error


def test_waived_is_shown_and_ended_is_named(folder: Path, shelf: Shelf, run: Run) -> None:
    """A waiver that holds is shown as waived with its owner; one that has ended fails again and is named."""
    snapshot = shelf.keep(**HELD)
    waive(folder)
    code, text, _ = run("--snapshot", snapshot)
    assert (code, "1 ⚑ waived" in text, "holds" in text) == (0, True, True)
    waive(folder, until="2026-11-22")
    code, text, _ = run("--snapshot", snapshot)
    assert (code, "ENDED" in text) == (3, True)
    assert "Lara's waiver of it has ended on 2026-11-22" in run("--snapshot", snapshot, "--json")[1]


def test_the_newest_whole_snapshot_has_a_name(folder: Path, shelf: Shelf, run: Run) -> None:
    """`last` is the newest snapshot that is whole, whatever was broken off after it."""
    shelf.keep(2)
    newest = shelf.keep(1)
    shelf.keep(0, whole=False)
    assert f"Snapshot {newest} of" in run("--snapshot", "last")[1]


def test_what_a_step_mends_is_to_do(folder: Path, shelf: Shelf, run: Run) -> None:
    """A failure that a step of the runbook mends is told as to do, as notebook 040 tells it; another one as failed."""
    both = {**HELD, "target__organization_relationships": {"MailboxMoveEnabled": False}}
    text = " ".join(run("--snapshot", shelf.keep(**both))[1].split())
    assert "✕ failed 1" in text
    assert "◇ to do 1 TARGET target-relationship-moves" in text
    assert "◇ to do by steps of the runbook: 1 of 2 failures." in text
