"""Get-MailboxFolderStatistics: what is in which folder (cmdlet reference [SRC]; names of properties [MEM])."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator import content, people
from xtmig_kernel.simulator.recipients_file import Mailbox
from xtmig_kernel.simulator.sizes import bytes_text

from .binding import GUID
from .context import Context, Result
from .errors import bad_value
from .lookup import address_book, chosen, refuse_unserved, require_readable

if TYPE_CHECKING:
    from xtmig_kernel.simulator.content import Place

    from .binding import Bound

SERVED = frozenset({
    "Identity", "Archive", "FolderScope", "ResultSize", "IncludeOldestAndNewestItems", "IncludeSoftDeletedRecipients",
    "UseCustomRouting", "SkipCount",
})  # fmt: skip
EVERYTHING = frozenset({"", "all"})


def get(context: Context, bound: Bound) -> Result:
    """Get-MailboxFolderStatistics: all folders, recoverable ones too; FolderScope narrows to a kind of folder.

    A mailbox without an archive has no row with Archive. An archive's own GUID names the archive, as Microsoft's
    validation script asks for it [SRC]. `folders` of a mailbox's `unreadable` refuses the list of all folders alone, as
    where there are too many to be listed in time; one kind of them is listed still [INF].
    """
    refuse_unserved(bound, SERVED)
    owner = _owner_of_archive(context, bound.get("Identity"))
    archive = bool(bound.get("Archive")) or owner is not None
    rows = []
    for mailbox in [owner] if owner else chosen(context, (Mailbox,), bound.get("Identity")):
        if archive:
            require_readable(mailbox, "archive folders")
        elif str(bound.get("FolderScope") or "").lower() in EVERYTHING:
            require_readable(mailbox, "folders")
        places = content.archive_folders(mailbox) if archive else content.folders(mailbox)
        below = _sums(places)
        rows += [_row(context, mailbox, place, below[place.path]) for place in _within(places, bound)]
    return Result(rows)


def _sums(places: list[Place]) -> dict[str, tuple[int, int]]:
    """Path to the items and bytes of a folder and all that lie in it."""
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for place in places:
        path = place.path
        while path:
            items, size = sums[path]
            sums[path] = (items + place.items, size + place.size)
            path = path.rpartition("/")[0]
    return sums


def _owner_of_archive(context: Context, wanted: str | None) -> Mailbox | None:
    """The mailbox whose archive has this GUID, where nothing else answers to it."""
    if not wanted or not GUID.fullmatch(wanted) or address_book(context).find(wanted):
        return None
    living = (mailbox for mailbox in context.tenant.mailboxes if people.living(mailbox) and mailbox.archive)
    guids = ((people.archive_guid(context.world, context.tenant, mailbox), mailbox) for mailbox in living)
    return next((mailbox for guid, mailbox in guids if guid and guid.lower() == wanted.lower()), None)


def _within(places: list[Place], bound: Bound) -> list[Place]:
    scope = str(bound.get("FolderScope") or "").lower()
    if scope in EVERYTHING:
        return places
    if scope == "recoverableitems":
        return [place for place in places if place.recoverable]
    known = {kind.lower() for kind in content.VISIBLE.values()}
    if scope not in known:
        text = f"Unable to match the identifier name {bound.get('FolderScope')} to a valid enumerator name."
        raise bad_value("FolderScope", text)
    roots = [place.path for place in places if place.kind.lower() == scope]
    return [place for place in places if any(place.path == r or place.path.startswith(f"{r}/") for r in roots)]


def _row(context: Context, mailbox: Mailbox, place: Place, below: tuple[int, int]) -> dict[str, Any]:
    name = people.common_name(mailbox)
    identity = context.world.seed, people.mailbox_guid(context.world, context.tenant, mailbox), place.path
    from xtmig_kernel.simulator.identifiers import hexadecimal

    return {
        "Name": place.name,
        "FolderPath": place.path,
        "FolderId": hexadecimal(48, "folder", *identity),
        "FolderType": place.kind,
        "ItemsInFolder": place.items,
        "DeletedItemsInFolder": 0,
        "FolderSize": bytes_text(place.size),
        "ItemsInFolderAndSubfolders": below[0],
        "DeletedItemsInFolderAndSubfolders": 0,
        "FolderAndSubfolderSize": bytes_text(below[1]),
        "VisibleItemsInFolder": 0 if place.recoverable else place.items,
        "Identity": f"{name}{place.path}".replace("/", "\\"),
        "ContainerClass": "IPF.Note",
        "IsValid": True,
    }
