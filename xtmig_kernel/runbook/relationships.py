"""The changes that open an organization relationship for mailbox moves, for either tenant (REL-01 to REL-12). Pure.

What a relationship holds already is united with what moves need; nothing is overwritten (doc traps A4 to A6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.objects import CAPABILITY, name_is_taken
from xtmig_kernel.rules.relationship import ours, relationship_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen

    Further = Callable[[Seen, Project, "Row | None"], "Mapping[str, Setting]"]

DIRECTION: dict[Side, str] = {"target": "inbound", "source": "outbound"}
BACK: dict[Side, tuple[str, ...]] = {"target": ("BCK-03", "BCK-04"), "source": ("BCK-03", "BCK-04", "BCK-05", "BCK-06")}
"""What editing the relationship that is there answers besides, in a project for the way back."""


@dataclass(frozen=True)
class Setting:
    """One attribute of a relationship.

    Args:
        value: What it shall be, as a read shows it.
        parameter: What the cmdlet is given to make it so.
    """

    value: Any
    parameter: Any


@dataclass(frozen=True)
class RelationshipPlan:
    """How one tenant's relationship is opened.

    Args:
        side: The tenant that has it.
        step: Id of the step.
        new: Statements that a new relationship answers.
        changed: Statements that a changed one answers.
        further: Attributes beside the common ones, from what was seen, the project and the present row, if any.
    """

    side: Side
    step: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    further: Further = lambda _seen, _project, _row: {}

    def __call__(self, seen: Seen, project: Project) -> tuple[Change, ...]:
        """Create the relationship with the partner, or unite what is missing into the one that is there.

        Args:
            seen: Holds the tenant's relationships and what `further` needs.
            project: Names both tenants.
        """
        rows = ours(seen, self.side, project)
        if len(rows) > 1:
            return ()
        if rows:
            return self._united(seen, project, rows[0])
        name = project.relationship_name(self.side)
        if name_is_taken(seen.rows(relationship_fact(self.side)), name):
            return ()
        return (self._created(seen, project, name),)

    def _settings(self, seen: Seen, project: Project, row: Row | None) -> dict[str, Setting]:
        capabilities = sorted({*(row["MailboxMoveCapability"] if row else ()), CAPABILITY[self.side]})
        return {
            "Enabled": Setting(True, True),
            "MailboxMoveEnabled": Setting(True, True),
            "MailboxMoveCapability": Setting(capabilities, ", ".join(capabilities)),
            **self.further(seen, project, row),
        }

    def _created(self, seen: Seen, project: Project, name: str) -> Change:
        partner = project.partner(self.side).tenant_id
        settings = {"DomainNames": Setting([partner], [partner]), **self._settings(seen, project, None)}
        parameters = {"Name": name, **{attribute: item.parameter for attribute, item in settings.items()}}
        return Change(
            step=self.step,
            side=self.side,
            tenant_id=project.side(self.side).tenant_id,
            subject=Subject(
                self.side, "organization_relationships", (("Identity", name),), f"organization relationship {name}"
            ),
            title=f"Create organization relationship {name}",
            before=None,
            after={attribute: item.value for attribute, item in settings.items()},
            calls=(ExchangeCall("New-OrganizationRelationship", parameters),),
            level=Level.UNDOABLE,
            undo=f"Remove-OrganizationRelationship -Identity {quoted(name)}",
            statements=self.new,
        )

    def _united(self, seen: Seen, project: Project, row: Row) -> tuple[Change, ...]:
        settings = self._settings(seen, project, row)
        missing = {attribute: item for attribute, item in settings.items() if item.value != row[attribute]}
        if not missing:
            return ()
        title = f"Open organization relationship {row['Identity']} for {DIRECTION[self.side]} moves"
        changed = (*self.changed, *(BACK[self.side] if project.back_from else ()))
        return (altered(self.side, self.step, project, row, missing, title, Level.UNDOABLE, changed),)


def altered(
    side: Side,
    step: str,
    project: Project,
    row: Row,
    settings: Mapping[str, Setting],
    title: str,
    level: Level,
    statements: tuple[str, ...],
) -> Change:
    """A change of some attributes of a relationship that is there, which is held to its identity (REL-05).

    Args:
        side: The tenant that has it.
        step: Id of the step.
        project: Names both tenants.
        row: The relationship as it was observed.
        settings: What is altered, by attribute.
        title: What happens, as a person would say it.
        level: How strongly it must be approved.
        statements: Statements that it answers.
    """
    name = str(row["Identity"])
    kept = {"Guid": row["Guid"], "DomainNames": row["DomainNames"]}
    parameters = {"Identity": name, **{attribute: item.parameter for attribute, item in settings.items()}}
    return Change(
        step=step,
        side=side,
        tenant_id=project.side(side).tenant_id,
        subject=Subject(
            side,
            "organization_relationships",
            (("Identity", name), ("DomainNames", project.partner(side).tenant_id)),
            f"organization relationship {name}",
        ),
        title=title,
        before=kept | {attribute: row[attribute] for attribute in settings},
        after=kept | {attribute: item.value for attribute, item in settings.items()},
        calls=(ExchangeCall("Set-OrganizationRelationship", parameters),),
        level=level,
        undo=f"Set-OrganizationRelationship -Identity {quoted(name)} with the former values.",
        statements=statements,
    )
