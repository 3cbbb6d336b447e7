"""Section 190: MailUsers left in the source that are to show an address of the target (KNI-06, KNI-08, PLN).

While any service plan of Exchange is on such an object, the service takes addresses of domains off it that the source
does not own. Switching these plans off is opt-in, and only for an object that was just read as a MailUser, whose
mailbox was just read in the target: from a user who still has a mailbox it would take the mailbox.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.after_licences import by_object_id
from xtmig_kernel.rules.after_move import DOMAIN_FACTS
from xtmig_kernel.rules.exchange_plans import is_exchange_plan
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.moved import MOVED_FACTS, Moved, moved
from xtmig_kernel.rules.prepared import domain_of, verified_domains
from xtmig_kernel.rules.rights import held_permissions
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import sku_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

PLANS, PEOPLE, SKUS = "source.licence_plans", "source.directory_users", "source.subscribed_skus"
FACTS = (*MOVED_FACTS, PLANS, PEOPLE)
STEP = "190.6"
DISABLED = "Disabled"
ASSIGN = ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All")
READ = ("Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All")
_OFF = "licences.strip_source_plans of project.yaml is off, so the source's MailUsers keep their plans"


@dataclass(frozen=True)
class Leftover:
    """A MailUser of the source whose mailbox has moved, with what licenses it.

    Args:
        moved: The user.
        person: The source's row of `directory_users`.
        plans: Rows of `licence_plans` that belong to Exchange.
    """

    moved: Moved
    person: Row
    plans: tuple[Row, ...]

    @property
    def on(self) -> list[Row]:
        """The plans of Exchange that are not switched off."""
        return [row for row in self.plans if row["Status"] != DISABLED]

    @property
    def removable(self) -> list[Row]:
        """Those of them that can be switched off for this user: no group gives them, and they are a user's own.

        Without a usage location the service takes no change of licences at all (wire 4.8).
        """
        if not self.person["UsageLocation"]:
            return []
        by_group = {str(sku).casefold() for sku in self.person["GroupSkuIds"]}
        direct = {str(sku).casefold() for sku in self.person["SkuIds"]} - by_group
        return [row for row in self.on if str(row["SkuId"]).casefold() in direct and not _of_company(row)]


def _of_company(row: Row) -> bool:
    return str(row["AppliesTo"] or "").casefold() == "company"


def leftovers(seen: Seen, project: Project) -> tuple[Leftover, ...]:
    """Every MailUser left in the source whose mailbox is a mailbox of the target; nobody else is ever touched (KNI-08).

    Args:
        seen: Holds `FACTS`.
        project: Gives the names of batches.
    """
    plans: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(PLANS):
        if is_exchange_plan(row["PlanName"], row["PlanId"]):
            plans[str(row["UserId"]).casefold()].append(row)
    people = by_object_id(seen.rows(PEOPLE))
    with_mailbox = {str(row["ObjectId"]).casefold() for row in seen.rows("source.mailboxes")}
    found = []
    for item in moved(seen, project):
        object_id = str(item.source["ObjectId"] or "").casefold() if item.source is not None else ""
        if item.converted and object_id and object_id in people and object_id not in with_mailbox:
            found.append(Leftover(item, people[object_id], tuple(plans.get(object_id, ()))))
    return tuple(found)


def disabled_after(item: Leftover) -> dict[str, list[str]]:
    """For each subscription that changes: ids of all plans that are off afterwards, none switched on again (PLN-04).

    Args:
        item: A MailUser with plans to be switched off.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for row in item.removable:
        found[str(row["SkuId"]).casefold()].add(str(row["PlanId"]).casefold())
    for pair in item.person["DisabledPlans"]:
        sku, _, plan = str(pair).casefold().partition("/")
        if sku in found:
            found[sku].add(plan)
    return {sku: sorted(plans) for sku, plans in sorted(found.items())}


def _asked(
    judge: Callable[[Seen, Project], Iterable[Judgement]],
) -> Callable[[Seen, Project], Iterable[Judgement]]:
    """Judges nothing unless project.yaml asks for the plans to be switched off."""

    def judged(seen: Seen, project: Project) -> Iterable[Judgement]:
        if not project.licences.strip_source_plans:
            yield Judgement("skip", "service plans of the source", remedy=_OFF)
        else:
            yield from judge(seen, project)

    return judged


def _may(seen: Seen, _project: Project) -> Iterable[Judgement]:
    held = held_permissions(seen, "source")
    for any_of, purpose in ((ASSIGN, "assign licences"), (READ, "see subscriptions")):
        has = sorted(held & set(any_of))
        yield Judgement(
            "pass" if has else "fail",
            any_of[0],
            seen=f"{has[0]} in the token" if has else "in no form in the token",
            expected=f"{' or '.join(any_of)}, to {purpose}",
            remedy=f"Ask for {any_of[0]} in the source, and sign in again.",
        )


def _known(seen: Seen, project: Project) -> Iterable[Judgement]:
    known = {sku_id(row) for row in seen.rows(SKUS)}
    expected = "subscriptions of the source"

    def judge(item: Leftover) -> Iterable[Judgement]:
        unknown = sorted({str(r["SkuPartNumber"]) for r in item.plans if str(r["SkuId"]).casefold() not in known})
        if unknown:
            yield Judgement(
                "fail",
                item.moved.label,
                seen=f"holds {', '.join(unknown)}, which is no subscription of the source",
                expected=expected,
                remedy="Look again: the lists of the service differ. Nothing is guessed about a licence.",
            )

    yield from judge_each(leftovers(seen, project), judge, of_what="leftover MailUsers", expected=expected)


def _off(seen: Seen, project: Project) -> Iterable[Judgement]:
    expected = "no plan of Exchange that is on"

    def judge(item: Leftover) -> Iterable[Judgement]:
        ours = {(row["SkuId"], row["PlanId"]) for row in item.removable}
        others = [row for row in item.on if (row["SkuId"], row["PlanId"]) not in ours]
        if ours:
            yield Judgement(
                "fail",
                item.moved.label,
                seen=f"on: {named(sorted({str(row['PlanName']) for row in item.removable}))}",
                expected=expected,
                remedy=f"Approve and apply step {STEP}.",
                step=STEP,
            )
        if others:
            names = named(sorted({str(row["PlanName"]) for row in others}))
            yield Judgement(
                "warn",
                item.moved.label,
                seen=f"on, and not to be switched off for this user alone: {names}",
                expected=expected,
                remedy="What a group gives is switched off in the group's licence; what applies to the whole company "
                "cannot be switched off for one user."
                if item.person["UsageLocation"]
                else "Set the user's usage location in the source first: without one the service changes no licence.",
            )

    yield from judge_each(leftovers(seen, project), judge, of_what="leftover MailUsers", expected=expected)


def _shown(seen: Seen, project: Project) -> Iterable[Judgement]:
    partner = verified_domains(seen, "target") - verified_domains(seen, "source")
    expected = "a primary address in a domain of the target, and ExternalEmailAddress at the delivery domain"

    def judge(item: Leftover) -> Iterable[Judgement]:
        row = item.moved.source or {}
        primary, external = str(row["PrimarySmtpAddress"]), str(row["ExternalEmailAddress"])
        if domain_of(primary) in partner and domain_of(external) == project.delivery_domain:
            return
        taken = " while a plan of Exchange is on" if item.on else ""
        yield Judgement(
            "warn",
            item.moved.label,
            seen=f"shows {primary}, forwards to {external}{taken}",
            expected=expected,
            remedy=f"Switch the plans off first (step {STEP})."
            if item.on
            else "Set the primary address in the source, and look again a day later: it must still be there then.",
        )

    yield from judge_each(leftovers(seen, project), judge, of_what="leftover MailUsers", expected=expected)


RULES: tuple[Rule, ...] = (
    Rule(
        "source-may-strip-plans",
        "The source's account may switch service plans off, where the project asks for it",
        ("PLN-02",),
        "source",
        ("source.signed_in",),
        _asked(_may),
    ),
    Rule(
        "left-plans-known",
        "What licenses leftover MailUsers are subscriptions of the source",
        ("PLN-03",),
        "source",
        (*FACTS, SKUS),
        _asked(_known),
    ),
    Rule(
        "left-plans-off",
        "No Exchange plan is on for leftover MailUsers, where the project asks for it",
        ("KNI-06", "KNI-08", "PLN-04", "PLN-05", "PLN-06", "PLN-07", "PLN-11"),
        "source",
        FACTS,
        _asked(_off),
    ),
    Rule(
        "left-address-shown",
        "Leftover MailUsers show an address of the target, where the project asks for it",
        ("KNI-06", "PLN-09", "PLN-10"),
        "source",
        (*FACTS, *DOMAIN_FACTS),
        _asked(_shown),
    ),
)
