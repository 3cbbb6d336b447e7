"""Section 100: every user stands in the target as a MailUser that a mailbox can move to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import matches
from xtmig_kernel.rules.prepared import (
    FACTS,
    PERSONS,
    X400,
    X500,
    domain_of,
    foreign,
    in_cloud,
    on_premises,
    parts,
    same,
    verified_domains,
    wanted,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.matching import Match

    Compare = Callable[[Match, Row, dict[str, Any], Project], Iterable[Judgement]]

LOOK, CREATE, STAMP, REMOVE = "100.1", "100.2", "100.3", "100.4"
_OF_PREVIOUS = frozenset({"user-no-other-guid", "user-no-previous-mailbox"})


def mend(match: Match, step: str, words: str = "") -> dict[str, Any]:
    """Remedy and step for what is wrong with a user; of one that is blocked, what blocks it comes first.

    Args:
        match: The user.
        step: The step that mends it where nothing blocks it.
        words: The remedy, where it is not just that step.
    """
    first = next((p for p in match.problems if p.blocks), None)
    if first is None:
        return {"remedy": words or f"Apply step {step}.", "step": step}
    leads = LOOK if first.code in _OF_PREVIOUS else None
    return {"remedy": f"This comes first: {first.seen}. {first.remedy}", "step": leads}


def _exists(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(match: Match) -> Iterable[Judgement]:
        if match.target is None:
            yield Judgement(
                "fail",
                match.label,
                seen=match.reason or "no source mailbox is known for this line",
                expected="a MailUser in the target",
                **mend(match, CREATE),
            )

    found = [m for m in matches(seen, project) if not on_premises(m, project)]
    yield from judge_each(found, judge, of_what="users", expected="a MailUser in the target")


def _first_passwords(seen: Seen, project: Project) -> Iterable[Judgement]:
    length, route = project.target_users.password_length, project.target_users.passwords
    new = [m for m in in_cloud(seen, project) if m.action == "create"]
    persons = [m for m in new if parts(m)[0]["RecipientTypeDetails"] in PERSONS]
    lost = persons if route == "discard" else []
    policy = f"{length} characters, at least 3 of 4 classes in each"
    yield Judgement(
        "warn" if lost else "pass",
        f"{len(lost or new)} new users",
        seen=f"{policy}; handed to nobody, so that {len(lost)} persons cannot sign in with them"
        if lost
        else f"{policy}; {len(persons)} of {len(new)} are for persons",
        expected="whoever signs in gets a password by a way of its own",
        remedy="Set target_users: passwords: keyring:SERVICE in project.yaml, or plan a reset by the service desk.",
    )


def _stamp(column: str, what: str, expected: str) -> Compare:
    """A GUID of the target is the source mailbox's own."""

    def compare(match: Match, row: Row, want: dict[str, Any], _project: Project) -> Iterable[Judgement]:
        if row[column] == want[column] and (want[column] or column == "ArchiveGuid"):
            return
        if row[column] is not None:
            words = f"It had {what} of its own: its owner decides about it first; xtmig replaces no GUID."
            given: dict[str, Any] = {"remedy": words, "step": LOOK if column == "ExchangeGuid" else None}
        elif want[column] is None:
            given = {"remedy": "The source mailbox shows no GUID: look at it there; it cannot move.", "step": None}
        else:
            given = mend(match, STAMP)
        yield Judgement(
            "fail",
            match.label,
            seen=f"{column} is {row[column] or 'not set'}, the source mailbox has {want[column] or 'none'}",
            expected=expected,
            **given,
        )

    return compare


def _legacy_dn(match: Match, row: Row, _want: dict[str, Any], _project: Project) -> Iterable[Judgement]:
    source, _ = parts(match)
    name = source["LegacyExchangeDN"]
    if name and X500 + name in row["X500Addresses"]:
        return
    yield Judgement(
        "fail",
        match.label,
        seen=f"no address {X500}{name}" if name else "the source mailbox shows no LegacyExchangeDN",
        expected="the source's LegacyExchangeDN as an x500 address, byte for byte",
        **(mend(match, STAMP) if name else {"remedy": "Look at the mailbox in the source; it cannot move like this."}),
    )


def _missing(column: str, kind: Any, of: str, expected: str) -> Compare:
    """Every address of a kind that the source mailbox has is there."""

    def compare(match: Match, row: Row, _want: dict[str, Any], _project: Project) -> Iterable[Judgement]:
        source, _ = parts(match)
        needed = [a for a in source[column] if a[: len(of)].casefold() == of]
        present = row[column] if column == "X500Addresses" else {a.casefold() for a in row[column]}
        lacking = [a for a in needed if (a if column == "X500Addresses" else a.casefold()) not in present]
        if lacking:
            yield Judgement(
                kind,
                match.label,
                seen=f"{len(lacking)} of {len(needed)} missing: {lacking[0]}",
                expected=expected,
                **mend(match, STAMP),
            )

    return compare


def _sign_in(match: Match, row: Row, _want: dict[str, Any], domains: frozenset[str]) -> Iterable[Judgement]:
    if domain_of(row["UserPrincipalName"]) not in domains:
        yield Judgement(
            "fail",
            match.label,
            seen=f"signs in as {row['UserPrincipalName'] or 'nobody'}",
            expected="a user principal name in a domain that the target has verified",
            remedy="Give the object another sign-in name (Set-MailUser -MicrosoftOnlineServicesID), with its owner: "
            "it is what the person signs in with.",
        )


def _primary(match: Match, row: Row, want: dict[str, Any], domains: frozenset[str]) -> Iterable[Judgement]:
    primary = row["PrimarySmtpAddress"]
    if domain_of(primary) in domains and same("PrimarySmtpAddress", primary, want["PrimarySmtpAddress"]):
        return
    yield Judgement(
        "fail",
        match.label,
        seen=f"primary address {primary or 'none'}",
        expected=f"{want['PrimarySmtpAddress']}, in a domain of the target",
        **mend(match, STAMP),
    )


def _primary_own(match: Match, row: Row, _want: dict[str, Any], _project: Project) -> Iterable[Judgement]:
    if same("PrimarySmtpAddress", row["PrimarySmtpAddress"], row["ExternalEmailAddress"]):
        yield Judgement(
            "fail",
            match.label,
            seen=f"{row['ExternalEmailAddress']} became the primary address",
            expected="a primary address of the target beside the external one",
            **mend(match, STAMP),
        )


def _external(match: Match, row: Row, want: dict[str, Any], project: Project) -> Iterable[Judgement]:
    source, _ = parts(match)
    external = str(row["ExternalEmailAddress"] or "")
    known = {a.casefold() for a in (*source["SmtpAddresses"], source["PrimarySmtpAddress"]) if a}
    if external.casefold() not in known:
        yield Judgement(
            "fail",
            match.label,
            seen=f"points to {external or 'nowhere'}",
            expected=f"{want['ExternalEmailAddress']}, an address of the source mailbox",
            **mend(match, STAMP),
        )
    elif domain_of(external) != domain_of(want["ExternalEmailAddress"]):
        yield Judgement(
            "warn",
            match.label,
            seen=f"points to {external}, which ends with its domain",
            expected=f"{want['ExternalEmailAddress']}, in the initial domain of the source",
            **mend(match, STAMP),
        )
    elif domain_of(external) != project.source.domain:
        yield Judgement(
            "warn",
            match.label,
            seen=f"points to {external}: the source mailbox has no address in {project.source.domain}",
            expected="an address in the initial domain of the source",
            remedy="Give the source mailbox one, or keep its domain in the source until the move is over.",
        )


def _proxies(match: Match, row: Row, _want: dict[str, Any], domains: dict[str, frozenset[str]]) -> Iterable[Judgement]:
    wrong = foreign(match, domains["target"])
    if not wrong:
        return
    source, _ = parts(match)
    of_source = {a.casefold() for a in (*source["SmtpAddresses"], str(row["ExternalEmailAddress"]))}
    own = [a for a in wrong if a.casefold() not in of_source]
    whose = "of the source" if any(domain_of(a) in domains["source"] for a in wrong) else "not verified in the target"
    yield Judgement(
        "fail",
        match.label,
        seen=f"{', '.join(wrong)}: a domain {whose}",
        expected="SMTP addresses in verified domains of the target only; a licence would scrub the others",
        **mend(match, REMOVE if own else STAMP),
    )


def _delivery(match: Match, row: Row, want: dict[str, Any], project: Project) -> Iterable[Judgement]:
    if not any(domain_of(a) == project.delivery_domain for a in row["SmtpAddresses"]):
        yield Judgement(
            "fail",
            match.label,
            seen=f"no address in {project.delivery_domain}",
            expected=f"an address in the target delivery domain, such as {want['SmtpAddresses'][0]}",
            **mend(match, STAMP),
        )


def _not_among(match: Match, row: Row, _want: dict[str, Any], _project: Project) -> Iterable[Judgement]:
    external = str(row["ExternalEmailAddress"] or "").casefold()
    if external and external in {a.casefold() for a in row["SmtpAddresses"]}:
        yield Judgement(
            "fail",
            match.label,
            seen=f"{row['ExternalEmailAddress']} stands among its own addresses",
            expected="the external address is where mail goes to, not an address of the object",
            **mend(match, STAMP),
        )


def _marker(match: Match, row: Row, want: dict[str, Any], project: Project) -> Iterable[Judgement]:
    (marker,) = want["CustomAttributes"]
    if marker in row["CustomAttributes"]:
        return
    attribute = project.users.attribute
    other = next((v for v in row["CustomAttributes"] if v.partition("=")[0] == attribute), None)
    words = {"remedy": f"It marks something else already: choose another users.attribute, or clear {attribute}."}
    yield Judgement(
        "warn",
        match.label,
        seen=other or f"{attribute} is not set",
        expected=marker,
        **(words if other else mend(match, STAMP)),
    )


def _no_mailbox(seen: Seen, project: Project) -> Iterable[Judgement]:
    by_key: dict[str, Row] = {}
    for row in seen.rows("target.mailboxes"):
        for value in (row["ObjectId"], row["UserPrincipalName"], row["PrimarySmtpAddress"], *row["SmtpAddresses"]):
            by_key.setdefault(str(value or "").casefold(), row)

    def judge(match: Match) -> Iterable[Judgement]:
        source, names = parts(match)
        keys = [match.user["TargetObject"], names.sign_in, names.address, match.target and match.target["ObjectId"]]
        row = next((by_key[str(k).casefold()] for k in keys if k and str(k).casefold() in by_key), None)
        if row is None:
            return
        moved = row["ExchangeGuid"] == source["ExchangeGuid"]
        yield Judgement(
            "fail",
            match.label,
            seen=f"{row['DisplayName']} has a {row['RecipientTypeDetails']} of its own in the target"
            + (", the one that was to move" if moved else f", {row['ExchangeGuid']}"),
            expected="a MailUser without a mailbox",
            remedy="It has been moved: take the line out of users.csv."
            if moved
            else "Its owner decides: keep that mailbox, and give this user another address in users.csv; or have its "
            "items exported, its licence taken away by a person, and what remains cleared in step 100.1. xtmig takes "
            "no licence from a mailbox and deletes none.",
        )

    found = [m for m in matches(seen, project) if m.source and m.names]
    yield from judge_each(found, judge, of_what="users", expected="no mailbox of their own in the target")


def _apart(seen: Seen, _project: Project) -> Iterable[Judgement]:
    shared = sorted(verified_domains(seen, "source") & verified_domains(seen, "target"))
    yield Judgement(
        "fail" if shared else "pass",
        "accepted domains",
        seen=", ".join(shared) if shared else "no domain is accepted in both tenants",
        expected="every domain belongs to one tenant",
        remedy="One domain belongs to one tenant: find out which of the reads is old, and take the domain out there.",
    )


def _of_each(compare: Compare, expected: str, seen: Seen, project: Project) -> Iterable[Judgement]:
    """Judge those who are there; who is not, another rule tells."""

    def judge(there: tuple[Match, Row, dict[str, Any]]) -> Iterable[Judgement]:
        return compare(*there, project)

    yield from judge_each(seen.derived(_there, FACTS, project), judge, of_what="users", expected=expected)


def _there(seen: Seen, project: Project) -> tuple[tuple[Match, Row, dict[str, Any]], ...]:
    """Each user whose MailUser is there, with its row and how it must be."""
    return tuple((m, m.target, wanted(m, project)) for m in in_cloud(seen, project) if m.target is not None)


def _of_each_by_domain(compare: Any, expected: str, seen: Seen, project: Project) -> Iterable[Judgement]:
    domains = verified_domains(seen, "target")
    yield from _of_each(lambda m, row, want, _: compare(m, row, want, domains), expected, seen, project)


def _of_each_by_domains(compare: Any, expected: str, seen: Seen, project: Project) -> Iterable[Judgement]:
    domains = {side: verified_domains(seen, side) for side in ("source", "target")}
    yield from _of_each(lambda m, row, want, _: compare(m, row, want, domains), expected, seen, project)


def _each(rule_id: str, title: str, statements: tuple[str, ...], compare: Compare, expected: str) -> Rule:
    return Rule(rule_id, title, statements, "target", FACTS, partial(_of_each, compare, expected))


RULES: tuple[Rule, ...] = (
    Rule(
        "prepared-mail-user",
        "Every user who moves has a MailUser in the target",
        ("USR-01", "USR-03", "SCR-09"),
        "target",
        FACTS,
        _exists,
    ),
    Rule(
        "first-passwords",
        "First passwords follow the policy and reach their owners",
        ("SCR-06", "SCR-07"),
        "target",
        FACTS,
        _first_passwords,
    ),
    _each(
        "prepared-exchange-guid",
        "ExchangeGuid is the source mailbox's",
        ("USR-04", "USR-26", "SCR-10"),
        _stamp("ExchangeGuid", "a mailbox", "the ExchangeGuid of the source mailbox"),
        "ExchangeGuid as in the source",
    ),
    _each(
        "prepared-archive-guid",
        "ArchiveGuid is the source archive's, and none where the source has no archive",
        ("USR-05", "SCR-10"),
        _stamp("ArchiveGuid", "an archive", "the ArchiveGuid of the source, or none as there"),
        "ArchiveGuid as in the source",
    ),
    _each(
        "prepared-legacy-dn",
        "The source's LegacyExchangeDN is an x500 address; the target's own one differs, and that is right",
        ("USR-06", "USR-08", "USR-18", "USR-29", "SCR-10"),
        _legacy_dn,
        "the source's LegacyExchangeDN as x500",
    ),
    _each(
        "prepared-x500",
        "Every x500 address of the source mailbox is there, byte for byte",
        ("USR-07", "USR-08", "USR-19", "SCR-11"),
        _missing("X500Addresses", "fail", X500, "every x500 address of the source mailbox"),
        "all x500 addresses of the source",
    ),
    _each(
        "prepared-x400",
        "X400 addresses of the source mailbox are there, too",
        ("USR-30",),
        _missing("OtherAddresses", "warn", X400, "every X400 address of the source mailbox"),
        "all X400 addresses of the source, if any",
    ),
    Rule(
        "prepared-sign-in",
        "The user principal name is in a domain of the target",
        ("USR-11",),
        "target",
        FACTS,
        partial(_of_each_by_domain, _sign_in, "sign in under a domain of the target"),
    ),
    Rule(
        "prepared-primary",
        "The primary address is the new one, in a domain of the target",
        ("USR-12", "SCR-09"),
        "target",
        FACTS,
        partial(_of_each_by_domain, _primary, "the primary address of users.csv"),
    ),
    _each(
        "prepared-primary-not-external",
        "The external address has not become the primary one",
        ("USR-14",),
        _primary_own,
        "a primary address of their own",
    ),
    _each(
        "prepared-external-address",
        "ExternalEmailAddress is the source mailbox, in its initial domain",
        ("USR-13", "SCR-09"),
        _external,
        "point to the source mailbox",
    ),
    Rule(
        "prepared-proxies-verified",
        "Every SMTP address is in a domain that the target has verified",
        ("KNI-01", "KNI-02", "USR-15", "USR-19", "LIC-17"),
        "target",
        FACTS,
        partial(_of_each_by_domains, _proxies, "SMTP addresses in domains of the target alone"),
    ),
    _each(
        "prepared-delivery-proxy",
        "An address in the target delivery domain is there",
        ("MFL-02",),
        _delivery,
        "an address in the target delivery domain",
    ),
    _each(
        "prepared-external-not-proxy",
        "The source's address is not among the object's own addresses",
        ("KNI-05",),
        _not_among,
        "the external address is none of their own",
    ),
    _each(
        "prepared-marker",
        "The project's attribute marks the user",
        ("SCR-10",),
        _marker,
        "marked as users of the project",
    ),
    Rule(
        "prepared-no-mailbox",
        "No user has a mailbox of its own in the target",
        ("LIC-14", "USR-01"),
        "target",
        (*FACTS, "target.mailboxes"),
        _no_mailbox,
    ),
    Rule(
        "prepared-domains-apart",
        "No domain is accepted in both tenants",
        ("USR-16",),
        None,
        ("source.accepted_domains", "target.accepted_domains"),
        _apart,
    ),
)
