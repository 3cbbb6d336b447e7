"""Section 020: the addresses that a licence takes away, foreseen and looked at afterwards (LIC-17, KNI-06).

Once a licence with an Exchange plan is on a mailbox or MailUser, the service removes every SMTP address whose domain
that tenant has not verified, and puts a verified primary address in place of one that goes. x500 addresses stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.licences import FACTS, mailbox_id, movers, object_on, users_without_add_on
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import gives_mailbox, holders, is_add_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.matching import Match


def foreign_addresses(row: Row, verified: frozenset[str]) -> list[str]:
    """The SMTP addresses of an object in domains that its tenant has not verified.

    Args:
        row: A row of `mailboxes` or `mail_users`.
        verified: The tenant's accepted domains, in lower case.
    """
    every = {str(address).casefold(): str(address) for address in (*row["SmtpAddresses"], row["PrimarySmtpAddress"])}
    return sorted(address for key, address in every.items() if key.rpartition("@")[2] not in verified)


def _verified(seen: Seen, side: Side) -> frozenset[str]:
    return frozenset(str(row["DomainName"]).casefold() for row in seen.rows(f"{side}.accepted_domains"))


def _licensed(seen: Seen, side: Side) -> frozenset[str]:
    return holders(seen, side, lambda row: is_add_on(row) or gives_mailbox(row))


def _to_be_licensed(seen: Seen, project: Project, side: Side) -> frozenset[str]:
    """The source mailboxes of those who will get a licence on that side: all of them in the target, in the end."""
    if side == "target":
        return frozenset(mailbox_id(user) for user in movers(seen, project))
    if project.licences.add_on_side != "source":
        return frozenset()
    return frozenset(mailbox_id(user) for user in users_without_add_on(seen, project))


def _foreseen(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        verified, licensed = _verified(seen, side), _licensed(seen, side)
        expecting = _to_be_licensed(seen, project, side)

        def loses(user: Match) -> Iterable[Judgement]:
            row = object_on(user, side)
            if row is None or mailbox_id(user) not in expecting or _id(row) in licensed:
                return
            yield from _lost(user, row, verified, side)

        yield from judge_each(movers(seen, project), loses, of_what="users", expected="a licence takes no address away")

    return judge


def _lost(user: Match, row: Row, verified: frozenset[str], side: Side) -> Iterable[Judgement]:
    foreign = foreign_addresses(row, verified)
    if foreign:
        primary = str(row["PrimarySmtpAddress"]).casefold() in {address.casefold() for address in foreign}
        yield Judgement(
            "warn",
            user.label,
            seen=f"will lose {', '.join(foreign)}" + ("; the primary address is among them" if primary else ""),
            expected=f"addresses in domains that the {side} has verified",
            remedy=f"Verify these domains in the {side}, or agree with the user that these addresses go.",
        )


def _kept(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        verified, licensed = _verified(seen, side), _licensed(seen, side)
        rows = [(user, row) for user in movers(seen, project) if (row := object_on(user, side)) is not None]

        def holds(pair: tuple[Match, Row]) -> Iterable[Judgement]:
            foreign = foreign_addresses(pair[1], verified)
            if foreign:
                yield Judgement(
                    "warn",
                    pair[0].label,
                    seen=f"is licensed and still has {', '.join(foreign)}",
                    expected=f"addresses in domains that the {side} has verified",
                    remedy="The service removes them; until then a move may fail with NotAcceptedDomain. Remove them"
                    + (" on-premises and let it synchronise" if pair[1]["DirectorySynchronised"] else "")
                    + ", or look again when Microsoft has done it.",
                )

        judged = [pair for pair in rows if _id(pair[1]) in licensed]
        yield from judge_each(judged, holds, of_what="licensed users", expected="all addresses in verified domains")

    return judge


def _id(row: Row) -> str:
    return str(row["ObjectId"]).casefold()


def _of(side: Side) -> tuple[Rule, Rule]:
    statements = ("LIC-17", "KNI-06")
    return (
        Rule(
            f"{side}-licence-takes-no-address",
            f"No {side} user loses an address by the licence that is to come",
            statements,
            side,
            FACTS,
            _foreseen(side),
        ),
        Rule(
            f"{side}-licensed-addresses-verified",
            f"Licensed {side} users have addresses in verified domains alone",
            statements,
            side,
            FACTS,
            _kept(side),
        ),
    )


RULES: tuple[Rule, ...] = (*_of("source"), *_of("target"))
