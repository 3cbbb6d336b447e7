"""Section 080: the scope groups, which say whose mailboxes may leave the source tenant, and who is in them.

Members are compared by object ID, for names and aliases are not unique (PRE-05). Only direct membership counts: whether
nested groups are followed is contradictory in Microsoft's own pages and scripts (doc traps C11, C12).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

SECURITY_GROUP = "MailUniversalSecurityGroup"
USERS_PER_GROUP = 10_000
GROUPS = "source.distribution_groups"
GROUP_FACTS = (GROUPS, "source.recipients")
USER_FACTS = ("source.chosen_users", "source.mailboxes", "source.mail_users")
MEMBER_FACTS = ("source.scope_members", *USER_FACTS)
_KINDS = {
    "MailUniversalDistributionGroup": "a distribution list, which is no security group",
    "MailNonUniversalGroup": "a group of an old kind, which is not universal",
    "GroupMailbox": "a Microsoft 365 group",
    "DynamicDistributionGroup": "a dynamic distribution group, whose members nobody lists",
    "RoomList": "a room list",
}


def scope_alias(name: str) -> str:
    """The alias that a new scope group gets; by it a group is known again that a naming policy has renamed.

    Args:
        name: The group's name; an alias cannot hold all characters of it.

    Returns:
        The alias, an empty text where nothing of the name is left.
    """
    return re.sub(r"[^A-Za-z0-9._-]", "", name).strip(".")


def scope_group(seen: Seen, name: str) -> Row | None:
    """The scope group of that name, if it is one that may be used (PRE-04).

    Args:
        seen: Holds `source.distribution_groups`.
        name: Its name in `project.yaml`.
    """
    found = [row for row in seen.rows(GROUPS) if _same(row["Name"], name)]
    right = len(found) == 1 and found[0]["RecipientTypeDetails"] == SECURITY_GROUP and found[0]["ObjectId"]
    return found[0] if right else None


def in_the_way(seen: Seen, name: str) -> list[Row]:
    """What bears the name or the alias of a scope group that is not usable: it is neither used nor doubled.

    Args:
        seen: Holds `GROUP_FACTS`.
        name: The scope group's name in `project.yaml`.
    """
    if scope_group(seen, name) is not None:
        return []
    alias = scope_alias(name)
    rows = (*seen.rows(GROUPS), *seen.rows("source.recipients"))
    return [row for row in rows if _same(row["Name"], name) or (alias and _same(row["Alias"], alias))]


def _same(value: object, text: str) -> bool:
    return str(value).casefold() == text.casefold()


@dataclass(frozen=True)
class Membership:
    """Who is in the scope groups, and who should be.

    Args:
        listed: Whether `users.csv` is written and every line of it answers to exactly one object of the source.
        wanted: Object ID to mailbox of every user of `users.csv` who has not moved yet.
        kept: Object IDs that may be in, users who have moved among them.
        direct: Rows of `scope_members` by group name without case, then by object ID.
        nested: Object ID to the nested group by way of which it belongs, where it does.
    """

    listed: bool
    wanted: Mapping[str, Row]
    kept: frozenset[str]
    direct: Mapping[str, Mapping[str, Row]]
    nested: Mapping[str, str]

    @property
    def members(self) -> set[str]:
        """Object IDs of everybody who is a direct member of any scope group."""
        return {object_id for rows in self.direct.values() for object_id in rows}


def membership(seen: Seen) -> Membership:
    """Who is in the scope groups, and who should be (PRE-05).

    Args:
        seen: Holds `MEMBER_FACTS`.
    """
    return seen.once(_membership, MEMBER_FACTS)


def _membership(seen: Seen) -> Membership:
    pairs = source_holders(seen)
    holders = [row for _, row in pairs if row is not None and row["ObjectId"]]
    direct: dict[str, dict[str, Row]] = {}
    nested: dict[str, str] = {}
    for row in seen.rows("source.scope_members"):
        if row["Membership"] == "direct":
            direct.setdefault(str(row["Group"]).casefold(), {})[str(row["ObjectId"])] = row
        else:
            nested.setdefault(str(row["ObjectId"]), str(row["Via"]))
    return Membership(
        listed=bool(pairs) and len(holders) == len(pairs) and all(user["Line"] for user, _ in pairs),
        wanted={str(r["ObjectId"]): r for r in holders if r["RecipientTypeDetails"] != "MailUser"},
        kept=frozenset(str(row["ObjectId"]) for row in holders),
        direct=direct,
        nested=nested,
    )


def _groups(seen: Seen, project: Project) -> Iterable[Judgement]:
    expected = "a mail-enabled security group"
    for name in project.scope_group_names:
        group = scope_group(seen, name)
        others = in_the_way(seen, name)
        if group is not None:
            yield Judgement("pass", name, seen=expected, expected=expected)
        elif others:
            yield Judgement("fail", name, _what(others[0], name), expected, _what_to_do(others[0], name))
        else:
            yield Judgement("fail", name, "no such group", expected, "Apply step 080.2.", "080.2")


def _what(row: Row, name: str) -> str:
    kind = str(row["RecipientTypeDetails"])
    if kind == SECURITY_GROUP and _same(row["Name"], name):
        return "several groups bear that name, or it has no object ID yet"
    if kind == SECURITY_GROUP:
        return f"the group with its alias is called {row['Name']}: a naming policy, or somebody, has renamed it"
    bearer = "that name" if _same(row["Name"], name) else "its alias"
    return f"{bearer} belongs to {_KINDS.get(kind, f'a {kind}')}"


def _what_to_do(row: Row, name: str) -> str:
    if row["RecipientTypeDetails"] == SECURITY_GROUP and not _same(row["Name"], name):
        return f"If it is meant, write {row['Name']} for {name} into names.scope_groups of project.yaml."
    return "Choose another name in names.scope_groups of project.yaml; xtmig neither uses nor alters this object."


def _size(seen: Seen, project: Project) -> Iterable[Judgement]:
    users, groups = len(seen.rows("source.chosen_users")), len(project.scope_group_names)
    short = -(-users // USERS_PER_GROUP) - groups
    for name, rows in membership(seen).direct.items():
        if len(rows) > USERS_PER_GROUP:
            yield Judgement(
                "warn",
                name,
                seen=f"{len(rows)} direct members",
                expected=f"at most {USERS_PER_GROUP}",
                remedy="Microsoft recommends several groups for speed; nothing must be done.",
            )
    yield Judgement(
        "warn" if short > 0 else "pass",
        f"{users} users, {groups} scope group{'s' if groups > 1 else ''}",
        seen=f"{-(-users // groups)} users for each group",
        expected=f"at most {USERS_PER_GROUP} users for each group",
        remedy=f"Add {short} name{'s' if short > 1 else ''} to names.scope_groups in project.yaml; if the service then "
        "publishes only one group, go back to one: that is slower, and works.",
    )


def _complete(seen: Seen, _project: Project) -> Iterable[Judgement]:
    if not is_written(seen):
        yield _not_written()
        return
    now = membership(seen)
    members = now.members

    def judge(pair: tuple[Row, Row | None]) -> Iterable[Judgement]:
        user, row = pair
        expected = "a direct member of a scope group"
        if row is None or not row["ObjectId"]:
            yield Judgement(
                "fail",
                str(user["SourceAddress"]),
                seen="none or several mailboxes of the source answer to this address",
                expected=expected,
                remedy="Correct the line in users.csv.",
            )
        elif (object_id := str(row["ObjectId"])) in now.wanted and object_id not in members:
            via = now.nested.get(object_id)
            yield Judgement(
                "fail",
                str(user["SourceAddress"]),
                seen=f"a member by way of the nested group {via} alone" if via else "in no scope group",
                expected=expected,
                remedy="Apply step 080.3. Where the group is synchronised, add the user in your own directory.",
                step="080.3",
            )

    yield from judge_each(
        source_holders(seen), judge, of_what="users", expected="in a scope group as direct members, or moved already"
    )


def _nobody_else(seen: Seen, _project: Project) -> Iterable[Judgement]:
    rows = seen.rows("source.scope_members")
    if not rows:
        yield Judgement("pass", "scope groups", seen="nobody is in them yet", expected="nobody but users of users.csv")
        return
    if not is_written(seen):
        yield _not_written()
        return
    now = membership(seen)

    def judge(row: Row) -> Iterable[Judgement]:
        if is_stranger(row, now):
            way = f", by way of {row['Via']}" if row["Via"] else ""
            yield Judgement(
                "fail",
                f"{row['PrimarySmtpAddress'] or row['Name']} in {row['Group']}",
                seen=f"a {row['RecipientTypeDetails']} that no line of users.csv names{way}; it may leave",
                expected="only users of users.csv",
                remedy="Approve and apply step 080.3, which takes it out; of a synchronised group only your own "
                "directory can. Or add it to users.csv, or let the owner of the risk waive this finding.",
                step="080.3",
            )

    yield from judge_each(rows, judge, of_what="members", expected="users of users.csv")


def is_group(row: Row) -> bool:
    """Whether a member is a group itself.

    Args:
        row: A row of `scope_members`.
    """
    return str(row["RecipientTypeDetails"]).endswith("Group")


def is_stranger(row: Row, now: Membership) -> bool:
    """Whether a member may leave the source and no line of `users.csv` names it; of a group its members count.

    Args:
        row: A row of `scope_members`.
        now: Who should be in.
    """
    if is_group(row):
        return not str(row["RecipientTypeDetails"]).startswith("Mail")  # its members cannot be listed
    return str(row["ObjectId"]) not in now.kept


def to_take_out(seen: Seen, now: Membership) -> list[Row]:
    """Direct members that go: strangers, and groups by way of which a stranger belongs (PRE-05, PRE-07).

    Args:
        seen: Holds `MEMBER_FACTS`.
        now: Who should be in.

    Returns:
        Nobody while a line of `users.csv` is in doubt, for then a user would be taken for a stranger.
    """
    rows = seen.rows("source.scope_members")
    by_way: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_way.setdefault((str(row["Group"]), str(row["Via"])), []).append(row)

    def brings_in(direct: Row) -> bool:
        waiting, looked_into = [direct], set()
        while waiting:
            row = waiting.pop()
            if is_stranger(row, now):
                return True
            key = (str(row["Group"]), str(row["Name"]))
            if is_group(row) and key not in looked_into:  # a group may be inside itself
                looked_into.add(key)
                waiting += by_way.get(key, [])
        return False

    direct = [row for row in rows if row["Membership"] == "direct" and row["ObjectId"]]
    return [row for row in direct if now.listed and brings_in(row)]


def _nested(seen: Seen, _project: Project) -> Iterable[Judgement]:
    rows = [row for row in seen.rows("source.scope_members") if row["Membership"] == "direct"]

    def judge(row: Row) -> Iterable[Judgement]:
        if is_group(row):
            yield Judgement(
                "warn",
                f"{row['Name']} in {row['Group']}",
                seen="a group inside the scope group",
                expected="users as direct members",
                remedy="Microsoft's own pages disagree on whether its members count. Step 080.3 adds the users of "
                "users.csv directly; then its owner may take the nested group out.",
            )

    yield from judge_each(rows, judge, of_what="members", expected="no groups")


def is_written(seen: Seen) -> bool:
    """Whether `users.csv` is there and names anybody.

    Args:
        seen: Holds `source.chosen_users`.
    """
    return any(user["Line"] for user in seen.rows("source.chosen_users"))


def _not_written() -> Judgement:
    return Judgement(
        "fail",
        USERS_FILE,
        seen="users.csv is not written, so nobody knows who may leave",
        expected="the users who move",
        remedy="Step 090.1 writes it.",
        step="090.1",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "scope-group-found",
        "Each scope group exists in the source, and is a mail-enabled security group",
        ("PRE-04", "SRC-05"),
        "source",
        GROUP_FACTS,
        _groups,
    ),
    Rule(
        "scope-group-size",
        "There is a scope group for each ten thousand users",
        ("PRE-06",),
        "source",
        MEMBER_FACTS,
        _size,
    ),
    Rule(
        "scope-members-complete",
        "Every user of users.csv is a direct member of a scope group",
        ("PRE-05",),
        "source",
        MEMBER_FACTS,
        _complete,
    ),
    Rule(
        "scope-members-only",
        "Nobody is in a scope group whom users.csv does not name",
        ("PRE-05",),
        "source",
        MEMBER_FACTS,
        _nobody_else,
    ),
    Rule(
        "scope-nested",
        "No group is nested in a scope group",
        ("PRE-07",),
        "source",
        ("source.scope_members",),
        _nested,
    ),
)
