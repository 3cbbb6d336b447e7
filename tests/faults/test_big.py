"""Thousands of users with planted defects: each is found, none made wrongly, and none made twice by a killed run.

Expected values come from the tenants that were generated, and from `big_tenants.KINDS`; nothing is taken from a run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from big_tenants import ADD_ON, KINDS, TARGET_INITIAL, Pair, Person, pair
from crash_harness import KILLED, MOST_RUNS, Lane, World, differing

pytestmark = pytest.mark.deep

# fewer while one works on this test
USERS = int(os.environ.get("XTMIG_BIG_USERS", "5000"))
EACH = max(USERS // 500 // 2 * 2, 2)
SPEED = 60
MIDDLE = USERS // 20
KILLS = (
    ("100.2 after batch of 10 New-MailUser", MIDDLE),
    ("100.3 after batch of 10 Set-MailUser", MIDDLE),
    ("100.7 before batch of 10 POST /users/…/assignLicense", MIDDLE),
)
FOUND = ("fail", "warn", "waiting")


class Journey(NamedTuple):
    """What a project came to.

    Args:
        pair: The tenants and people it began with.
        start: What both tenants held then.
        end: What both tenants and the project folder hold now.
        findings: Every finding: rule, subject and verdict.
        problems: For each address of users.csv the codes of its problems, as step 090.3 shows them.
        writes: Of each user's sign-in name, how often it was created.
    """

    pair: Pair
    start: dict[str, Any]
    end: dict[str, Any]
    findings: set[tuple[str, str, str]]
    problems: dict[str, str]
    writes: Counter[str]


class _Sights:
    """Runs sections and prints what they take."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane

    def run(self, section: str, kill_at: tuple[str, int] | None = None) -> None:
        status, report = self.lane.run_until(kill_at, [section])
        assert status == (KILLED if kill_at else 0), f"{section} {kill_at}: {status}"
        for stage in report:
            ledger = (self.lane.project / "ledger.db").stat().st_size / 1e6
            took, peak = stage["seconds"], stage["peak_kilobytes"] / 1e3
            print(f"{USERS} users, section {section}: {took:.0f} s, peak {peak:.0f} MB, ledger {ledger:.0f} MB")


def _journey(lane: Lane, made: Pair, kills: Sequence[tuple[str, int]]) -> Journey:
    lane.reset()
    start = lane.end()
    sights = _Sights(lane)
    sights.run("090")
    for kill in kills:
        sights.run("100", kill)
    for _ in range(MOST_RUNS):
        sights.run("100")
        if not lane.learn_approvals():
            break
    sights.run("110")
    entries = lane.ledger().entries("finding", "exhibit")
    findings = {(e.data["rule"], e.data["subject"], e.data["verdict"]) for e in entries if e.kind == "finding"}
    table = next(e.data for e in reversed(entries) if e.kind == "exhibit" and e.data["name"] == "users")
    place = {name: table["columns"].index(name) for name in ("Source address", "Problems")}
    problems = {row[place["Source address"]]: row[place["Problems"]] for row in table["rows"]}
    record = lane.simulator.record()
    created = (line for line in record if line["cmdlet"] == "New-MailUser" and line["status"] < 400)
    writes = Counter(str(line["parameters"]["MicrosoftOnlineServicesID"]) for line in created)
    return Journey(made, start, lane.end(), findings, problems, writes)


@pytest.fixture(scope="module")
def lane_and_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lane, Pair]]:
    made = pair(USERS, EACH, "one seed")
    settings = {"users": {"choose": "file"}, "target_addresses": {"local_part": "{first}.{last}"}}
    lane = Lane(tmp_path_factory.mktemp("big"), World(made.tenants(), settings, made.users_csv(), SPEED))
    yield lane, made
    lane.close()


@pytest.fixture(scope="module")
def journey(lane_and_pair: tuple[Lane, Pair]) -> Journey:
    """A project that nobody disturbs."""
    return _journey(*lane_and_pair, ())


def _of_kind(made: Pair, kind: str) -> list[Person]:
    return [person for person in made.people if person.kind == kind]


def test_there_are_two_hundred_defects_of_twenty_kinds_and_more(journey: Journey) -> None:
    """As many users have each kind of defect as are to have it."""
    counted = Counter(person.kind for person in journey.pair.people if person.kind)
    assert counted == dict.fromkeys(KINDS, EACH)
    assert len(KINDS) >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_each_planted_defect_is_found(journey: Journey, kind: str) -> None:
    """Every user with this defect is named by the rule that stands for it, as a finding or in the table of users."""
    rule = KINDS[kind].rule
    missed = [
        source
        for person in _of_kind(journey.pair, kind)
        for source, _ in person.lines
        if not any((rule, source, verdict) in journey.findings for verdict in FOUND)
        and f"{rule}:" not in journey.problems.get(source, "")
    ]
    assert missed == []


def test_nobody_without_a_defect_is_said_to_have_one(journey: Journey) -> None:
    """The table of users shows no problem of anybody who has none."""
    right = [person.primary for person in journey.pair.people if not person.kind]
    assert {source: told for source in right if (told := journey.problems[source])} == {}


def _mail_users(end: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["upn"]: row for row in end["target"]["mail_users"] if not row["soft_deleted"]}


def _fate(person: Person) -> str:
    return KINDS[person.kind].fate if person.kind else "prepared"


def _expected(person: Person) -> dict[str, Any]:
    """The MailUser of a person as the document asks for it: names, GUIDs, addresses byte for byte, and the marker."""
    mailbox = person.mailbox
    x500 = {f"x500:{mailbox['legacy_dn']}", *(a.replace("X500:", "x500:") for a in mailbox["proxies"] if "X500" in a)}
    return {
        "upn": person.sign_in,
        "alias": person.alias,
        "primary": person.address,
        "external_address": person.external,
        "exchange_guid": mailbox["exchange_guid"],
        "archive_guid": mailbox.get("archive", {}).get("guid"),
        "addresses": {f"SMTP:{person.address}", f"smtp:{person.alias}@{TARGET_INITIAL}"} | x500,
        "marker": {"1": "Cross-Tenant-Project"},
    }


def _seen(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    names = ("upn", "alias", "primary", "external_address", "exchange_guid", "archive_guid")
    addresses = {a.replace("X500:", "x500:") for a in row["email_addresses"]}
    return {name: row[name] for name in names} | {"addresses": addresses, "marker": row["custom_attributes"]}


def test_everybody_else_is_prepared_exactly(journey: Journey) -> None:
    """Names, GUIDs, addresses and the marker of each user without a defect are what the source and the rules say."""
    present = _mail_users(journey.end)
    wrong = {
        person.sign_in: (_seen(present.get(person.sign_in)), _expected(person))
        for person in journey.pair.people
        if _fate(person) in ("prepared", "unlicensed") and _seen(present.get(person.sign_in)) != _expected(person)
    }
    assert len(wrong) == 0, next(iter(wrong.values()))


def test_everybody_else_who_needs_it_has_the_licence_once(journey: Journey) -> None:
    """One unit for each user mailbox that is prepared, none for rooms and shared mailboxes, none for anybody else."""
    names = {row["object_id"]: row["upn"] for row in journey.end["target"]["mail_users"]}
    held = Counter(
        names.get(row["user"], row["user"])
        for row in journey.end["target"]["licence_assignments"]
        if row["part_number"] == ADD_ON
    )
    wanted = Counter(
        person.sign_in
        for person in journey.pair.people
        if _fate(person) == "prepared" and person.mailbox["kind"] == "UserMailbox"
    )
    assert held == wanted


def test_nobody_with_an_obstacle_is_created_or_changed(journey: Journey) -> None:
    """What was in the target for such a user is as it was, and nothing is there that was not."""
    may_change = {p.sign_in for p in journey.pair.people if _fate(p) != "untouched"}
    for kind in ("mail_users", "mailboxes", "users", "contacts", "groups"):
        before, after = (
            [row for row in held["target"][kind] if row.get("upn") not in may_change]
            for held in (journey.start, journey.end)
        )
        assert after == before, differing(after, before)


def test_an_archive_guid_that_is_there_is_never_replaced(journey: Journey) -> None:
    """Whoever had another archive keeps its GUID, and gets no licence."""
    before, after = _mail_users(journey.start), _mail_users(journey.end)
    kept = [person.sign_in for person in journey.pair.people if _fate(person) == "archive kept"]
    assert len(kept) == EACH
    assert [after[name]["archive_guid"] for name in kept] == [before[name]["archive_guid"] for name in kept]


def test_killed_three_times_nobody_is_made_twice_and_the_end_is_the_same(
    lane_and_pair: tuple[Lane, Pair], journey: Journey
) -> None:
    """Killed while creating, stamping and licensing, and run again, both tenants and the project end the same."""
    lane, made = lane_and_pair
    killed = _journey(lane, made, KILLS)
    again = killed.writes - journey.writes  # the record of the first journey goes on in the second
    assert max(again.values()) == 1
    assert killed.end == journey.end, differing(killed.end, journey.end)
