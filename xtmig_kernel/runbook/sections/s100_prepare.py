"""100 Target: prepare users: MailUsers created or adopted and stamped, and only then licensed; previous mailboxes."""

from __future__ import annotations

from xtmig_kernel.rules.exchange_licences import GROUP_FACTS
from xtmig_kernel.rules.on_premises import ORGANIZATIONS
from xtmig_kernel.rules.prepared import FACTS
from xtmig_kernel.rules.prepared_licences import LICENCE_FACTS
from xtmig_kernel.rules.previous import PREVIOUS_FACTS
from xtmig_kernel.runbook.on_premises_files import on_premises_files
from xtmig_kernel.runbook.step import Section, Step
from xtmig_kernel.runbook.user_exhibits import attributes, previous_mailboxes
from xtmig_kernel.runbook.user_licences import plan_add_on, plan_exchange, plan_locations
from xtmig_kernel.runbook.user_plans import plan_clearing, plan_creation, plan_removals, plan_stamps

NOTHING_OVERTAKES = ("target-no-early-group",)
"""Rules that say that no licence can reach a new user before its stamp (LIC-13, LIC-14)."""
BEFORE_WRITES = ("users-listed",)
STAMPED_RIGHT = (
    "prepared-exchange-guid",
    "prepared-archive-guid",
    "prepared-legacy-dn",
    "prepared-x500",
    "prepared-x400",
    "prepared-primary",
    "prepared-primary-not-external",
    "prepared-external-address",
    "prepared-external-not-proxy",
    "prepared-delivery-proxy",
    "prepared-marker",
)
STILL_RIGHT = ("prepared-no-mailbox", "prepared-exchange-guid", "prepared-x500", "prepared-proxies-verified")


def _facts(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact for group in groups for fact in group))


SECTION = Section(
    number="100",
    slug="target-prepare-users",
    title="Target: prepare users",
    purpose="Give every user who moves a MailUser in the target to which its mailbox can move, stamped first.",
    sides=("target", "source"),
    steps=(
        Step(
            id="100.1",
            title="Look at previous mailboxes, and clear what is agreed",
            side="target",
            why="An object that had a mailbox keeps its traces, and no other mailbox can move to it.",
            reads=_facts(PREVIOUS_FACTS, ("target.mailboxes",), FACTS),
            verifies=("previous-mailbox-cleared", "previous-mailbox-agreed", "prepared-no-mailbox"),
            plans_from=PREVIOUS_FACTS,
            plan=plan_clearing,
            requires=BEFORE_WRITES,
            shows=previous_mailboxes,
        ),
        Step(
            id="100.2",
            title="Create MailUsers",
            side="target",
            why="A mailbox moves to a MailUser that stands for the same person; without it the move fails.",
            reads=_facts(FACTS, GROUP_FACTS),
            verifies=("prepared-mail-user", "prepared-sign-in", "prepared-domains-apart", "first-passwords"),
            plans_from=FACTS,
            plan=plan_creation,
            requires=(*BEFORE_WRITES, *NOTHING_OVERTAKES),
            bulk=True,
        ),
        Step(
            id="100.3",
            title="Stamp MailUsers",
            side="target",
            why="By these GUIDs and addresses the service finds the source mailbox, and old mail can be replied to.",
            reads=_facts(FACTS, GROUP_FACTS),
            verifies=STAMPED_RIGHT,
            plans_from=FACTS,
            plan=plan_stamps,
            # as for creating: where that was held back, there is nobody yet to be stamped
            requires=(*BEFORE_WRITES, *NOTHING_OVERTAKES),
            bulk=True,
            shows=attributes,
        ),
        Step(
            id="100.4",
            title="Take foreign addresses off adopted MailUsers",
            side="target",
            why="With an address of a domain that the target does not own, a MailUser cannot become a mailbox.",
            reads=FACTS,
            verifies=("prepared-proxies-verified",),
            plans_from=FACTS,
            plan=plan_removals,
            requires=BEFORE_WRITES,
            bulk=True,
        ),
        Step(
            id="100.5",
            title="Hand over what is to be set on-premises",
            side="target",
            why="What a directory on-premises owns can be changed there alone.",
            reads=_facts(FACTS, ORGANIZATIONS),
            verifies=(
                "on-premises-not-doubled",
                "on-premises-selective",
                "on-premises-attributes",
                "on-premises-provisioned",
                "on-premises-hashes",
                "on-premises-synchronised",
                "on-premises-shows",
            ),
            plans_from=FACTS,
            files=on_premises_files,
            requires=BEFORE_WRITES,
        ),
        Step(
            id="100.6",
            title="Set missing usage locations in the target",
            side="target",
            why="Microsoft refuses a licence to a user without a usage location.",
            reads=LICENCE_FACTS,
            verifies=("target-usage-location",),
            plans_from=LICENCE_FACTS,
            plan=plan_locations,
            requires=BEFORE_WRITES,
            bulk=True,
        ),
        Step(
            id="100.7",
            title="Assign the migration licence in the target",
            side="target",
            why="One licence on one of the two sides lets one mailbox move once; after the stamp it does no harm.",
            reads=_facts(LICENCE_FACTS, FACTS, ("target.mailboxes",)),
            verifies=("licence-after-stamp", "target-add-on", *STILL_RIGHT),
            plans_from=LICENCE_FACTS,
            plan=plan_add_on,
            requires=BEFORE_WRITES,  # the plan licenses stamped users alone, so others keep nobody waiting
            bulk=True,
        ),
        Step(
            id="100.8",
            title="Assign the Exchange licence before the move, where that is wanted",
            side="target",
            why="Given after the stamp it leaves the MailUser a MailUser; the mailbox then has its licence at once.",
            reads=_facts(LICENCE_FACTS, FACTS, ("target.mailboxes",)),
            verifies=("licence-after-stamp", "target-exchange-before-move", *STILL_RIGHT),
            plans_from=LICENCE_FACTS,
            plan=plan_exchange,
            requires=BEFORE_WRITES,  # the plan licenses stamped users alone, so others keep nobody waiting
            bulk=True,
        ),
    ),
    document=("Target users", "Prerequisites, target users", "FAQ: x500"),
    guidance=("USR-02", "USR-09", "USR-10", "USR-17"),
)
