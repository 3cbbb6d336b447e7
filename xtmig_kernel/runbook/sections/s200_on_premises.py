"""200 On-premises: scripts for directories on-premises once mailboxes have moved, and what they report."""

from __future__ import annotations

from xtmig_kernel.rules.after_on_premises import SOURCE_FACTS, TARGET_FACTS
from xtmig_kernel.runbook.after_on_premises_files import sign_in_files, source_files, target_files
from xtmig_kernel.runbook.step import Section, Step

SECTION = Section(
    number="200",
    slug="on-premises",
    title="On-premises",
    purpose="Hand over what must change in directories on-premises once mailboxes have moved, and read what was done.",
    sides=("source", "target"),
    steps=(
        Step(
            id="200.1",
            title="Hand over the new target addresses for the source's directory",
            side="source",
            why="What a directory on-premises owns is changed there alone, and mail and free/busy go where it points.",
            reads=SOURCE_FACTS,
            verifies=(
                "on-premises-source-address",
                "on-premises-availability",
                "on-premises-no-deprovisioning",
                "on-premises-type-cleared",
            ),
            plans_from=SOURCE_FACTS,
            files=source_files,
        ),
        Step(
            id="200.2",
            title="Hand over remote mailboxes for the target's directory",
            side="target",
            why="The target's directory still shows mail users that point at the source.",
            reads=TARGET_FACTS,
            verifies=("on-premises-target-side", "on-premises-remote-mailbox"),
            plans_from=TARGET_FACTS,
            files=target_files,
        ),
        Step(
            id="200.3",
            title="List whose sign-in name changes",
            side="target",
            why="Where one directory serves both tenants, a sign-in name is changed there after each user's move.",
            reads=TARGET_FACTS,
            verifies=("on-premises-sign-in",),
            plans_from=TARGET_FACTS,
            files=sign_in_files,
        ),
    ),
    runs="when named",
    document=("On-premises MailUsers", "FAQ: remote mailboxes", "FAQ: Entra Connect"),
    guidance=("ONP-03", "ONP-06", "ONP-09", "ONP-12"),
)
