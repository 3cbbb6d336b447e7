"""Waves: what holds for every plan, whatever users, ties and waves are given, and what the plan is in plain cases."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from xtmig_kernel.waves import SIZE_CLASSES, Tie, WavePlan, plan_waves, size_class

GB = 1_073_741_824
USERS = [f"u{number:02}@contoso.com" for number in range(24)]
ties_among = st.lists(
    st.builds(Tie, st.sampled_from(USERS), st.sampled_from(USERS), st.just(("FullAccess",))).filter(
        lambda tie: tie.owner != tie.trustee
    ),
    max_size=40,
    unique_by=lambda tie: (tie.owner, tie.trustee),
)
names = st.sampled_from(["pilot", "board", "wave-01", "w1"])
worlds = st.fixed_dictionaries({
    "users": st.lists(st.sampled_from(USERS), unique=True),
    "ties": ties_among,
    "size": st.integers(1, 12),
    "written": st.dictionaries(st.sampled_from(USERS), names, max_size=6),
    "pilot": st.lists(st.sampled_from(USERS), max_size=5),
    "names": st.lists(st.sampled_from(["w1", "w2", "pilot"]), unique=True),
    "closed": st.lists(names, max_size=2, unique=True),
})  # fmt: skip


def tied(one: str, other: str, *rights: str) -> Tie:
    return Tie(one, other, rights or ("FullAccess",))


def plan(users: str, *pairs: str, size: int = 3, **given: Any) -> WavePlan:
    """A plan for users of one letter each, tied in pairs such as `ab`."""
    return plan_waves(users, [tied(*pair) for pair in pairs], size=size, **({"written": {}} | given))


def planned(world: dict[str, Any]) -> WavePlan:
    written = {user: wave for user, wave in world["written"].items() if user in world["users"]}
    return plan_waves(**(world | {"written": written}))


@given(worlds)
def test_everybody_is_in_exactly_one_wave(world: dict[str, Any]) -> None:
    """Every user has a wave, and nobody else has."""
    assert set(planned(world).waves) == set(world["users"])
    assert all(planned(world).waves.values())


@given(worlds)
def test_who_had_a_wave_keeps_it(world: dict[str, Any]) -> None:
    """What a person wrote into users.csv is never overwritten."""
    waves = planned(world).waves
    assert {u: w for u, w in world["written"].items() if u in waves} == {
        u: waves[u] for u in world["written"] if u in waves
    }


@given(worlds)
def test_no_wave_grows_beyond_its_size(world: dict[str, Any]) -> None:
    """No wave is larger than a batch may be, unless a person wrote more users into it (BAT-11)."""
    filled = Counter(planned(world).waves.values())
    by_hand = Counter(wave for user, wave in world["written"].items() if user in world["users"])
    assert [wave for wave, number in filled.items() if number > max(world["size"], by_hand[wave])] == []


@given(worlds)
def test_a_tie_is_kept_or_listed(world: dict[str, Any]) -> None:
    """A tie between two users in different waves is listed as broken, and no other is (PRM-08)."""
    result = planned(world)
    apart = [
        tie
        for tie in world["ties"]
        if {tie.owner, tie.trustee} <= set(result.waves) and result.waves[tie.owner] != result.waves[tie.trustee]
    ]
    assert sorted(apart) == list(result.broken)


@given(worlds, st.randoms(use_true_random=False))
def test_the_order_changes_nothing(world: dict[str, Any], chance: random.Random) -> None:
    """Users and ties in any order give the same plan."""
    users, ties = list(world["users"]), list(world["ties"])
    chance.shuffle(users)
    chance.shuffle(ties)
    assert planned(world) == planned(world | {"users": users, "ties": ties})


@given(worlds)
def test_nobody_is_added_to_a_wave_that_has_begun(world: dict[str, Any]) -> None:
    """A closed wave has the users whom it had, and no others."""
    waves = planned(world).waves
    assert [u for u, w in waves.items() if w in world["closed"] and world["written"].get(u) != w] == []


@given(ties_among, st.integers(1, 12))
def test_groups_that_fit_are_never_parted(ties: list[Tie], size: int) -> None:
    """Who hangs together moves together wherever the whole group fits into a wave (PRM-08)."""
    waves = plan_waves(USERS, ties, size=size, written={}).waves
    graph = nx.Graph([(tie.owner, tie.trustee) for tie in ties])
    for group in nx.connected_components(graph):
        if len(group) <= size:
            assert 1 == len({waves[user] for user in group})


@given(worlds)
def test_a_second_plan_changes_nothing(world: dict[str, Any]) -> None:
    """Once everybody has a wave, planning again leaves everybody where they are."""
    first = planned(world)
    assert first == plan_waves(**(world | {"written": first.waves}))


def test_the_pilot_takes_whom_it_names_and_nobody_else() -> None:
    """Who is tied to a user of the pilot is not drawn into it: the tie is listed, for a person to decide."""
    result = plan("abc", "ab", pilot=["a"])
    assert {"a": "pilot", "b": "wave-01", "c": "wave-01"} == dict(result.waves)
    assert (tied("a", "b"),) == result.broken


def test_a_new_user_joins_those_who_have_a_wave() -> None:
    """Who is tied to somebody with a wave gets that wave, as long as it has room."""
    assert "board" == plan("abc", "ab", written={"a": "board"}).waves["b"]
    assert "wave-01" == plan("abc", "ab", written={"a": "board", "c": "board"}, size=2).waves["b"]


def test_a_stranger_is_not_put_into_a_wave_that_somebody_made_by_hand() -> None:
    """A wave that stands in users.csv alone takes in who is tied to it, and no strangers."""
    assert "wave-01" == plan("ab", written={"a": "board"}).waves["b"]


def test_waves_of_the_project_are_filled_first() -> None:
    """Waves that project.yaml names are filled in their order before new ones are made."""
    waves = plan("abcde", size=2, names=["early", "late"]).waves
    assert ["early", "early", "late", "late", "wave-01"] == [waves[user] for user in "abcde"]


def test_the_largest_groups_go_first() -> None:
    """Small groups fill the room that large ones leave: five users in waves of three need two waves, not three."""
    assert {"wave-01", "wave-02"} == set(plan("abcde", "bc", "de", size=3).waves.values())


def test_a_group_too_large_is_cut_where_it_hangs_least() -> None:
    """Two teams joined by one tie are cut at that tie, and it is listed."""
    teams = ["ab", "bc", "ca", "de", "ef", "fd"]
    assert (tied("c", "d"),) == plan("abcdef", *teams, "cd", size=3).broken


def test_names_are_compared_without_case() -> None:
    """`Pilot` in users.csv and `pilot` are one wave, spelt as project.yaml spells it."""
    waves = plan("ab", written={"a": "PILOT"}, pilot=["b"], names=["Pilot"]).waves
    assert {"Pilot"} == set(waves.values())


def test_classes_of_size() -> None:
    """The dated table of Microsoft's figures: 10 to 50 GB took 3 days for half and 14 for nine of ten (TIM-01)."""
    assert [(1, 7), (3, 14), (3, 30), (8, 45)] == [
        (spell.half, spell.most)
        for size in (10 * GB - 1, 10 * GB, 50 * GB, 100 * GB)
        if (spell := size_class(size).spell)
    ]
    assert SIZE_CLASSES[-1] == size_class(200 * GB)
    assert size_class(200 * GB).spell is None
