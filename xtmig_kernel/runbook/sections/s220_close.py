"""220 Close: the account of every mailbox, sign-offs, the report of the whole project, personal data."""

from __future__ import annotations

from xtmig_kernel.rules.account import ACCOUNT_FACTS, BASELINE
from xtmig_kernel.rules.closing import DATA_FILES, EDITION, SIGN_OFFS
from xtmig_kernel.runbook.account_exhibits import account_exhibit, personal_data_exhibit, sign_off_exhibit
from xtmig_kernel.runbook.step import Section, Step

SECTION = Section(
    number="220",
    slug="close",
    title="Close",
    purpose="Account for every mailbox, gather the last sign-offs, and say what is kept.",
    sides=("target", "source"),
    runs="when named",
    steps=(
        Step(
            id="220.1",
            title="Account for every mailbox in scope",
            side=None,
            why="A project is done when each mailbox is moved, left out with a reason, or given up by its owner.",
            reads=(*ACCOUNT_FACTS, BASELINE),
            verifies=("mailboxes-finished",),
            plans_from=ACCOUNT_FACTS,
            shows=account_exhibit,
        ),
        Step(
            id="220.2",
            title="Gather the sign-offs that remain",
            side=None,
            why="What no read can prove rests on a person's word, and that word must be on record.",
            reads=(SIGN_OFFS,),
            verifies=("sign-offs-given",),
            plans_from=(SIGN_OFFS,),
            shows=sign_off_exhibit,
        ),
        Step(
            id="220.3",
            title="Say which edition of the document was followed",
            side=None,
            why="Microsoft changes its document without a new date; an auditor must know which one was meant.",
            reads=(EDITION,),
            verifies=("document-edition",),
        ),
        Step(
            id="220.4",
            title="See what personal data is left in the project folder",
            side=None,
            why="Lists of people and their mailboxes are kept as long as they are needed, and no longer.",
            reads=(DATA_FILES,),
            verifies=("personal-data-purged",),
            plans_from=(DATA_FILES,),
            shows=personal_data_exhibit,
        ),
    ),
    document=("Front matter", "See also"),
    guidance=("DOC-02", "DOC-03"),
)
