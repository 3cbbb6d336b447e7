"""Two snapshots compared: exactly what differs is told, of every column of every table."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from core_facts import NOW, make_project, observed, refused, world
from stay_facts import GB, LARA, jos, lara_and_jo, size, state
from user_facts import LARA_GUID, LARA_ID, chosen, directory_user, lara_mail_user, lara_mailbox

from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.project import Waiver
from xtmig_kernel.rules import Judgement, Rule
from xtmig_kernel.rules.assessment import Assessment, assess
from xtmig_kernel.rules.drift_of_snapshots import Drift, compare, compare_findings
from xtmig_kernel.rules.drift_of_tables import OF_HISTORY, THRESHOLDS, Change, compare_tables, key_of
from xtmig_kernel.rules.drift_scope import is_of_recipients
from xtmig_kernel.tables import TABLES

PROJECT = make_project()
LARAS = {
    "ObjectId": LARA_ID, "Id": LARA_ID, "UserId": LARA_ID, "ExchangeGuid": LARA_GUID, "MailboxGuid": LARA_GUID,
    "PrimarySmtpAddress": LARA, "Mailbox": LARA, "Identity": LARA, "UserPrincipalName": LARA,
}  # fmt: skip
"""By these a row of any table is about somebody who moves."""
VALUES: dict[str, tuple[Any, Any]] = {
    "text": ("then", "now"),
    "guid": ("aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"),
    "bool": (False, True),
    "int": (10 * GB, 20 * GB),
    "time": ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
    "list of text": (["a", "b"], ["a", "c"]),
    "flags": (["Inbound"], ["Inbound", "RemoteOutbound"]),
}
"""Of each type of column a value then and another one now."""
CELLS = [
    (side, table.name, column)
    for side in ("source", "target")
    for table in TABLES
    for column in table.columns
    if table.name not in OF_HISTORY
]


def row_of_lara(table: str) -> dict[str, Any]:
    """A row of a table that is about Lara, with a value in every column."""
    columns = next(item.columns for item in TABLES if item.name == table)
    return {column: LARAS.get(column, VALUES[kind][0]) for column, kind in columns.items()}


def other_value(table: str, column: str) -> Any:
    """Another value for a cell."""
    return VALUES[next(item.columns for item in TABLES if item.name == table)[column]][1]


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    """What differs between two worlds' tables."""
    return compare_tables(observed(before), observed(after), PROJECT).changes


def drifted(before: dict[str, Any], after: dict[str, Any], waivers: tuple[Waiver, ...] = ()) -> Drift:
    """What differs between two worlds, the later one a day later."""
    day = timedelta(days=1)
    return compare(observed(before, NOW - day), observed(after), PROJECT, NOW, NOW - day, waivers)


def found(drift: Drift) -> set[tuple[str, str, str]]:
    """Findings that are not as they were: state, rule, subject."""
    return {(item.state, item.rule, item.subject) for item in drift.findings if item.state != "unchanged"}


@pytest.mark.parametrize("side", ["source", "target"])
def test_every_cell_of_every_table(side: str) -> None:
    """One other value in any column of any table is told as exactly that; in a key, as one row gone and one come."""
    base = world() | {f"{side}.{table.name}": [row_of_lara(table.name)] for table in TABLES}
    base[f"{side}.chosen_users"] = world()["source.chosen_users"]
    for _, table, column in (cell for cell in CELLS if cell[0] == side and cell[1] != "chosen_users"):
        fact = f"{side}.{table}"
        old = base[fact][0]
        new = old | {column: other_value(table, column)}
        drift = compare_tables(observed(base), observed(base | {fact: [new]}), PROJECT)
        expected = [Change(side, table, "", "changed", column, old[column], new[column])]
        outside = {}
        if column in key_of(table, old):
            gone, come = Change(side, table, "", "vanished", before=old), Change(side, table, "", "appeared", after=new)
            nobody = all(new[name] != value for name, value in LARAS.items() if name in new)
            stranger = nobody and is_of_recipients(table, new)
            expected, outside = ([gone], {fact: 1}) if stranger else ([gone, come], {})
        told = [replace(change, object="") for change in drift.changes]
        assert (told, drift.outside) == (expected, outside), (table, column)


@pytest.mark.parametrize("column", sorted({*chosen()} - {"SourceAddress"}))
def test_every_cell_of_the_list(column: str) -> None:
    """Another value in a line of users.csv is told as exactly that."""
    after = world(source__chosen_users={column: 7 if column == "Line" else "other"})
    assert [(c.table, c.column) for c in differences(world(), after)] == [("chosen_users", column)]


def test_nothing_changed() -> None:
    """Two snapshots of the same tenants differ in nothing, and the comparison says so."""
    drift = drifted(world(), copy.deepcopy(world()))
    assert (drift.changes, drift.tables, drift.outside, found(drift)) == ((), (), {}, set())
    assert drift.is_still


def test_all_kinds_of_change_at_once() -> None:
    """Of changes of every kind between two snapshots, exactly those are told."""
    before = world(**lara_and_jo(jos("SendAs")))
    after = world(**lara_and_jo(jos("FullAccess")))
    after["source.mailbox_states"][0] |= {"ArchiveStatus": "Active", "LitigationHoldEnabled": True}
    after["source.mailbox_sizes"][0] |= {"Bytes": 9 * GB}
    after["source.mailboxes"][1] = after["source.mailboxes"][1] | {"DisplayName": "Jo Ann"}
    after["source.scope_members"] = []
    after["target.mail_users"][0] = after["target.mail_users"][0] | {"SmtpAddresses": ["new@northwindtraders.com"]}
    after["target.directory_users"][0] = after["target.directory_users"][0] | {"SkuIds": []}
    told = {(c.kind, c.side, c.table, c.column) for c in differences(before, after)}
    assert told == {
        ("vanished", "source", "mailbox_permissions", ""),
        ("appeared", "source", "mailbox_permissions", ""),
        ("changed", "source", "mailbox_states", "ArchiveStatus"),
        ("changed", "source", "mailbox_states", "LitigationHoldEnabled"),
        ("changed", "source", "mailbox_sizes", "Bytes"),
        ("changed", "source", "mailboxes", "DisplayName"),
        ("vanished", "source", "scope_members", ""),
        ("changed", "target", "mail_users", "SmtpAddresses"),
        ("changed", "target", "directory_users", "SkuIds"),
    }


def test_order_of_rows_and_of_lists_is_no_change() -> None:
    """The service may give rows and lists in another order, and GUIDs in capitals: that is no change."""
    before = world(**lara_and_jo(jos("SendAs"), jos("FullAccess")))
    after = {fact: list(reversed(rows)) for fact, rows in before.items()}
    after["source.mailboxes"] = [
        row | {"SmtpAddresses": row["SmtpAddresses"][::-1], "ExchangeGuid": row["ExchangeGuid"].upper()}
        for row in after["source.mailboxes"]
    ]
    assert differences(before, after) == ()


def test_rows_of_one_key_are_all_compared() -> None:
    """Where two rows have the same key, each is found again, and the one that is gone is told."""
    row = row_of_lara("mailbox_permissions")
    twin = row | {"TrusteeKind": "Self"}
    before = world() | {"source.mailbox_permissions": [row, twin]}
    after = world() | {"source.mailbox_permissions": [twin]}
    (change,) = differences(before, after)
    assert (change.kind, change.before) == ("vanished", row)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (5 * GB, 6 * GB, True),
        (50 * GB, 51 * GB, False),  # less than a tenth
        (10_000_000, 60_000_000, False),  # less than 100 MB
        (None, 10, True),
        (10, None, True),
    ],
)
def test_sizes_are_told_beyond_the_threshold(then: int | None, now: int | None, told: bool) -> None:
    """A size is told if it moved by more than a tenth and by more than 100 MB, or was not told once."""
    before = world(source__mailbox_sizes=[size(Bytes=then)])
    assert bool(differences(before, world(source__mailbox_sizes=[size(Bytes=now)]))) is told


def test_quotas_have_no_threshold() -> None:
    """A quota is a setting: every change of it is told."""
    assert "QuotaBytes" not in THRESHOLDS
    before, after = (world(source__mailbox_states=[state(QuotaBytes=100 * GB + one)]) for one in (0, 1))
    assert [c.column for c in differences(before, after)] == ["QuotaBytes"]


@pytest.mark.parametrize("fact", ["source.mailboxes", "source.directory_users", "target.mail_users"])
def test_others_are_counted_and_not_listed(fact: str) -> None:
    """What changes on objects of people who stay is a number for each table, and no line."""
    strange = {"ObjectId": "o-9", "Id": "o-9", "ExchangeGuid": "e-9", "PrimarySmtpAddress": "else@contoso.com"}
    make: Any = {"mailboxes": lara_mailbox, "mail_users": lara_mail_user}.get(fact.partition(".")[2])
    row = make() if make else directory_user("source")
    row |= {key: value for key, value in strange.items() if key in row}
    row |= {"UserPrincipalName": "else@contoso.com", "SmtpAddresses": ["else@contoso.com"], "Mail": "else@contoso.com"}
    before, after = world(), world()
    before[fact] = [*before[fact], row]
    after[fact] = [*after[fact], row | {"DisplayName": "Somebody Else"}]
    drift = compare_tables(observed(before), observed(after), PROJECT)
    assert (drift.changes, drift.outside) == ((), {fact: 1})


def test_newcomer_with_a_wanted_name_is_in_scope() -> None:
    """An object of the target that takes an address which a user shall have is told, whoever's it is."""
    rows = [chosen(TargetAddress="wanted@northwindtraders.com")]
    before, after = world(source__chosen_users=rows), world(source__chosen_users=rows)
    newcomer = lara_mail_user(
        ObjectId="o-9", ExchangeGuid=None, PrimarySmtpAddress="wanted@northwindtraders.com", SmtpAddresses=[]
    )
    after["target.mail_users"] = [*after["target.mail_users"], newcomer]
    assert [(c.kind, c.table) for c in differences(before, after)] == [("appeared", "mail_users")]


def test_table_that_was_not_observed_again() -> None:
    """A table that was refused this time is told with the reason, and none of its objects as vanished."""
    after: dict[str, Observed[Any] | NotObserved] = observed(world()) | {
        "source.mailbox_sizes": refused(Reason.THROTTLED)
    }
    drift = compare_tables(observed(world()), after, PROJECT)
    assert drift.changes == ()
    assert [(t.fact, t.kind) for t in drift.tables] == [("source.mailbox_sizes", "no longer observed")]
    back = compare_tables(after, observed(world()), PROJECT)
    assert [(t.fact, t.kind) for t in back.tables] == [("source.mailbox_sizes", "observed for the first time")]


def test_column_of_another_version() -> None:
    """A column that only one of the snapshots has is told once, and not once for each row."""
    before, after = world(), world()
    before["source.mailboxes"] = [
        {column: value for column, value in row.items() if column != "UsageLocation"}
        for row in before["source.mailboxes"]
    ]
    drift = compare_tables(observed(before), observed(after), PROJECT)
    assert drift.changes == ()
    told = [(t.fact, t.column, t.kind) for t in drift.tables]
    assert told == [("source.mailboxes", "UsageLocation", "observed for the first time")]


HELD = {"LitigationHoldEnabled": True}
RULE = "mailbox-not-held"


def test_new_and_fixed() -> None:
    """A finding that was not there is new, and the other way round it is fixed; no other finding is told."""
    right, wrong = world(), world(source__mailbox_states=HELD)
    assert found(drifted(right, wrong)) == {("new", RULE, LARA)}
    assert found(drifted(wrong, right)) == {("fixed", RULE, LARA)}


def test_unchanged() -> None:
    """A finding that is there still is unchanged, and what passed then and now is not told at all."""
    wrong = world(source__mailbox_states=HELD)
    drift = drifted(wrong, copy.deepcopy(wrong))
    assert {(item.state, item.rule) for item in drift.findings} == {("unchanged", RULE)}


def test_no_longer_observed_is_not_fixed() -> None:
    """A finding whose rule lacks an observation now is no longer observed; so is every rule that passed then."""
    after = observed(world()) | {"source.mailbox_states": refused()}
    wrong = compare(observed(world(source__mailbox_states=HELD)), after, PROJECT, NOW)
    assert ("no longer observed", RULE, LARA) in found(wrong)
    assert "fixed" not in wrong.states
    right = compare(observed(world()), after, PROJECT, NOW)
    told = {item.rule: (item.state, item.before, item.after) for item in right.findings}
    assert told[RULE] == ("no longer observed", "pass", "not_observed")


def test_observed_for_the_first_time_is_not_new() -> None:
    """A finding whose rule had no verdict then is observed for the first time: nobody knows how long it is there."""
    before = observed(world()) | {"source.mailbox_states": refused()}
    drift = compare(before, observed(world(source__mailbox_states=HELD)), PROJECT, NOW)
    assert ("observed for the first time", RULE, LARA) in found(drift)
    assert "new" not in drift.states


def test_user_who_moves_no_more_is_not_fixed() -> None:
    """The finding of a user who was taken out of users.csv is no longer listed; nothing was mended."""
    before = world(**lara_and_jo(), target__mail_users=[lara_mail_user()])
    before["source.mailbox_states"][1] |= HELD
    after = copy.deepcopy(before)
    after["source.chosen_users"].pop()
    assert {state for state, rule, _ in found(drifted(before, after)) if rule == RULE} == {"no longer listed"}


def test_another_verdict_is_a_change() -> None:
    """A finding that was waived then and fails now, because its waiver has ended, has changed."""
    wrong = world(source__mailbox_states=HELD)
    waiver = Waiver(rule=RULE, subject=LARA, reason="r", owner="o", until=(NOW - timedelta(days=1)).date())
    (item,) = (item for item in drifted(wrong, wrong, (waiver,)).findings if item.rule == RULE)
    assert (item.state, item.before, item.after) == ("changed", "waived", "fail")
    assert waiver.until == date(2026, 11, 22)


def test_drift_as_data_holds_everything() -> None:
    """The JSON of a drift holds every finding, change and table of it."""
    after = observed(world(source__mailbox_states=HELD)) | {"source.mailbox_sizes": refused()}
    drift = compare(observed(world()), after, PROJECT, NOW)
    data = drift.as_data()
    assert [len(data[key]) for key in ("findings", "changes", "tables")] == [
        len(drift.findings), len(drift.changes), len(drift.tables),
    ]  # fmt: skip
    assert len(drift.changes) == 1


@pytest.mark.parametrize(
    ("then", "now", "states"),
    [
        ("10 of 10 users", "9 of 9 users", ["unchanged"]),
        ("1 user, 1 group", "12 user, 3 group", ["unchanged"]),
        ("1user@contoso.com", "2user@contoso.com", ["new", "fixed"]),
        ("10 of 10 users", "10 of 10 groups", ["new", "fixed"]),
    ],
)
def test_another_number_is_no_other_finding(then: str, now: str, states: list[str]) -> None:
    """A finding about another number of the same things is the same finding; an address with digits is not."""

    def saying(subject: str) -> Assessment:
        said = (Judgement("fail", subject, "seen", "expected", "mend it"),)
        rule = Rule("a-rule", "It holds", (), None, ("source.chosen_users",), lambda _seen, _project: said)
        return assess(observed(world()), PROJECT, NOW, rules=[rule])

    assert [item.state for item in compare_findings(saying(then), saying(now))] == states
