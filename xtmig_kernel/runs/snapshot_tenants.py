"""A snapshot of two tenants as a tenants file of the simulator, and the practice project beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import InventoryError
from xtmig_kernel.evidence import Observed
from xtmig_kernel.project.users import USERS_FILE, from_columns
from xtmig_kernel.runs.snapshot_people import people_of
from xtmig_kernel.runs.snapshot_setup import OF_SOURCE, OF_TARGET, UNREAD, setup_of
from xtmig_kernel.runs.snapshot_side import SnapshotSide

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from xtmig_kernel.evidence import Facts
    from xtmig_kernel.project import Project, Side, UserRow

ESSENTIAL = (
    "source.organization", "target.organization", "source.mailboxes", "source.mailbox_states", "target.mail_users",
)  # fmt: skip
"""Without these there is nothing to rehearse, or nobody could tell a mailbox that is held from one that is not."""
CARRIED = (
    "id", "name", "names", "application_id", "consent", "users", "target_addresses", "licences", "move",
    "last_completion", "back_from", "requests_at_once", "four_eyes",
)  # fmt: skip
"""What of `project.yaml` holds in the rehearsal too; tenants, sign-in, approvers and secrets are those of practice."""
_TARGET_USERS = ("made", "password_length", "delivery_domain")
_SECRET = ("valid_days", "generation")


@dataclass(frozen=True)
class SnapshotTenants:
    """What a rehearsal of a snapshot begins with.

    Args:
        tenants: Content of the tenants file.
        settings: What `project.yaml` of the rehearsal says beside what every practice project says.
        users: The rows of `users.csv`; none where the snapshot was taken before there was such a file.
        told: One sentence for each thing that is not in the rehearsal as it is in the tenants.
    """

    tenants: dict[str, Any]
    settings: dict[str, Any]
    users: tuple[UserRow, ...]
    told: tuple[str, ...]


def tenants_of(facts: Facts, project: Project, settings: Mapping[str, Any]) -> SnapshotTenants:
    """What a snapshot says, as a tenants file says it.

    Args:
        facts: The facts of the snapshot.
        project: The project that it was taken for.
        settings: The content of that project's `project.yaml`.

    Raises:
        InventoryError: The snapshot did not observe what no rehearsal can do without.
    """
    missing = [name for name in ESSENTIAL if not isinstance(fact := facts.get(name), Observed)]
    empty = [name for name in ESSENTIAL[:2] if isinstance(fact := facts.get(name), Observed) and not fact.value]
    if missing or empty:
        raise InventoryError(
            f"the snapshot did not observe {' and '.join([*missing, *empty])}, without which nothing can be rehearsed",
            cause="an account that may not read it, or a collection that was broken off",
            remedy="Give the accounts the rights that `xtmig check-access` asks for, and collect again.",
        )
    tenants: dict[str, Any] = {"version": 1}
    told: list[str] = []
    sides: tuple[Side, ...] = ("source", "target")
    for name in sides:
        side = SnapshotSide(name, facts)
        tenants[name] = setup_of(side, project) | people_of(side)
        told += [*_unobserved(side, tenants[name]["refused"]), *_unread(name, tenants[name]), *side.told()]
    return SnapshotTenants(tenants, carried(settings), _users(facts), tuple(told))


def carried(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What of a project's settings holds in its rehearsal too.

    Args:
        settings: The content of `project.yaml`.
    """
    kept = {key: settings[key] for key in CARRIED if key in settings}
    for key, parts in (("target_users", _TARGET_USERS), ("secret", _SECRET)):
        held = {part: value for part, value in (settings.get(key) or {}).items() if part in parts}
        kept |= {key: held} if held else {}
    # a list of its own takes the place of whatever practice projects say
    return {"users": {"choose": "file"}} | kept


def _users(facts: Facts) -> tuple[UserRow, ...]:
    chosen, staying = facts.get("source.chosen_users"), facts.get("source.staying_users")
    if not isinstance(chosen, Observed) or chosen.source != USERS_FILE:
        return ()
    rows = [*chosen.value, *(staying.value if isinstance(staying, Observed) else ())]
    return tuple(from_columns(row) for row in sorted(rows, key=lambda row: int(row["Line"])))


def _unobserved(side: SnapshotSide, refused: Container[str]) -> Iterator[str]:
    elsewhere = OF_SOURCE if side.side == "target" else OF_TARGET
    for table, names in UNREAD.items():
        why = None if table in elsewhere else side.why_not(table)
        if why:
            gone = [name for name in names if name in refused]
            effect = (
                f"{' and '.join(gone)} is refused in the rehearsal too"
                if gone
                else "the rehearsal shows defaults there, which nobody has seen"
            )
            yield f"{side.side}: {table} was not observed ({why}); {effect}"


def _unread(side: str, tenant: Mapping[str, Any]) -> Iterator[str]:
    unread = Counter(word for mailbox in tenant.get("mailboxes", ()) for word in mailbox["unreadable"])
    for word, number in unread.items():
        yield f"{side}: {word} of {number:,} mailboxes were not observed; they cannot be read in the rehearsal either"
