"""Section 190: what the move has made of both objects of every completed user, and where mail goes now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.moved import MAILBOX_KINDS, MOVED_FACTS, WITH_WARNINGS, Moved, moved
from xtmig_kernel.rules.prepared import domain_of, verified_domains
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

    Judge = Callable[[Moved], Iterable[Judgement]]

DOMAIN_FACTS = ("source.accepted_domains", "target.accepted_domains")
FACTS = (*MOVED_FACTS, *DOMAIN_FACTS)
_SUPPORT = "Change nothing by hand. Look again in an hour; if it is the same then, open a support case with Microsoft."


def _source(seen: Seen, project: Project) -> Iterable[Judgement]:
    expected = "a MailUser that is left in the source"

    def judge(item: Moved) -> Iterable[Judgement]:
        if item.source is None:
            yield Judgement(
                "fail",
                item.label,
                seen="the source has no MailUser and no mailbox of this user any more",
                expected=expected,
                remedy="Mail to the old addresses is lost without one: restore the deleted object in the source.",
            )
        elif not item.source_converted:
            kind = item.source["RecipientTypeDetails"]
            yield Judgement("fail", item.label, seen=f"still a {kind}", expected=expected, remedy=_SUPPORT)

    yield from judge_each(moved(seen, project), judge, of_what="moved users", expected=expected)


def _target(seen: Seen, project: Project) -> Iterable[Judgement]:
    expected = "a mailbox in the target, with the ExchangeGuid of the one that moved"

    def judge(item: Moved) -> Iterable[Judgement]:
        if not item.target_converted:
            yield Judgement("fail", item.label, seen=_not_converted(item), expected=expected, remedy=_SUPPORT)

    yield from judge_each(moved(seen, project), judge, of_what="moved users", expected=expected)


def _not_converted(item: Moved) -> str:
    if item.target is None:
        return "the target has no such mailbox, or several"
    if item.target["RecipientTypeDetails"] not in MAILBOX_KINDS:
        return f"a {item.target['RecipientTypeDetails']}"
    return f"a mailbox with ExchangeGuid {item.target['ExchangeGuid']}; {item.guid or 'no GUID'} was moved"


def _forwarding(seen: Seen, project: Project) -> Iterable[Judgement]:
    domain = project.delivery_domain
    expected = f"the target mailbox's address in {domain}"

    def judge(item: Moved) -> Iterable[Judgement]:
        if item.source is None or item.target is None or not item.source_converted:
            return
        external = str(item.source["ExternalEmailAddress"] or "")
        own = {str(address).casefold() for address in item.target["SmtpAddresses"]}
        if external.casefold() in own and domain_of(external) == domain:
            return
        where = "on-premises (notebook 200)" if item.source["DirectorySynchronised"] else "in the source"
        yield Judgement(
            "fail",
            item.label,
            seen=f"ExternalEmailAddress is {external or 'empty'}",
            expected=expected,
            remedy=f"Mail to the old address does not arrive. Set it {where} to an address of the target mailbox in "
            f"{domain}.",
        )

    # who has no MailUser is told by another rule
    found = [item for item in moved(seen, project) if item.source_converted and item.target is not None]
    yield from judge_each(found, judge, of_what="moved users", expected=expected)


def _warnings(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(item: Moved) -> Iterable[Judgement]:
        if item.entry["Status"] != WITH_WARNINGS:
            return
        told = str(item.entry["ErrorSummary"] or "").strip()
        state = "both objects are converted" if item.converted else "not both objects are converted"
        yield Judgement(
            "warn" if item.converted else "fail",
            item.label,
            seen=f"completed with warnings; {state}{told and '; ' + told}",
            expected="completed without warnings, or looked at",
            remedy="Compare counts and permissions below; notebook 140 lists what was skipped."
            if item.converted
            else _SUPPORT,
        )

    yield from judge_each(moved(seen, project), judge, of_what="moved users", expected="completed without warnings")


def _domains(seen: Seen, project: Project) -> Iterable[Judgement]:
    of_source = verified_domains(seen, "source") - verified_domains(seen, "target")
    yield from _addresses(
        seen,
        project,
        lambda address: domain_of(address) in of_source,
        "addresses of the target alone",
        "Take it off the mailbox in the target: mail to it belongs to the source's MailUser, which forwards it.",
    )


def _verified(seen: Seen, project: Project) -> Iterable[Judgement]:
    verified = verified_domains(seen, "target")
    yield from _addresses(
        seen,
        project,
        lambda address: domain_of(address) not in verified,
        "addresses in domains that the target has verified",
        "A mailbox may send from verified domains alone: verify the domain in the target, or take the address off.",
    )


def _addresses(
    seen: Seen, project: Project, is_wrong: Callable[[str], bool], expected: str, remedy: str
) -> Iterable[Judgement]:
    def judge(item: Moved) -> Iterable[Judgement]:
        wrong = sorted({str(a) for a in _smtp(item.target) if is_wrong(str(a))}, key=str.casefold)
        if wrong:
            yield Judgement("fail", item.label, seen=f"has {', '.join(wrong)}", expected=expected, remedy=remedy)

    found = [item for item in moved(seen, project) if item.target is not None]
    yield from judge_each(found, judge, of_what="moved users", expected=expected)


def _smtp(row: Row | None) -> Iterable[str]:
    return (*row["SmtpAddresses"], row["PrimarySmtpAddress"]) if row is not None else ()


def signed(what: str, words: str) -> Callable[[Seen, Project], Iterable[Judgement]]:
    """A judgement that asks for a signature as soon as anybody has moved.

    Args:
        what: What is signed for, as a subject.
        words: What the person confirms.
    """

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        number = len(moved(seen, project))
        if number:
            yield Judgement("sign", f"{what}, {number} moved users", remedy=words)

    return judge


def _rule(
    rule_id: str,
    title: str,
    statements: tuple[str, ...],
    side: Side | None,
    judge: Callable[[Seen, Project], Iterable[Judgement]],
    needs: tuple[str, ...] = MOVED_FACTS,
) -> Rule:
    return Rule(rule_id, title, statements, side, needs, judge)


RULES: tuple[Rule, ...] = (
    _rule(
        "moved-source-converted",
        "In the source every moved user is a MailUser now",
        ("GEN-02", "GEN-04", "MFL-03"),
        "source",
        _source,
    ),
    _rule(
        "moved-target-converted",
        "In the target every moved user has the mailbox now",
        ("GEN-02", "PRM-09"),
        "target",
        _target,
    ),
    _rule(
        "moved-forwarding",
        "The source forwards to the target's address in the delivery domain",
        ("GEN-03", "MFL-01", "MFL-03"),
        "source",
        _forwarding,
    ),
    _rule("moved-warnings", "Moves that were completed with warnings were looked at", ("GEN-02",), "target", _warnings),
    _rule(
        "moved-domains",
        "No moved mailbox has an address in a domain of the source",
        ("OUT-01",),
        "target",
        _domains,
        FACTS,
    ),
    _rule(
        "moved-addresses-verified",
        "Moved mailboxes have addresses in verified domains alone",
        ("LIC-17",),
        "target",
        _verified,
        FACTS,
    ),
    _rule(
        "mail-rules-reviewed",
        "Transport rules and security of both tenants were reviewed for mail that crosses both",
        ("MFL-04",),
        None,
        signed(
            "mail through both tenants",
            "The owner of mail flow has reviewed transport rules, journaling, anti-spam and compliance features of "
            "both tenants: mail to an old address passes the source's first, then the target's. A test message from "
            "outside to an old address has arrived.",
        ),
    ),
    _rule(
        "outlook-profiles",
        "Everybody who moved has an Outlook profile with the new address",
        ("OUT-03",),
        None,
        signed(
            "Outlook profiles",
            "The service desk has seen to it that everybody of this wave made a new Outlook profile with the new "
            "sign-in name and address, and that Outlook has loaded the mailbox again.",
        ),
    ),
    _rule(
        "teams-meetings",
        "Teams meetings of those who moved were made anew",
        ("TMS-02",),
        None,
        signed(
            "Teams meetings",
            "Everybody of this wave was told to delete their future Teams meetings and to make them anew, for the "
            "links in the moved ones lead nowhere; who organises many was helped.",
        ),
    ),
)
