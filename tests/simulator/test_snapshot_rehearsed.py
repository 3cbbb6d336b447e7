"""A snapshot that is loaded into the simulator, and read from there again (`xtmig simulate --snapshot`)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from simulated_pair import EXAMPLE
from snapshot_defects import SETTINGS, defective
from snapshot_worlds import PREFLIGHT, facts_wanted, opened, rows_of, write_tenants

from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.project.files import PROJECT_FILE, read_yaml
from xtmig_kernel.rules import evaluate
from xtmig_kernel.runs.snapshot_rehearsal import prepare_rehearsal
from xtmig_kernel.store import SnapshotStore

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Facts, Finding
    from xtmig_kernel.project import Project

pytestmark = pytest.mark.deep

CANNOT_SAY = {
    "connections": {"SecondsAhead", "Host", "Issuer", "Problem", "Proxy"},
    "consent_link": {"Url"},
    "exchange_resource": {"Id"},
    "folder_shapes": {"Folders", "MostSubfolders", "MostSubfoldersFolder", "Depth"},
    "granted_roles": {"Id", "ResourceId"},
    "migration_users": {"RequestGuid", "SyncedItems", "SkippedItems", "DataConsistencyScore", "LastSyncedAt",
                        "UnapprovedSkippedItems"},
}  # fmt: skip
"""Columns of tables that a tenants file has no words for; docs/reference/simulator.md gives the reasons."""
OF_THE_PLACE = {f"{side}-{rule}" for side in ("source", "target") for rule in ("consent-link", "clock-agrees")}
"""Rules about an address of the simulator's own, and about how long an answer took on its way."""


class Twice:
    """The same facts, of the tenants and of the rehearsal, with the project of each."""

    def __init__(self, before: tuple[Facts, Project], after: tuple[Facts, Project], told: list[str]) -> None:
        self.before, self.project = before
        self.after, self.project_after = after
        self.told = told

    def findings(self, *, after: bool) -> list[tuple[str, str, str, str]]:
        """What the preflight says, without what is of the place."""
        facts, project = (self.after, self.project_after) if after else (self.before, self.project)
        moment = max(fact.at for fact in self.before.values())
        found = evaluate(PREFLIGHT, facts, project, moment)
        return sorted(map(_told, (f for f in found if f.rule not in OF_THE_PLACE)))


def _told(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.subject, finding.verdict.kind, finding.seen


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """Tenants with defects, their snapshot in the project's store, and its rehearsal."""
    folder = tmp_path_factory.mktemp("twice")
    beside = read_yaml(EXAMPLE.with_name("contoso-northwind.project.yaml")) | SETTINGS
    wanted = (
        *facts_wanted(),
        *(f"target.{t}" for t in ("organization_holds", "mailbox_states", "distribution_groups", "migration_batches")),
    )
    with opened(folder / "real", write_tenants(folder / "tenants", defective(), beside)) as reader:
        facts = reader.read_all(wanted)
        project = reader._project
    store, told = SnapshotStore(folder / "real"), []
    snapshot = store.begin(max(fact.at for fact in facts.values()), {})
    for name, fact in facts.items():
        times = [fact.at.isoformat()] * len(fact.value) if isinstance(fact, Observed) else []
        store.keep(snapshot, name, fact, times)
    store.finish(snapshot, max(fact.at for fact in facts.values()))
    rehearsal, tenants = prepare_rehearsal(folder / "real", "last", folder / "rehearsal", told.append)
    with opened(rehearsal, tenants) as reader:
        return Twice((facts, project), (reader.read_all(wanted), reader._project), told)


@pytest.mark.parametrize("fact", facts_wanted())
def test_a_table_is_read_again_as_it_was(twice: Twice, fact: str) -> None:
    """Every table of the rehearsal holds the rows of the snapshot, in every column that a tenants file can say."""
    before, after = twice.before[fact], twice.after[fact]
    if isinstance(before, NotObserved):
        assert isinstance(after, NotObserved)
        return
    assert isinstance(after, Observed), after
    without = frozenset(CANNOT_SAY.get(fact.partition(".")[2], ()))
    assert rows_of(twice.before, fact, without) == _without_practice(rows_of(twice.after, fact, without))


def _without_practice(rows: list[str]) -> list[str]:
    """Without the two people of the rehearsal, who are in no real tenant."""
    return [row for row in rows if "'practice." not in row]


def test_the_findings_are_the_same(twice: Twice) -> None:
    """The preflight says of the rehearsal what it says of the snapshot, rule by rule and subject by subject."""
    assert twice.findings(after=False) == twice.findings(after=True)


def test_there_are_defects_to_find(twice: Twice) -> None:
    """The snapshot holds defects of many kinds, so that equal findings say something."""
    failed = {rule for rule, _, kind, _ in twice.findings(after=False) if kind in ("fail", "warn", "not_observed")}
    assert len(failed) >= 20, sorted(failed)


def test_what_nobody_saw_is_told(twice: Twice) -> None:
    """Loading says which mailboxes' sizes and rights were not observed, and they are refused in the rehearsal too."""
    assert [text for text in twice.told if text.startswith("source: permissions of ")]
    sizes: dict[str, Any] = {
        row["PrimarySmtpAddress"]: row for row in twice.after["source.mailbox_sizes"].value if not row["Archive"]
    }  # type: ignore[union-attr]
    assert sizes["mina.meeting@contoso.com"]["Bytes"] is None


def test_the_tenants_file_is_the_owners_alone(twice: Twice, tmp_path: Path) -> None:
    """What the simulator is given holds personal data, so only its owner may read it."""
    folder = Path(twice.project_after.folder)
    modes = {path.name: path.stat().st_mode & 0o077 for path in (folder / ".simulation").glob("tenants*.yaml")}
    assert modes == {"tenants.yaml": 0, "tenants.project.yaml": 0}
    assert read_yaml(folder / PROJECT_FILE)["simulation"]


def test_pseudonyms_rehearse_the_same_defects(twice: Twice, tmp_path: Path) -> None:
    """With --pseudonymise the tenants file names nobody of the snapshot, and the preflight says as often the same."""
    real = Path(twice.project.folder)
    rehearsal, tenants = prepare_rehearsal(real, "last", tmp_path / "other", lambda _text: None, pseudonymise=True)
    text = tenants.read_text(encoding="utf-8") + (rehearsal / ".simulation" / "tenants.project.yaml").read_text("utf-8")
    people = [row for name in ("source.mailboxes", "target.mail_users") for row in twice.before[name].value]  # type: ignore[union-attr]
    columns = ("PrimarySmtpAddress", "UserPrincipalName", "ObjectId", "LegacyExchangeDN", "ExchangeGuid")
    assert [row[column] for row in people for column in columns if row[column] and row[column] in text] == []
    assert [row["DisplayName"] for row in people if f": {row['DisplayName']}\n" in text] == []
    with opened(rehearsal, tenants) as reader:
        after = reader.read_all(tuple(twice.before))
        found = evaluate(PREFLIGHT, after, reader._project, max(fact.at for fact in twice.before.values()))
    told = Counter((rule, kind) for rule, _, kind, _ in twice.findings(after=False))
    assert Counter((f.rule, f.verdict.kind) for f in found if f.rule not in OF_THE_PLACE) == told
