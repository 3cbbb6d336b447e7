"""Section 030: domains of which none is shared, where each directory is mastered, and what never moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.connect import SIDES
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

DOMAIN_FACTS = ("source.accepted_domains", "target.accepted_domains", "source.organization", "target.organization")


def domains_of(seen: Seen, side: Side) -> frozenset[str]:
    """Every domain of a tenant, as Exchange and as the directory name them, in lower case.

    Args:
        seen: Holds `accepted_domains` and `organization` of that side.
        side: The tenant.
    """
    organization = seen.one(f"{side}.organization")
    verified = organization["Domains"] if organization else []
    accepted = (row["DomainName"] for row in seen.rows(f"{side}.accepted_domains"))
    return frozenset(str(name).casefold() for name in (*accepted, *verified))


def _not_shared(seen: Seen, _project: Project) -> Iterable[Judgement]:
    source, target = domains_of(seen, "source"), domains_of(seen, "target")

    def judge(domain: str) -> Iterable[Judgement]:
        if domain in target:
            yield Judgement(
                "fail",
                domain,
                seen="in both tenants",
                expected="in one tenant alone",
                remedy="Remove it from the one that shall not have it. A domain that moves on leaves the source first, "
                "and is verified in the target afterwards.",
            )

    yield from judge_each(
        sorted(source), judge, of_what="domains of the source", expected=f"none of the target's {len(target)}"
    )


def _ids_agreed(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = {side: seen.one(f"{side}.domain_lookup") for side in SIDES}
    told = ", ".join(
        f"the {side}'s is {project.side(side).tenant_id}" + ("" if row else " (its domain is not known to Microsoft)")
        for side, row in found.items()
    )
    yield Judgement(
        "sign",
        "both tenant IDs",
        remedy=f"The two administrators told each other their tenant IDs, read aloud or signed: {told}.",
    )


def _directory(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        organization = seen.one(f"{side}.organization")
        if organization is None:
            return
        synchronised = bool(organization["DirectorySynchronised"])
        kind = "synchronised with an on-premises directory" if synchronised else "in the cloud alone"
        against = _against(side, project, synchronised=synchronised)
        yield Judgement(
            "warn" if against else "pass",
            str(organization["DisplayName"] or side),
            seen=kind,
            expected=against[0] if against else "supported; synchronised users are changed on-premises, others here",
            remedy=against[1] if against else "",
        )

    return judge


def _against(side: Side, project: Project, *, synchronised: bool) -> tuple[str, str] | None:
    """What in the project does not go with such a directory: what would go with it, and what to do."""
    cloud = project.target_users.made == "cloud"
    if side == "target" and synchronised and cloud:
        return (
            "target_users.made: on-premises, or a decision for the cloud",
            "Ask the directory's administrator: for users made there, say on-premises; otherwise they are cloud users.",
        )
    if side == "target" and not synchronised and not cloud:
        return (
            "target_users.made: cloud",
            "Nothing would bring users made on-premises into this tenant; correct target_users.made in project.yaml.",
        )
    if side == "source" and synchronised and project.users.tag:
        return (
            "users.tag: false",
            f"{project.users.attribute} of synchronised mailboxes is written on-premises; tag them there.",
        )
    return None


def _no_groups(seen: Seen, _project: Project) -> Iterable[Judgement]:
    groups = {
        str(address).casefold(): row
        for row in seen.rows("source.recipients")
        if row["RecipientTypeDetails"] == "GroupMailbox"
        for address in (*row["SmtpAddresses"], row["PrimarySmtpAddress"])
    }

    def judge(user: Row) -> Iterable[Judgement]:
        group = groups.get(str(user["SourceAddress"]).casefold())
        if group is not None:
            yield Judgement(
                "fail",
                str(user["SourceAddress"]),
                seen=f"the Microsoft 365 Group {group['DisplayName']}",
                expected="a mailbox of a user, a room, equipment or several users",
                remedy="Take it out of users.csv. Groups are made anew in the target, and their content is copied "
                "by other means.",
            )

    yield from judge_each(
        seen.rows("source.chosen_users"), judge, of_what="users", expected="no Microsoft 365 Group is among them"
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "domains-not-shared",
        "No domain belongs to both tenants",
        ("FAQ-01", "USR-16"),
        None,
        DOMAIN_FACTS,
        _not_shared,
    ),
    Rule(
        "tenant-ids-agreed",
        "Each administrator has the partner's tenant ID from the partner",
        ("PRE-08",),
        None,
        ("source.domain_lookup", "target.domain_lookup"),
        _ids_agreed,
    ),
    Rule(
        "source-directory",
        "The project goes with the way in which the source's directory is run",
        ("GEN-05",),
        "source",
        ("source.organization",),
        _directory("source"),
    ),
    Rule(
        "target-directory",
        "The project goes with the way in which the target's directory is run",
        ("GEN-05",),
        "target",
        ("target.organization",),
        _directory("target"),
    ),
    Rule(
        "users-no-groups",
        "No Microsoft 365 Group is listed to move",
        ("FAQ-06",),
        "source",
        ("source.chosen_users", "source.recipients"),
        _no_groups,
    ),
)
