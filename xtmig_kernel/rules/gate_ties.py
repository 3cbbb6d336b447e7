"""Section 160: rights between users live on only where both have moved (PRM-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import everybody
from xtmig_kernel.rules.gate import at_gate, gate_rule, nobody_due
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batches import Moving
    from xtmig_kernel.rules.rule import Seen

PERMISSIONS = "source.mailbox_permissions"


def _ties(seen: Seen, project: Project) -> Iterable[Judgement]:
    """Rights live on only where both have moved; that some ties break was accepted when the waves were planned."""
    yield from nobody_due(seen, project)
    gates = at_gate(seen, project)
    here = {moving.label for gate in gates for moving in gate.users}
    by_address = addresses_of_users(seen, project)

    def judge(pair: tuple[Moving, Moving, tuple[str, ...]]) -> Iterable[Judgement]:
        owner, trustee, rights = pair
        for one, other in ((owner, trustee), (trustee, owner)):
            if one.label in here and other.label not in here and other.mailbox is None:
                wave = str(other.user["Wave"] or "") or "no wave"
                yield Judgement(
                    "warn",
                    f"{owner.label} and {trustee.label}",
                    seen=f"{', '.join(rights)} of {trustee.label} on {owner.label}; {other.label} moves later ({wave})",
                    expected="both in one wave, or the other has moved",
                    remedy="The right stops working until both have moved, and section 190 lists what must be given "
                    "again. To keep it, put both into one wave before the cutover.",
                )

    pairs = [pair for pair in ties(seen, by_address) if here & {pair[0].label, pair[1].label}]
    if not pairs and gates:
        yield Judgement("pass", "rights", seen="no rights between users who move", expected="both ends in one wave")
    yield from judge_each(pairs, judge, of_what="pairs of users with rights", expected="both ends in one wave or moved")


def addresses_of_users(seen: Seen, project: Project) -> dict[str, Moving]:
    """Everybody of `users.csv` by every address of the source object.

    Args:
        seen: Holds `WAVE_FACTS`.
        project: The project.
    """
    found: dict[str, Moving] = {}
    for moving in everybody(seen, project):
        others = moving.source["SmtpAddresses"] if moving.source is not None else ()
        for address in (moving.label, *others):
            found.setdefault(str(address).casefold(), moving)
    return found


def ties(seen: Seen, by_address: Mapping[str, Moving]) -> list[tuple[Moving, Moving, tuple[str, ...]]]:
    """Users of whom one has rights on the other's mailbox: owner, trustee, rights.

    Args:
        seen: Holds `source.mailbox_permissions`.
        by_address: What `addresses_of_users` gave.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for row in seen.rows("source.mailbox_permissions"):
        ends = [by_address.get(str(row[column] or "").casefold()) for column in ("Mailbox", "Trustee")]
        if ends[0] is None or ends[1] is None or ends[0].label == ends[1].label or row["Deny"] or row["Inherited"]:
            continue
        found.setdefault((ends[0].label, ends[1].label), set()).add(str(row["Right"]))
    return [
        (by_address[owner.casefold()], by_address[trustee.casefold()], tuple(sorted(rights)))
        for (owner, trustee), rights in sorted(found.items())
    ]


RULES = (gate_rule("gate-ties", "Users with rights on each other move together", _ties, further=(PERMISSIONS,)),)
