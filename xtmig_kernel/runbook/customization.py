"""The one change that makes a dehydrated organisation accept configuration, for either tenant (EPT-07). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen

HYDRATION_SECONDS = 24 * 3600


def customization_plan(side: Side, step: str) -> Callable[[Seen, Project], tuple[Change, ...]]:
    """The plan function of the step that enables customization in one tenant.

    Args:
        side: The tenant.
        step: Id of the step.
    """

    def plan(seen: Seen, project: Project) -> tuple[Change, ...]:
        """Enable customization where the organisation is dehydrated; a second call would be an error (EPT-07)."""
        row = seen.one(f"{side}.organization_config")
        if row is None or row["IsDehydrated"] is not True:
            return ()
        return (
            Change(
                step=step,
                side=side,
                tenant_id=project.side(side).tenant_id,
                subject=Subject(
                    side, "organization_config", (("Name", str(row["Name"])),), f"organisation {row['Name']}"
                ),
                title="Enable organization customization",
                before={"IsDehydrated": True},
                after={"IsDehydrated": False},
                calls=(ExchangeCall("Enable-OrganizationCustomization"),),
                level=Level.SECOND_PERSON,
                undo="Cannot be undone: the organisation keeps its own copy of the default settings.",
                statements=("EPT-07",),
                irreversible=True,
                lag_seconds=HYDRATION_SECONDS,
            ),
        )

    return plan
