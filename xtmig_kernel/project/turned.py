"""A project turned round, so that mailboxes move back: source and target change places (BCK-01). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.project.model import OTHER_SIDE

if TYPE_CHECKING:
    from xtmig_kernel.project.model import Project, SideSettings

MOVE_BACK = "move-back"
"""The folder in the first project's folder that holds the files of the project for the way back."""
LONGEST_ID = 32
BACK = "-back"


def turned(project: Project) -> dict[str, Any]:
    """The content of `project.yaml` for the way back.

    What belongs to the first way is left out, so that it is made anew: names of objects, the application and its
    secret, waves and dates. Rules for addresses are not turned round, for every line of `users.csv` names its own.

    Args:
        project: The first project.
    """
    data: dict[str, Any] = {
        "format": 1,
        "id": project.id[: LONGEST_ID - len(BACK)].rstrip("-") + BACK,
        "name": f"{project.name}, back"[:300],
        "back_from": project.id,
        "source": _side(project.target),
        "target": _side(project.source),
        "consent": {"source": project.consent.target, "target": project.consent.source},
        "secret": {"origin": "minted", "valid_days": project.secret.valid_days},
        "users": {"attribute": project.users.attribute, "value": project.users.value},
        "target_users": {"passwords": project.target_users.passwords},
        "licences": {
            "add_on_side": project.licences.add_on_side,
            "usage_location": project.licences.usage_location,
        },
        "move": {"batch_size": project.move.batch_size},
        "transport": project.transport,
        "requests_at_once": project.requests_at_once,
        "approvers": [
            approver.model_dump(mode="json", exclude_none=True) | {"side": OTHER_SIDE[approver.side]}
            for approver in project.approvers
        ],
        "four_eyes": project.four_eyes.model_dump(mode="json", exclude_none=True),
        "simulation": str(project.simulation) if project.simulation else None,
    }
    return {key: _filled(value) for key, value in data.items() if value not in (None, [], {})}


def _side(settings: SideSettings) -> dict[str, Any]:
    data = settings.model_dump(mode="json", exclude_none=True)
    return {key: value for key, value in data.items() if value != {}}


def _filled(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value
