"""What the person says: the project folder's files, strictly validated."""

from xtmig_kernel.project.approvals import Approval, Approvals, HoldDecision, Proof, SignOff, Waiver
from xtmig_kernel.project.files import load_approvals, load_project, load_waivers, save_approvals
from xtmig_kernel.project.model import (
    OTHER_SIDE,
    Approver,
    CloudName,
    Names,
    Project,
    SecretSettings,
    Side,
    SideSettings,
    SignInSettings,
)
from xtmig_kernel.project.users import UserRow, load_users, read_users, users_text

__all__ = [
    "OTHER_SIDE",
    "Approval",
    "Approvals",
    "Approver",
    "CloudName",
    "HoldDecision",
    "Names",
    "Project",
    "Proof",
    "SecretSettings",
    "Side",
    "SideSettings",
    "SignInSettings",
    "SignOff",
    "UserRow",
    "Waiver",
    "load_approvals",
    "load_project",
    "load_users",
    "load_waivers",
    "read_users",
    "save_approvals",
    "users_text",
]
