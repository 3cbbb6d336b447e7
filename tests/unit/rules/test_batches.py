"""Whose batch it is, who is in which wave, and under which address."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import make_project, seen, world
from start_facts import BATCH, IN_WAVE, LARA_ADDRESS, batch, migration_user
from user_facts import chosen, lara_mail_user, lara_mailbox, recipient

from xtmig_kernel.rules import batches
from xtmig_kernel.rules.batches import Moving, is_ours, next_batch_name, our_batches, wave_of_batch, waves

STARTED = {
    "source__chosen_users": [IN_WAVE],
    "target__migration_batches": [batch()],
    "target__migration_users": [migration_user()],
}
MOVED = {
    "source__mailboxes": [],
    "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser", ExternalEmailAddress=LARA_ADDRESS)],
    "target__mail_users": [],
    "target__recipients": [recipient(lara_mail_user(RecipientTypeDetails="UserMailbox"))],
}


def moving(project: Any = None, **changes: Any) -> dict[str, tuple[Moving, ...]]:
    return waves(seen(world(**changes)), project or make_project())


def test_user_is_named_by_the_primary_address_in_the_target() -> None:
    """A batch names a user by the MailUser's primary address, never by the source's (BAT-06)."""
    found = moving(source__chosen_users=[chosen(Wave="pilot", TargetAddress="")])
    assert {"pilot": [LARA_ADDRESS]} == {wave: [user.address for user in users] for wave, users in found.items()}


def test_user_keeps_the_address_after_the_move() -> None:
    """When the source holds a MailUser and the target the mailbox of that GUID, the address is still known."""
    ((lara,),) = moving(**STARTED, **MOVED).values()
    assert (LARA_ADDRESS, None) == (lara.address, lara.target)
    assert lara.mailbox is not None


def test_user_without_a_target_object_has_no_address() -> None:
    """Who is not prepared in the target has no address that a batch could name."""
    ((lara,),) = moving(source__chosen_users=[IN_WAVE], target__mail_users=[], target__recipients=[]).values()
    assert (None, None) == (lara.address, lara.mailbox)


def test_who_has_no_wave_is_in_none() -> None:
    """An empty column Wave puts a user into no wave; a wave of project.yaml may be empty."""
    assert {"two": ()} == moving(make_project(move={"waves": [{"name": "two"}]}))


def test_waves_are_compared_without_case() -> None:
    """`Pilot` in users.csv is the wave `pilot` of project.yaml."""
    found = moving(make_project(move={"waves": [{"name": "pilot"}]}), source__chosen_users=[chosen(Wave="Pilot")])
    assert [1] == [len(users) for users in found.values()]


@pytest.mark.parametrize(
    ("name", "wave"),
    [
        (BATCH, "pilot"),
        (BATCH.upper(), "pilot"),
        (f"{BATCH}-r2", "pilot"),
        (f"{BATCH}-r10", "pilot"),
        (f"{BATCH}-r1", None),
        (f"{BATCH}-r02", None),
        (f"{BATCH}-r2-old", None),
        (f"{BATCH}2", None),
        ("contoso-moves-other", None),
        ("onboarding", None),
        ("", None),
    ],
)
def test_batch_of_a_wave_is_known_by_its_name(name: str, wave: str | None) -> None:
    """A wave's batch bears its name, later ones -r2 and so on; every other batch is somebody else's."""
    assert wave == wave_of_batch(name, make_project(), ["pilot"])
    assert is_ours(name, make_project(), ["pilot"]) == (wave is not None)


def test_wave_whose_name_ends_like_a_second_batch() -> None:
    """The batch of a wave `a-r2` is that wave's own, not the second one of wave `a`."""
    assert "a-r2" == wave_of_batch("contoso-moves-a-r2", make_project(), ["a", "a-r2"])


def test_foreign_batches_are_not_ours() -> None:
    """Of all batches only those of this project's waves are its own."""
    rows = [batch(), batch(Identity="onboarding"), batch(Identity=f"{BATCH}-r2"), batch(Identity=None)]
    found = our_batches(seen(world(**STARTED | {"target__migration_batches": rows})), make_project())
    assert [BATCH, f"{BATCH}-r2"] == list(found)


@pytest.mark.parametrize(
    ("taken", "name"),
    [([], BATCH), ([BATCH.upper()], f"{BATCH}-r2"), ([BATCH, f"{BATCH}-r2"], f"{BATCH}-r3"), ([f"{BATCH}-r2"], BATCH)],
)
def test_next_batch_takes_the_first_free_name(taken: list[str], name: str) -> None:
    """A name that is taken is not used again: the service removes batches with a delay (failures 2.3 #57)."""
    assert name == next_batch_name("pilot", taken, make_project())


@pytest.mark.parametrize("address", ["", None, "nobody@northwindtraders.com"])
def test_nobody_answers_to_a_blank_or_unknown_address(address: str | None) -> None:
    """A blank or unknown address finds no migration user, where the service would return all (failures 0, fact 4)."""
    assert batches.migration_user_of(seen(world(**STARTED)), address) is None


def test_one_of_several_is_not_chosen() -> None:
    """Where two migration users bear one address, none is taken for the user."""
    rows = [migration_user(), migration_user(BatchId="onboarding")]
    assert batches.migration_user_of(seen(world(target__migration_users=rows)), LARA_ADDRESS) is None
    assert batches.migration_user_of(seen(world(**STARTED)), LARA_ADDRESS.upper()) is not None


def test_users_of_foreign_batches_are_not_ours() -> None:
    """Who is in somebody else's batch is none of this project's migration users."""
    rows = [migration_user(), migration_user(Identity="x@northwindtraders.com", BatchId="onboarding")]
    found = batches.our_users(seen(world(**STARTED | {"target__migration_users": rows})), make_project())
    assert [LARA_ADDRESS] == [row["Identity"] for row in found]


def test_no_state_means_two_things() -> None:
    """Every state of a user stands in one group alone."""
    groups = (
        batches.ON_THE_WAY, batches.AT_REST, batches.COMPLETING, batches.DONE, batches.FAILED, batches.NEEDS_A_PERSON,
        batches.STOPPED,
    )  # fmt: skip
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
