"""190 After the move: conversions, counts and permissions compared, licences, leftovers, and what people have to do."""

from __future__ import annotations

from xtmig_kernel.rules import (
    after_counts,
    after_groups,
    after_licences,
    after_move,
    after_permissions,
    after_settings,
    left_behind,
)
from xtmig_kernel.rules.moved import MOVED_FACTS
from xtmig_kernel.runbook.after_files import mail_files, show_moved
from xtmig_kernel.runbook.after_licences import plan_licences, plan_locations, plan_plans
from xtmig_kernel.runbook.compared_exhibits import show_compared
from xtmig_kernel.runbook.permission_plans import plan_grants, show_grants
from xtmig_kernel.runbook.step import Section, Step

BEFORE_WRITES = ("users-listed",)


def _facts(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact for group in groups for fact in group))


SECTION = Section(
    number="190",
    slug="after-the-move",
    title="After the move",
    purpose="Prove for every completed user what has arrived, give back what did not move, and tell people what to do.",
    sides=("source", "target"),
    steps=(
        Step(
            id="190.1",
            title="Look at what the move has made of both objects",
            side=None,
            why="A completed move is a claim of the service; what is on both sides now is the proof.",
            reads=after_move.FACTS,
            verifies=(
                "moved-target-converted",
                "moved-source-converted",
                "moved-forwarding",
                "moved-warnings",
                "moved-domains",
                "moved-addresses-verified",
                "mail-rules-reviewed",
            ),
            shows=show_moved,
            plans_from=MOVED_FACTS,
        ),
        Step(
            id="190.2",
            title="Compare every folder, and the settings, with what was before the cutover",
            side=None,
            why="The source's mailbox is gone; what was recorded just before is all that shows a loss.",
            reads=_facts(
                after_counts.FACTS,
                (after_counts.HISTORY,),
                after_settings.FACTS,
                after_settings.NOW,
                after_groups.FACTS,
            ),
            verifies=(
                "moved-folders-filled",
                "moved-counts",
                "moved-counted",
                *(rule.id for rule in after_settings.RULES),
                *(rule.id for rule in after_groups.RULES),
            ),
            shows=show_compared,
            plans_from=after_counts.FACTS,
        ),
        Step(
            id="190.3",
            title="Give rights again that did not move",
            side="target",
            why="Send on Behalf and Send As are kept in the directory, and no move takes them along.",
            reads=after_permissions.FACTS,
            verifies=("moved-send-on-behalf", "moved-send-as", "moved-permissions", "moved-permissions-lost"),
            plans_from=after_permissions.FACTS,
            plan=plan_grants,
            requires=BEFORE_WRITES,
            bulk=True,
            shows=show_grants,
        ),
        Step(
            id="190.4",
            title="Set missing usage locations of moved users",
            side="target",
            why="Microsoft refuses a licence to a user without a usage location.",
            reads=after_licences.LOCATION_FACTS,
            verifies=("moved-usage-location",),
            plans_from=after_licences.LOCATION_FACTS,
            plan=plan_locations,
            requires=BEFORE_WRITES,
            bulk=True,
        ),
        Step(
            id="190.5",
            title="Assign Exchange licences to moved user mailboxes",
            side="target",
            why="After 30 days of grace a mailbox without a licence is disconnected, and then deleted.",
            reads=_facts(after_licences.FACTS, (after_licences.HISTORY, after_licences.PLANS)),
            verifies=("moved-licence", "moved-mailbox-plan"),
            plans_from=after_licences.FACTS,
            plan=plan_licences,
            requires=BEFORE_WRITES,
            bulk=True,
        ),
        Step(
            id="190.6",
            title="Switch Exchange plans off for MailUsers left in the source, where that is wanted",
            side="source",
            why="While such a plan is on, the service takes the target's address off them again.",
            reads=_facts(left_behind.FACTS, (left_behind.SKUS,), after_move.DOMAIN_FACTS, ("source.signed_in",)),
            verifies=("source-may-strip-plans", "left-plans-known", "left-plans-off", "left-address-shown"),
            plans_from=left_behind.FACTS,
            plan=plan_plans,
            requires=(*BEFORE_WRITES, "source-may-strip-plans", "left-plans-known"),
            bulk=True,
        ),
        Step(
            id="190.7",
            title="Tell people what they have to do",
            side=None,
            why="Outlook, Teams meetings and signatures are mended by their owners alone.",
            reads=after_permissions.FACTS,
            verifies=("outlook-profiles", "teams-meetings"),
            plans_from=after_permissions.FACTS,
            files=mail_files,
            requires=BEFORE_WRITES,
        ),
    ),
    runs="when named",
    document=(
        "FAQ: Outlook after the move",
        "FAQ: when to license",
        "FAQ: mail flow",
        "FAQ: target delivery domain",
        "Known issues",
    ),
    guidance=("OUT-02", "MFL-05", "CNT-04", "CNT-05", "CNT-06", "TMS-05", "KNI-07", "PLN-01", "PLN-08"),
)
