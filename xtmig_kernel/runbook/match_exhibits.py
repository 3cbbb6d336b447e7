"""What step 090.3 shows: every user with both sides, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.matching import matches

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

CREATE, ADOPT, NOTHING, BLOCKED = "create", "adopt", "already right", "blocked"
DONE = (CREATE, ADOPT, NOTHING, BLOCKED)
NO_MAILBOX = "no mailbox"


def matching_exhibits(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """The table of users and the sums over it.

    Args:
        seen: Holds the facts of matching.
        project: Gives the rules for names.
    """
    found = matches(seen, project)
    columns = (
        "Line", "Source address", "Kind", "Target address", "Sign-in name", "Alias", "Target object", "Why",
        "What will be done", "Problems",
    )  # fmt: skip
    caption = (
        "Who in the source becomes whom in the target. Create: a new MailUser; adopt: what is missing is added to the "
        "MailUser that is there; already right: it has its names, GUIDs and x500 addresses; blocked: its problems "
        "come first."
    )
    table = Exhibit("users", caption, columns, tuple(_row(match) for match in found))
    return (table, _sums(found))


def what_will_be_done(match: Match) -> str:
    """One of `DONE`.

    Args:
        match: The user.
    """
    return NOTHING if match.action == ADOPT and _has_everything(match) else match.action


def _row(match: Match) -> tuple[str | int, ...]:
    names, target = match.names, match.target
    return (
        match.user["Line"] or "new",
        match.label,
        str(match.source["RecipientTypeDetails"]) if match.source else NO_MAILBOX,
        names.address if names else "",
        names.sign_in if names else "",
        names.alias if names else "",
        f"MailUser {target['DisplayName']} ({target['ObjectId']})" if target else "",
        match.reason,
        what_will_be_done(match),
        "; ".join(f"{problem.code}: {problem.seen}" for problem in match.problems),
    )


def _sums(found: tuple[Match, ...]) -> Exhibit:
    counted = Counter(
        (str(match.source["RecipientTypeDetails"]) if match.source else NO_MAILBOX, what_will_be_done(match))
        for match in found
    )
    kinds = sorted({kind for kind, _ in counted})
    rows: tuple[tuple[str | int, ...], ...] = tuple((kind, *(counted[kind, done] for done in DONE)) for kind in kinds)
    caption = "Users by kind of mailbox, and what will be done for each."
    return Exhibit("matching-sums", caption, ("Kind", *DONE), rows, "bars")


def _has_everything(match: Match) -> bool:
    source, target, names = match.source, match.target, match.names
    if source is None or target is None or names is None:
        return False
    smtp, x500 = _folded(target["SmtpAddresses"]), _folded(target["X500Addresses"])
    return (
        target["ExchangeGuid"] == source["ExchangeGuid"] is not None
        and (source["ArchiveGuid"] is None or target["ArchiveGuid"] == source["ArchiveGuid"])
        and _folded([*source["X500Addresses"], f"x500:{source['LegacyExchangeDN']}"]) <= x500
        and names.delivery.casefold() in smtp
        and str(target["ExternalEmailAddress"]).casefold() in _folded(source["SmtpAddresses"])
        and _folded([names.address, names.sign_in, names.alias])
        == _folded([target["PrimarySmtpAddress"], target["UserPrincipalName"], target["Alias"]])
    )


def _folded(values: object) -> set[str]:
    return {str(value).casefold() for value in values} if isinstance(values, (list, tuple)) else set()
