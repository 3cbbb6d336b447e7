"""`xtmig assess` against two simulated tenants: what it reads, what it keeps, and what it says has changed since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from e2e_workplace import Workplace, example, users_csv, who_moves, workplace
from simulator_process import writes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The example's tenants with everybody who moves in `users.csv`; nothing is configured yet."""
    tenants = example()
    with workplace(tmp_path_factory.mktemp("assess"), tenants) as made:
        (made.project / "users.csv").write_text(users_csv(who_moves(tenants)), encoding="utf-8")
        yield made


def assessed(place: Workplace, *options: str | Path, **variables: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON answer."""
    done = place.xtmig("assess", place.project, *options, "--json", **variables)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_reads_both_tenants_and_changes_neither(place: Workplace) -> None:
    """Every user in users.csv is assessed, failures end with 3, and no tenant is written to."""
    code, answer = assessed(place)
    assert (code, answer["offline"]) == (3, False)
    listed = {mailbox["primary"].casefold() for mailbox in who_moves(place.tenants)}
    assert {line["address"].casefold() for line in answer["assessment"]["mailboxes"]} == listed
    assert answer["assessment"]["population"]["mailboxes"] == len(listed)
    assert writes(place.record()) == []


def test_second_look_tells_what_was_taken_from_users_csv(place: Workplace) -> None:
    """A user who was taken out of users.csv between two collections is the only change that is told."""
    assessed(place)
    kept = who_moves(place.tenants)
    try:
        (place.project / "users.csv").write_text(users_csv(kept[:-1]), encoding="utf-8")
        _, answer = assessed(place, "--compare")
    finally:
        (place.project / "users.csv").write_text(users_csv(kept), encoding="utf-8")
    gone = [c["object"] for c in answer["drift"]["changes"] if (c["table"], c["kind"]) == ("chosen_users", "vanished")]
    assert gone == [kept[-1]["primary"]]
    assert {change["kind"] for change in answer["drift"]["changes"]} == {"vanished"}
    assert "fixed" not in answer["drift"]["states"]
    assert answer["drift"]["states"]["no longer listed"] > 0


def test_side_without_sign_in_is_not_observed(place: Workplace) -> None:
    """Where nobody can be signed in to the target, its tables are not observed, and no mailbox passes."""
    code, answer = assessed(place, XTMIG_TARGET_SECRET="no-such-secret")
    assert code == 3
    assert list(answer["problems"]) == ["target"]
    unseen = {item["fact"] for item in answer["assessment"]["not_observed"]}
    assert "target.mail_users" in unseen
    assert "source.mailboxes" not in unseen
    assert "pass" not in {line["verdict"] for line in answer["assessment"]["mailboxes"]}
