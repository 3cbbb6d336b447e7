"""130 Start batches: one for each wave whose start has come; it copies, and nothing here ever completes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules import batch_settings, batch_starts, verification
from xtmig_kernel.rules.batch_order import ORDER_FACTS, Order, orders
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Rule, Seen

BATCH_SECONDS = 300


def plan_batches(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Make and start a batch for each wave whose start has come, of its users who are fit and in no batch (BAT-01).

    Neither AutoComplete nor CompleteAfter is given: the batch copies, and rests when all is copied (BAT-03).
    """
    return tuple(_made(order, project) for order in orders(seen, project) if order.is_open)


def _made(order: Order, project: Project) -> Change:
    name, users = order.batch, len(order.users)
    parameters = {
        "Name": name,
        "SourceEndpoint": project.endpoint_name,
        "CSVData": order.csv,
        "TargetDeliveryDomain": project.delivery_domain,
        "AutoStart": True,
    }
    if project.move.notify:
        parameters["NotificationEmails"] = list(project.move.notify)
    return Change(
        step=batch_starts.STEP,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "migration_batches", (("Identity", name),), f"migration batch {name}"),
        title=f"Start batch {name} with {users} user{'' if users == 1 else 's'} of wave {order.wave}",
        before=None,
        after={
            "SourceEndpoint": project.endpoint_name,
            "TargetDeliveryDomain": project.delivery_domain,
            "CompletionAsked": False,
        },
        calls=(ExchangeCall("New-MigrationBatch", parameters),),
        level=Level.NAMED,
        undo=f"Stop-MigrationBatch -Identity {quoted(name)}; Remove-MigrationBatch -Identity {quoted(name)}. Until "
        "completion every mailbox stays where it is, and only what was copied is lost.",
        statements=("BAT-01", "BAT-03", "BAT-04", "BAT-06", "BAT-08", "BAT-11"),
        lag_seconds=BATCH_SECONDS,
    )


def show_lists(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """The rows of every CSV that would be sent, and beside them whom each stands for (BAT-08)."""
    rows = tuple(
        (order.batch, order.wave, str(user.address), user.label)
        for order in orders(seen, project)
        if order.is_open
        for user in order.users
    )
    caption = "Who is in the batches that would be started, by the address that the CSV names."
    return (Exhibit("new-batches", caption, ("Batch", "Wave", "EmailAddress", "User"), rows),) if rows else ()


def _facts(rules: Iterable[Rule], *names: str) -> tuple[str, ...]:
    facts = (fact for rule in rules if not names or rule.id in names for fact in (*rule.needs, *rule.helps))
    return tuple(dict.fromkeys(facts))


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


SECTION = Section(
    number="130",
    slug="start-batches",
    title="Start batches",
    purpose="Let the target copy the mailboxes of each wave from its day on; nobody notices, and nothing is completed.",
    sides=("target", "source"),
    steps=(
        Step(
            id=batch_starts.STEP,
            title="Start the batches of the waves that are due",
            side="target",
            why="Copying takes days and disturbs nobody, so it begins weeks before a wave is cut over.",
            reads=tuple(
                dict.fromkeys(
                    (*ORDER_FACTS, *_facts(batch_starts.RULES), *_facts(verification.RULES, "endpoint-verified"))
                )
            ),
            verifies=_ids(batch_starts.RULES),
            plans_from=ORDER_FACTS,
            plan=plan_batches,
            requires=("users-listed", "waves-planned", "endpoint-verified"),
            shows=show_lists,
        ),
        Step(
            id="130.2",
            title="Read the batches back",
            side="target",
            why="A batch that completes by itself, or delivers to a wrong domain, must be seen before its cutover.",
            reads=_facts(batch_settings.RULES),
            verifies=_ids(batch_settings.RULES),
        ),
    ),
    runs="when named",
    document=("Batches", "Migration", "FAQ: batch size"),
    guidance=("BAT-07", "BAT-09", "BAT-13"),
)
