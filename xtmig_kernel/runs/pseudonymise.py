"""A snapshot, and the settings of its project, with other names and addresses."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xtmig_kernel.evidence import Observed
from xtmig_kernel.runs.pseudonyms import ADDRESS, GUID, Pseudonyms, base_of, bases
from xtmig_kernel.tables import BY_NAME
from xtmig_kernel.tables.personal import Personal, personal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xtmig_kernel.evidence import Facts, Observation, Row
    from xtmig_kernel.project import Project

NAMED = (Personal.NAME, Personal.ADDRESS, Personal.PROXY, Personal.DIRECTORY_NAME, Personal.MARK)
NOBODY = frozenset({"Self", "Default", "Anonymous"})
KEY_BYTES = 32
_WORD = re.compile(r"[^\W_]+")
STANDARD_FOLDERS = frozenset({
    "top of information store", "inbox", "drafts", "sent items", "deleted items", "archive", "calendar", "contacts",
    "tasks", "notes", "junk email", "outbox", "recoverable items", "deletions", "purges", "versions",
    "substrateholds", "discoveryholds", "audits", "calendar logging",
})  # fmt: skip
MOST_WORDS = 6
"""Words that a name in a message has at most."""
SYSTEM_OWNERS = ("Organization Management",)


class Pseudonymised:
    """Facts and settings with other names: the same pseudonym for the same word everywhere.

    The organisations' own domains, the names of scope groups and the mark of those who move stay: the project names
    them, and they name no person.

    Args:
        facts: The facts of a snapshot.
        project: Its project.
        key: What pseudonyms follow from; a random one that nobody keeps by default.
    """

    def __init__(self, facts: Facts, project: Project, key: bytes | None = None) -> None:
        known = list(_texts(facts, NAMED))
        self._names = Pseudonyms(key or secrets.token_bytes(KEY_BYTES), known, _domains(facts), _kept(project, facts))
        self._spans = {tuple(bases(text)) for text in known}
        self._first = {span[0] for span in self._spans if span}
        self._ids = {text.lower() for text in _texts(facts, (Personal.ID,)) if GUID.fullmatch(text)}
        self.facts = {name: self._observation(name.partition(".")[2], fact) for name, fact in facts.items()}

    def settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The content of `project.yaml` with other addresses of users; what names tenants and objects of its own stays.

        Args:
            settings: As it is read from the file.
        """
        changed = dict(settings)
        users, move = dict(settings.get("users") or {}), dict(settings.get("move") or {})
        if "exclude" in users:
            users["exclude"] = {self._names.text(who): self._names.text(why) for who, why in users["exclude"].items()}
        for key in ("pilot", "notify", "stop"):
            if key in move:
                move[key] = [self._names.text(who) if "@" in who else who for who in move[key]]
        if "disabled_archives" in move:
            move["disabled_archives"] = {self._names.text(who): fate for who, fate in move["disabled_archives"].items()}
        return changed | ({"users": users} if users else {}) | ({"move": move} if move else {})

    def _observation(self, table: str, fact: Observation[tuple[Row, ...]]) -> Observation[tuple[Row, ...]]:
        if not isinstance(fact, Observed):
            return replace(fact, detail=self.message(fact.detail))
        changes = list(self._changes(table))
        rows = tuple({**row, **{c: _each(change, row[c]) for c, change in changes if c in row}} for row in fact.value)
        if table in ("mailbox_permissions", "baseline_permissions"):
            rows = tuple(
                {**new, "Trustee": old["Trustee"]} if old["TrusteeKind"] in NOBODY else new
                for new, old in zip(rows, fact.value, strict=True)
            )
        return Observed(rows, fact.at, fact.source)

    def _changes(self, table: str) -> Iterator[tuple[str, Callable[[str], str]]]:
        how: dict[Personal, Callable[[str], str]] = {
            Personal.NAME: self._names.text,
            Personal.ADDRESS: self._names.text,
            Personal.PROXY: self._names.proxy,
            Personal.DIRECTORY_NAME: self._names.directory_name,
            Personal.ID: self._id,
            Personal.MARK: self._mark,
            Personal.WORDS: self._names.text,
            Personal.FOLDER: self._folder,
            Personal.TEXT: self.message,
        }
        for column in BY_NAME[table].columns if table in BY_NAME else ():
            kind = personal(table, column)
            if kind in how:
                yield column, how[kind]

    def _id(self, text: str) -> str:
        return self._names.guid(text) if GUID.fullmatch(text) else text

    def _mark(self, text: str) -> str:
        name, equals, value = text.partition("=")
        return name + equals + self._names.text(value)

    def _folder(self, path: str) -> str:
        parts = re.split(r"([/\\])", path)
        return "".join(part if part.casefold() in STANDARD_FOLDERS else self._names.text(part) for part in parts)

    def message(self, text: str) -> str:
        """Words of the service or of a person, with the names, addresses and ids of the snapshot replaced in them.

        Args:
            text: The words.
        """
        pieces, at = [], 0
        for found in ADDRESS.finditer(text):
            pieces += [self._spoken(text[at : found.start()]), self._names.text(found[0])]
            at = found.end()
        return "".join([*pieces, self._spoken(text[at:])])

    def _spoken(self, text: str) -> str:
        """A text with every id of the snapshot, and every run of words that is a whole name of it, replaced."""
        text = GUID.sub(lambda found: self._id(found[0]) if found[0].lower() in self._ids else found[0], text)
        words = [(found.start(), found.end(), base_of(found[0])) for found in _WORD.finditer(text)]
        pieces, at, number = [], 0, 0
        while number < len(words):
            length = self._name_at(words, number)
            if length:
                start, end = words[number][0], words[number + length - 1][1]
                pieces += [text[at:start], self._names.text(text[start:end])]
                at = end
            number += length or 1
        return "".join([*pieces, text[at:]])

    def _name_at(self, words: list[tuple[int, int, str]], number: int) -> int:
        """How many words from this one on are a whole name; 0 for none."""
        if words[number][2] not in self._first:
            return 0
        found = [word[2] for word in words[number : number + MOST_WORDS]]
        return next((n for n in range(len(found), 0, -1) if tuple(found[:n]) in self._spans), 0)


def _each(change: Callable[[str], str], value: Any) -> Any:
    """A value with every text in it changed; lists are in order again, as they are read."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, (list, tuple)):
        return sorted(change(item) if isinstance(item, str) else item for item in value)
    return value


def _texts(facts: Facts, kinds: Iterable[Personal]) -> Iterator[str]:
    """Every text of columns of some kinds."""
    wanted = frozenset(kinds)
    for name, fact in facts.items():
        table = name.partition(".")[2]
        if isinstance(fact, Observed) and table in BY_NAME:
            columns = [column for column in BY_NAME[table].columns if personal(table, column) in wanted]
            for row in fact.value:
                for column in columns:
                    value = row.get(column)
                    yield from (item for item in (value if isinstance(value, (list, tuple)) else [value]) if item)


def _values(facts: Facts, table: str, column: str) -> Iterator[str]:
    for side in ("source", "target"):
        fact = facts.get(f"{side}.{table}")
        for row in fact.value if isinstance(fact, Observed) else ():
            value = row.get(column)
            yield from (str(item) for item in (value if isinstance(value, (list, tuple)) else [value]) if item)


def _domains(facts: Facts) -> set[str]:
    """The organisations' own domains, and the ones that hybrid organisations have beside the initial ones."""
    initial = set(_values(facts, "organization", "InitialDomain"))
    hybrid = {f"{name.partition('.')[0]}.mail.{name.partition('.')[2]}" for name in initial}
    return {*_values(facts, "organization", "Domains"), *_values(facts, "accepted_domains", "DomainName"), *hybrid}


def _kept(project: Project, facts: Facts) -> set[str]:
    """What the project names and what is no person's."""
    applications = {
        str(row["Name"])
        for side in ("source", "target")
        if isinstance(fact := facts.get(f"{side}.signed_in"), Observed)
        for row in fact.value
        if row["Kind"] == "application"
    }
    given = {*project.scope_group_names, project.users.value, project.users.group or "", *SYSTEM_OWNERS}
    return given | applications | set(_values(facts, "organization_relationships", "MailboxMovePublishedScopes"))
