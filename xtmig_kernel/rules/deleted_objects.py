"""Section 040: deleted users of either tenant that bear the identity of a user who moves (failures 2.2 #26).

Deleted mailboxes of the target are judged by matching; these are the deleted MailUsers there, and the deleted mailboxes
of the source.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.matching import FACTS, matches, source_holders
from xtmig_kernel.rules.movers import HOLDERS
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.matching import Match

IN_SOURCE, IN_TARGET = "source.soft_deleted_mailboxes", "target.soft_deleted_mail_users"
_KEYS = ("ExchangeGuid", "UserPrincipalName", "PrimarySmtpAddress")
NOBODY_DELETED = "no deleted object bears the same identity"


def _by_key(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for key in {str(row[column]).casefold() for column in _KEYS if row[column]}:
            found[key].append(row)
    return found


def _same(index: dict[str, list[Row]], keys: Iterable[object]) -> list[Row]:
    rows = (row for key in keys if key for row in index.get(str(key).casefold(), ()))
    return list({id(row): row for row in rows}.values())


def _told(rows: Sequence[Row]) -> str:
    return named([str(row["DisplayName"] or row["PrimarySmtpAddress"] or row["ExchangeGuid"]) for row in rows])


def _mail_users(seen: Seen, project: Project) -> Iterable[Judgement]:
    index = _by_key(seen.rows(IN_TARGET))

    def judge(match: Match) -> Iterator[Judgement]:
        keys = [match.source and match.source["ExchangeGuid"]]
        keys += [match.names.sign_in, match.names.address] if match.names is not None and match.target is None else []
        found = _same(index, keys)
        if found:
            yield Judgement(
                "fail",
                match.label,
                seen=f"deleted MailUser of the target: {_told(found)}",
                expected=NOBODY_DELETED,
                remedy="Ask its owner. Restore it and use it, or let its administrator remove it for ever: first from "
                "the deleted users of Entra, then from Exchange. That cannot be undone.",
            )

    found = [match for match in matches(seen, project) if match.source is not None]
    yield from judge_each(found, judge, of_what="users", expected=NOBODY_DELETED)


def _mailboxes(seen: Seen, _project: Project) -> Iterable[Judgement]:
    index = _by_key(seen.rows(IN_SOURCE))

    def judge(pair: tuple[Row, Row]) -> Iterator[Judgement]:
        user, mailbox = pair
        keys = (mailbox["ExchangeGuid"], mailbox["UserPrincipalName"], mailbox["PrimarySmtpAddress"])
        found = _same(index, keys)
        if found:
            yield Judgement(
                "warn",
                str(user["SourceAddress"]),
                seen=f"deleted mailbox of the source: {_told(found)}",
                expected=NOBODY_DELETED,
                remedy="Ask its owner what it holds and whether it may go for ever. The service may take the deleted "
                "one for the mailbox that is to move.",
            )

    pairs = [(user, row) for user, row in source_holders(seen) if row is not None and row["ExchangeGuid"]]
    there = [(user, row) for user, row in pairs if row["RecipientTypeDetails"] != "MailUser"]
    yield from judge_each(there, judge, of_what="users", expected=NOBODY_DELETED)


RULES: tuple[Rule, ...] = (
    Rule(
        "user-not-deleted-before",
        "No deleted MailUser of the target bears a user's identity",
        ("USR-04",),
        "target",
        (*FACTS, IN_TARGET),
        _mail_users,
    ),
    Rule(
        "source-not-deleted-before",
        "No deleted mailbox of the source bears the identity of one that moves",
        ("SCR-03",),
        "source",
        (*HOLDERS, IN_SOURCE),
        _mailboxes,
    ),
)
