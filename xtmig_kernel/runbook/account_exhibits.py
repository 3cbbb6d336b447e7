"""What sections 210 and 220 show: account of mailboxes, what goes and stays, sign-offs, files. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.account import ACCOUNT_FACTS, account, as_sum, totals
from xtmig_kernel.rules.batches import BATCHES, our_batches
from xtmig_kernel.rules.clean_up import APPLICATION_FACTS, BATCH_FACTS, ENDPOINTS, consent_facts
from xtmig_kernel.rules.closing import DATA_FILES, SIGN_OFFS
from xtmig_kernel.rules.objects import our_endpoint
from xtmig_kernel.rules.relationship import ours, relationship_fact
from xtmig_kernel.runbook import clean_up_plans as plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen

    Line = tuple[str | int, ...]

_FOREIGN = "It is not of this project"
_STATE_WORDS = {"open": "still to move"}
_STAYS: tuple[tuple[Side, str, str], ...] = (
    (
        "source",
        "MailUsers that the moves have left",
        "They forward mail; their owner decides (CLN-01)",
    ),
    ("source", "Attribute that marks the users", "A value in CustomAttribute grants nothing; a move back can read it"),
    ("source", "Organization customization", "Cannot be switched off again"),
    ("target", "Mailboxes, MailUsers and licences", "They are what the project was for"),
    ("target", "Organization customization", "Cannot be switched off again"),
)


def account_exhibit(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every mailbox in scope with what became of it; the report makes its first sum from this table.

    Args:
        seen: Holds `ACCOUNT_FACTS`, if everything could be read.
        project: The project.
    """
    if not seen.has(*ACCOUNT_FACTS):
        return ()
    mailboxes = account(seen, project)
    return (
        Exhibit(
            name="account",
            caption=as_sum(totals(mailboxes)),
            columns=("Mailbox", "Wave", "In the target", "Account", "Reason"),
            rows=tuple((m.label, m.wave, m.target, _STATE_WORDS.get(m.state, m.state), m.reason) for m in mailboxes),
        ),
    )


def clean_up_exhibits(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """The account, and what goes, what is set back and what stays, each with its reason.

    Args:
        seen: What step 210.1 reads, as far as it was observed.
        project: The project.
    """
    lines = (*_that_go(seen, project), *_of_others(seen, project), *((s, n, "stays", why) for s, n, why in _STAYS))
    table = Exhibit(
        name="clean-up",
        caption="What the clean up takes away, what it sets back, and what stays",
        columns=("Tenant", "What", "Fate", "Why"),
        rows=tuple((str(side).upper(), *rest) for side, *rest in lines),
    )
    return (*account_exhibit(seen, project), table)


def _that_go(seen: Seen, project: Project) -> Iterator[Line]:
    made = (
        (plans.plan_batches, BATCH_FACTS),
        (plans.plan_endpoint, plans.ENDPOINT_FACTS),
        (plans.plan_relationship("target"), plans.relationship_facts("target")),
        (plans.plan_relationship("source"), plans.relationship_facts("source")),
        (plans.plan_consent("source"), consent_facts("source")),
        (plans.plan_consent("target"), consent_facts("target")),
        (plans.plan_application, APPLICATION_FACTS),
        (plans.plan_groups, plans.GROUP_FACTS),
    )
    for plan, facts in made:
        for change in plan(seen, project) if seen.has(*facts) else ():
            fate = "goes" if change.after is None else "is set back"
            why = (
                "This project created it" if change.after is None else "It was there before; only our part is taken out"
            )
            yield change.side, change.subject.label, fate, why


def _of_others(seen: Seen, project: Project) -> Iterator[Line]:
    if seen.has(BATCHES, "source.chosen_users"):
        own = our_batches(seen, project)
        others = [row for row in seen.rows(BATCHES) if str(row["Identity"]) not in own]
        yield from (("target", f"batch {row['Identity']}", "stays", _FOREIGN) for row in others)
    if seen.has(ENDPOINTS):
        others = [row for row in seen.rows(ENDPOINTS) if row is not our_endpoint(seen, project)]
        yield from (("target", f"migration endpoint {row['Identity']}", "stays", _FOREIGN) for row in others)
    sides: tuple[Side, ...] = ("target", "source")
    for side in sides:
        yield from _other_relationships(seen, project, side)


def _other_relationships(seen: Seen, project: Project, side: Side) -> Iterator[Line]:
    if not seen.has(relationship_fact(side)):
        return
    with_partner = {str(row["Identity"]) for row in ours(seen, side, project)}
    for row in seen.rows(relationship_fact(side)):
        if str(row["Identity"]) not in with_partner:
            serves = "; it serves free/busy" if row["FreeBusyAccessEnabled"] else ""
            why = f"It does not name the partner's tenant{serves}"
            yield side, f"organization relationship {row['Identity']}", "stays", why


def sign_off_exhibit(seen: Seen, _project: Project) -> tuple[Exhibit, ...]:
    """What persons were asked to sign, and what is signed.

    Args:
        seen: Holds `source.asked_sign_offs`.
    """
    if not seen.has(SIGN_OFFS):
        return ()
    rows = tuple(
        (
            ", ".join(row["Statements"]),
            str(row["Subject"]),
            str(row["Instruction"] or ""),
            str(row["SignedBy"] or "nobody"),
        )
        for row in sorted(seen.rows(SIGN_OFFS), key=lambda row: (row["SignedBy"] is not None, row["Statements"]))
    )
    caption = "What persons were asked to give their word for; what nobody has signed comes first"
    return (Exhibit("sign-offs", caption, ("Statements", "About", "What is confirmed", "Signed by"), rows),)


def personal_data_exhibit(seen: Seen, _project: Project) -> tuple[Exhibit, ...]:
    """Every file of the project folder by what it is, and what is to become of it.

    Args:
        seen: Holds `source.project_files`.
    """
    if not seen.has(DATA_FILES):
        return ()
    fates = {
        "data": "xtmig purge removes it when nothing needs it any more",
        "evidence": "keep as long as evidence must be kept; holds addresses",
        "settings": "keep with the evidence; names the approvers",
        "runbook": "outputs of notebooks that were saved by hand: xtmig purge --all-personal clears them",
    }
    order = list(fates)
    rows = sorted(seen.rows(DATA_FILES), key=lambda row: (order.index(str(row["Kind"])), str(row["Path"])))
    lines = tuple((str(row["Path"]), int(row["Bytes"]), str(row["Kind"]), fates[str(row["Kind"])]) for row in rows)
    caption = "The files of this project, and what becomes of them at its end"
    return (Exhibit("project-files", caption, ("File", "Bytes", "Kind", "At the end"), lines),)
