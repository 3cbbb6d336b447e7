"""Section 100: licences of the target, given to nobody before the stamp: who gets one, on which seat. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.exchange_licences import exchange_sku, without_exchange_plan
from xtmig_kernel.rules.licences import FACTS as LICENCES
from xtmig_kernel.rules.licences import movers, users_without_add_on
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.prepared import FACTS, is_stamped, on_premises
from xtmig_kernel.rules.prepared_rules import mend
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import free_add_on_seats, free_seats, gives_mailbox, is_usable, sku_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.matching import Match

LICENCE_FACTS = tuple(dict.fromkeys((*FACTS, *LICENCES)))
STAMP, LOCATION, ADD_ON, EXCHANGE = "100.3", "100.6", "100.7", "100.8"


def licensable(match: Match, project: Project) -> bool:
    """Whether xtmig may license this user: it is there, stamped, and mastered in the cloud (LIC-13).

    Args:
        match: A user.
        project: The project.
    """
    return bool(match.source and match.names) and is_stamped(match, project) and not on_premises(match, project)


def people(seen: Seen) -> dict[str, Row]:
    """The target's users of the directory by object ID in lower case.

    Args:
        seen: Holds `target.directory_users`.
    """
    return {str(row["Id"]).casefold(): row for row in seen.rows("target.directory_users")}


def person_of(match: Match, by_id: dict[str, Row]) -> Row | None:
    """The user of the target's directory that is a user's MailUser.

    Args:
        match: A user.
        by_id: What `people` gave.
    """
    return by_id.get(str(match.target["ObjectId"]).casefold()) if match.target is not None else None


def need_add_on(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users to whom xtmig gives the add-on in the target; none where project.yaml says otherwise.

    Args:
        seen: Holds `LICENCE_FACTS`.
        project: Says on which side the add-on is assigned.
    """
    if project.licences.add_on_side != "target":
        return ()
    return tuple(m for m in users_without_add_on(seen, project) if licensable(m, project))


def need_exchange(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users to whom xtmig gives the Exchange licence before the move; none where it is given after it.

    Args:
        seen: Holds `LICENCE_FACTS`.
        project: Says when it is given.
    """
    if project.licences.exchange != "before move":
        return ()
    return tuple(m for m in without_exchange_plan(seen, project) if licensable(m, project))


def located(users: Sequence[Match], seen: Seen) -> list[Match]:
    """Those who have a usage location, without which Microsoft refuses a licence (wire 4.8).

    Args:
        users: Users.
        seen: Holds `target.directory_users`.
    """
    by_id = people(seen)
    return [match for match in users if (person_of(match, by_id) or {}).get("UsageLocation")]


def add_on_seats(seen: Seen, project: Project) -> list[tuple[Match, str]]:
    """Who gets the add-on now, with the ID of the subscription; never more than seats are free.

    Args:
        seen: Holds `LICENCE_FACTS`.
        project: The project.
    """
    return list(zip(located(need_add_on(seen, project), seen), free_add_on_seats(seen, "target"), strict=False))


def exchange_seats(seen: Seen, project: Project) -> list[tuple[Match, str]]:
    """Who gets the Exchange licence now, with the ID of the subscription; never more than seats are free.

    Args:
        seen: Holds `LICENCE_FACTS`.
        project: Names the subscription.
    """
    row = exchange_sku(seen, project)
    if row is None or not is_usable(row) or not gives_mailbox(row):
        return []
    return [(match, sku_id(row)) for match in located(need_exchange(seen, project), seen)[: free_seats(row)]]


def unlocated(seen: Seen, project: Project) -> list[tuple[Match, str | None]]:
    """Users who are to be licensed and have no usage location, with the one that is known for them.

    That is the source user's own, otherwise `licences.usage_location` of project.yaml; None where neither is there.

    Args:
        seen: Holds `LICENCE_FACTS`.
        project: May give a usage location.
    """
    by_id = people(seen)
    at_source = {str(row["Id"]).casefold(): row["UsageLocation"] for row in seen.rows("source.directory_users")}
    users = {m.label: m for m in (*need_add_on(seen, project), *need_exchange(seen, project))}
    found = []
    for match in users.values():
        person = person_of(match, by_id)
        if person is not None and not person["UsageLocation"] and match.source is not None:
            own = at_source.get(str(match.source["ObjectId"]).casefold())
            found.append((match, own or project.licences.usage_location))
    return found


def _after_stamp(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(match: Match) -> Iterable[Judgement]:
        if not is_stamped(match, project):
            yield Judgement(
                "fail",
                match.label,
                seen="ExchangeGuid, ArchiveGuid or x500 addresses are not the source mailbox's yet",
                expected="everything stamped before a licence is given",
                **mend(match, STAMP),
            )

    found = [m for m in movers(seen, project) if m.action == "adopt" and not on_premises(m, project)]
    yield from judge_each(found, judge, of_what="users", expected="stamped, so that a licence does no harm")


def _location(seen: Seen, project: Project) -> Iterable[Judgement]:
    missing = {match.label: location for match, location in unlocated(seen, project)}

    def judge(match: Match) -> Iterable[Judgement]:
        if match.label in missing:
            known = missing[match.label]
            yield Judgement(
                "fail",
                match.label,
                seen="no usage location in the target",
                expected="a usage location, without which no licence can be given",
                remedy=f"Apply step {LOCATION}." if known else "Set licences: usage_location in project.yaml.",
                step=LOCATION if known else None,
            )

    found = [m for m in movers(seen, project) if licensable(m, project)]
    yield from judge_each(found, judge, of_what="users", expected="a usage location wherever a licence is to be given")


def _licensed(
    need: Callable[[Seen, Project], tuple[Match, ...]],
    seats: Callable[[Seen, Project], list[tuple[Match, str]]],
    step: str,
    what: str,
    seen: Seen,
    project: Project,
) -> Iterable[Judgement]:
    needing = {match.label for match in need(seen, project)}
    fitting = {match.label for match, _ in seats(seen, project)}

    def judge(match: Match) -> Iterable[Judgement]:
        if match.label in needing:
            yield Judgement(
                "fail",
                match.label,
                seen=f"stamped, and without {what}",
                expected=f"{what}, as project.yaml asks for",
                remedy=f"Apply step {step}."
                if match.label in fitting
                else "No seat is free, or the usage location is missing: section 020 counts the seats.",
                step=step if match.label in fitting else None,
            )

    found = [m for m in movers(seen, project) if licensable(m, project)]
    yield from judge_each(found, judge, of_what="users", expected=f"{what}, where project.yaml asks for it")


def _add_on(seen: Seen, project: Project) -> Iterable[Judgement]:
    """As the others; and whoever is still to be stamped has it coming, which a plan of the whole says beforehand."""
    yield from _licensed(need_add_on, add_on_seats, ADD_ON, "the migration licence", seen, project)
    if project.licences.add_on_side != "target":
        return
    coming = [
        m for m in users_without_add_on(seen, project) if not licensable(m, project) and not on_premises(m, project)
    ]
    if coming:
        yield Judgement(
            "fail",
            f"{counted(len(coming), 'user')} who are not stamped yet",
            seen="without the migration licence",
            expected="stamped, then licensed",
            remedy=f"Apply step {STAMP}, then {ADD_ON}.",
            step=STAMP,
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "licence-after-stamp",
        "Whoever is licensed in the target has been stamped before",
        ("LIC-13",),
        "target",
        LICENCE_FACTS,
        _after_stamp,
    ),
    Rule(
        "target-usage-location",
        "Every user to be licensed in the target has a usage location",
        ("LIC-13",),
        "target",
        LICENCE_FACTS,
        _location,
    ),
    Rule(
        "target-add-on",
        "Users have the migration licence, where the project gives it in the target",
        ("LIC-13",),
        "target",
        LICENCE_FACTS,
        _add_on,
    ),
    Rule(
        "target-exchange-before-move",
        "Stamped users have the Exchange licence, where the project gives it before the move",
        ("LIC-13",),
        "target",
        LICENCE_FACTS,
        partial(_licensed, need_exchange, exchange_seats, EXCHANGE, "the Exchange licence"),
    ),
)
