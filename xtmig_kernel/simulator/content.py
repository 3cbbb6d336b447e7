"""What is in a mailbox: folders and their items, from what the tenants file names and what follows from its sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .recipients_file import Folder
from .sizes import in_bytes

if TYPE_CHECKING:
    from .recipients_file import Mailbox

INBOX, OUTBOX, DELETIONS = "/Inbox", "/Outbox", "/Deletions"
VISIBLE = {
    "/Top of Information Store": "Root",
    INBOX: "Inbox",
    "/Drafts": "Drafts",
    "/Sent Items": "SentItems",
    "/Deleted Items": "DeletedItems",
    "/Archive": "Archive",
    "/Calendar": "Calendar",
    "/Contacts": "Contacts",
    "/Tasks": "Tasks",
    "/Notes": "Notes",
    "/Junk Email": "JunkEmail",
    OUTBOX: "Outbox",
}
RECOVERABLE = {
    "/Recoverable Items": "RecoverableItemsRoot",
    DELETIONS: "RecoverableItemsDeletions",
    "/Purges": "RecoverableItemsPurges",
    "/Versions": "RecoverableItemsVersions",
}
MOVING_RECOVERABLE = frozenset({DELETIONS, "/Purges", "/Versions"})
OWN = "User Created"
IN_ARCHIVE = ("/Top of Information Store", INBOX, "/Deleted Items")


class Place(NamedTuple):
    """A folder with what is in it.

    Attributes:
        path: From the top, with slashes.
        kind: FolderType of Get-MailboxFolderStatistics.
        items: Number of items.
        size: Bytes.
        recoverable: Whether it is one of the Recoverable Items.
    """

    path: str
    kind: str
    items: int
    size: int
    recoverable: bool

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.rpartition("/")[2]


def folders(mailbox: Mailbox) -> list[Place]:
    """All folders of a mailbox; items that no named folder holds are in the inbox, or in Deletions."""
    sizes = mailbox.sizes
    named = _with_outbox(mailbox)
    return _places(named, VISIBLE, (sizes.items, in_bytes(sizes.total)), (sizes.deleted_items, in_bytes(sizes.deleted)))


def archive_folders(mailbox: Mailbox) -> list[Place]:
    """All folders of a mailbox's archive; none without one."""
    part = mailbox.archive
    if part is None:
        return []
    standard = {path: VISIBLE[path] for path in IN_ARCHIVE}
    rest = (part.items, in_bytes(part.size)), (part.deleted_items, in_bytes(part.deleted))
    return _places({f.path: f for f in mailbox.archive_folders}, standard, *rest)


def _with_outbox(mailbox: Mailbox) -> dict[str, Folder]:
    named = {folder.path: folder for folder in mailbox.folders}
    if mailbox.content.outbox_items and OUTBOX not in named:
        named[OUTBOX] = Folder(path=OUTBOX, items=mailbox.content.outbox_items)
    return named


def _places(
    named: dict[str, Folder], standard: dict[str, str], visible: tuple[int, int], deleted: tuple[int, int]
) -> list[Place]:
    found: list[Place] = []
    for recoverable, kinds, rest, whole in ((False, standard, INBOX, visible), (True, RECOVERABLE, DELETIONS, deleted)):
        mine = {path: f for path, f in named.items() if f.recoverable is recoverable or path in kinds}
        left = (
            max(0, whole[0] - sum(f.items for f in mine.values())),
            max(0, whole[1] - sum(in_bytes(f.size) for f in mine.values())),
        )
        for path in dict.fromkeys([*kinds, *mine]):
            folder = mine.get(path, Folder(path=path))
            more = left if path == rest else (0, 0)
            kind = kinds.get(path) or (f"RecoverableItems{path.rpartition('/')[2]}" if recoverable else OWN)
            found.append(Place(path, kind, folder.items + more[0], in_bytes(folder.size) + more[1], recoverable))
            found += [Place(f"{path}/{n}", OWN, 0, 0, recoverable) for n in range(1, folder.subfolders + 1)]
    return found


def after_move(places: list[Place], lost: dict[str, int]) -> list[Folder]:
    """The folders as they arrive: without the outbox and foreign recoverable folders, and without lost items.

    Visible content and the folders Deletions, Versions and Purges move, the outbox does not (document lines 431, 435).

    Args:
        places: The folders in the source.
        lost: Folder's name in lower case, to how many of its items could not be copied.
    """
    kept = []
    for place in places:
        moving = place.path in MOVING_RECOVERABLE if place.recoverable else place.path != OUTBOX
        if moving and (place.items or place.size or place.kind == OWN):
            items = max(0, place.items - lost.get(place.name.lower(), 0))
            kept.append(Folder(path=place.path, items=items, size=f"{place.size} B", recoverable=place.recoverable))
    return kept
