"""The words, symbols and colours of the report; each is written down once, here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from xtmig_kernel.changes import canonical
from xtmig_kernel.clock import from_text, moment_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_AFTER_SIGNS = re.compile(r"(?<=[@./_=:;,-])(?=[^\s@./_=:;,-])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LONG = re.compile(r"([^\s\0]{20})(?=[^\s\0])")
# Characters that have no shape of their own, or that turn the direction of what follows them.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Word(NamedTuple):
    """How something is shown: always a symbol and a word, and the name of a colour."""

    symbol: str
    text: str
    colour: str


VERDICTS = {
    "pass": Word("✓", "passed", "ok"),
    "fail": Word("✕", "failed", "bad"),
    "warn": Word("!", "warned", "warn"),
    "waiting": Word("◔", "waiting", "wait"),
    "not_observed": Word("○", "not observed", "none"),
    "manual": Word("✎", "manual", "hand"),
    "skipped": Word("–", "skipped", "none"),
    "waived": Word("⚑", "waived", "warn"),
}

TO_DO = Word("◇", "to do", "plan")
"""What fails before the runbook has run, and a step of it mends."""

STATEMENT_STATES = {
    "fail": Word("✕", "failed", "bad"),
    "not_observed": Word("○", "not observed", "none"),
    "waiting": Word("◔", "waiting", "wait"),
    "manual": Word("✎", "needs a person’s word", "hand"),
    "warn": Word("!", "warned", "warn"),
    "planned": Word("◇", "a change is planned", "plan"),
    "changed": Word("◆", "changed, not checked by a rule", "plan"),
    "waived": Word("⚑", "waived", "warn"),
    "pass": Word("✓", "passed", "ok"),
    "signed": Word("✎", "signed off", "hand"),
    "skipped": Word("–", "does not apply", "none"),
}

OUTCOMES = {
    "read back": Word("✓", "made and read back", "ok"),
    "differs": Word("◔", "made, not yet seen as planned", "wait"),
    "done": Word("◔", "made, not read back", "wait"),
    "found done": Word("✓", "found done", "ok"),
    "failed": Word("✕", "refused by the service", "bad"),
    "not done": Word("–", "not done", "none"),
    "unknown": Word("○", "begun, outcome not known", "bad"),
}

REPORTED = {
    True: Word("✎", "reported as made", "hand"),
    False: Word("✕", "reported as not made", "bad"),
}

SINCE = {
    "not looked": Word("○", "not observed", "none"),
    "nothing left to change": Word("✓", "xtmig has looked: nothing is left to change", "ok"),
    "not right yet": Word("◔", "xtmig has looked: not right yet", "wait"),
}

STEP_STATES = {
    "no change": Word("✓", "already right", "ok"),
    "applied": Word("✓", "applied", "ok"),
    "looked": Word("✓", "looked at", "ok"),
    "planned": Word("◇", "planned", "plan"),
    "not planned": Word("○", "could not be planned", "none"),
    "waiting": Word("◔", "waiting", "wait"),
    "later": Word("◔", "another step first", "wait"),
    "failed": Word("✕", "failed", "bad"),
}

APPROVALS = {
    "not needed": Word("–", "no approval needed", "none"),
    "approved": Word("✓", "approved", "ok"),
    "claimed": Word("✎", "approval claimed, not proven", "hand"),
    "missing": Word("◔", "approval missing", "wait"),
}

FILE_STATES = {
    "as written": Word("✓", "as it was written", "ok"),
    "changed since": Word("!", "changed since it was written", "warn"),
    "not there": Word("!", "no longer in the project folder", "warn"),
    "not looked at": Word("–", "written by an earlier run", "none"),
}

SIDES = {"source": Word("◀", "SOURCE", "s"), "target": Word("▶", "TARGET", "t")}

LEVELS = {
    0: "reads only",
    1: "can be undone; an Apply click or mode apply",
    2: "needs a named approval",
    3: "needs a second person",
}

EXIT_MEANINGS = {
    0: "everything asked is verified, or the plan is completely made",
    1: "unexpected error",
    2: "wrong usage or bad input",
    3: "a check failed",
    4: "waiting for a person or for Microsoft",
    5: "something could not be observed",
}

CELLS = {
    "What will be done": {
        "create": Word("◇", "create", "plan"),
        "adopt": Word("◇", "adopt", "plan"),
        "already right": Word("✓", "already right", "ok"),
        "blocked": Word("✕", "blocked", "bad"),
    },
    "Result": {"Success": Word("✓", "Success", "ok"), "Failed": Word("✕", "Failed", "bad")},
    "add-on": {"missing": Word("✕", "missing", "bad")},
    "Exchange in the source": {"there": Word("✓", "there", "ok"), "missing": Word("✕", "missing", "bad")},
    "usage location": {"set": Word("✓", "set", "ok"), "missing": Word("!", "missing", "warn")},
    "this account": {
        "offered": Word("✓", "offered", "ok"),
        "not offered": Word("✕", "not offered", "bad"),
        "missing": Word("✕", "missing", "bad"),
    },
}
"""How a cell of an exhibit is shown, by its column's heading: only words of our own, never a tenant's."""

TITLES = {
    "broken-ties": "Ties that the waves cut",
    "counts-compared": "Folders compared with the baseline",
    "cross-tenant-moves": "Moves from another tenant",
    "gate-waves": "Waves of the next cutover",
    "go-no-go": "Go or no-go",
    "moved-users": "Users who have moved",
    "new-batches": "Users of the batches",
    "permissions-compared": "Rights compared with the baseline",
    "rights-source": "Rights in the source",
    "rights-target": "Rights in the target",
    "settings-compared": "Settings compared with the baseline",
    "sign-offs": "Sign-offs",
    "skipped-to-decide": "Skipped items to decide about",
    "wave-bytes": "What the waves have to move",
    "wave-users": "Users and their waves",
}
"""Headings of exhibits whose names alone do not say it."""

LONGEST_WHOLE = 10
"""A cell of at most so many characters (a date, a state, the name of a wave) stays on one line."""

_ATTRIBUTES = {
    "AppId": "application ID",
    "ApplicationId": "application ID",
    "Id": "object ID",
    "ObjectId": "object ID",
    "KeyId": "key ID",
    "TenantId": "tenant ID",
    "MailboxMigrationRoleId": "role ID of Mailbox.Migration",
}


def titled(name: str) -> str:
    """The name of an exhibit as a heading: `licence-pool` becomes `Licence pool`.

    Args:
        name: The name.
    """
    return TITLES.get(name) or name.replace("-", " ").capitalize()


def sentence(text: str) -> str:
    """A text with the full stop that another sentence after it needs.

    Args:
        text: Such as a caption.
    """
    return text if not text or text[-1] in ".!?:" else f"{text}."


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: `a`, `a and b`, `a, b and c`; empty for none.

    Args:
        names: The names, in order.
    """
    *others, last = names or ("",)
    return f"{', '.join(others)} and {last}" if others else last


def sections_named(numbers: Sequence[str]) -> str:
    """Sections in a sentence: `section 070`, `sections 050, 060 and 070`; empty for none.

    Args:
        numbers: Their numbers, in order.
    """
    if not numbers:
        return ""
    return f"section{'s' if len(numbers) > 1 else ''} {listed(numbers)}"


def is_moment(text: Any) -> bool:
    """Whether a cell is a time as the ledger writes it, such as `2026-11-23T16:04:12Z`.

    Args:
        text: What a cell holds.
    """
    return isinstance(text, str) and _MOMENT.fullmatch(text) is not None


def moment(text: str) -> str:
    """A time for people, in UTC: `23 Nov 2026, 16:04:12 UTC`; a date alone stays a date.

    Args:
        text: ISO 8601 as the ledger writes it.
    """
    if "T" not in text:
        return text
    return moment_in_words(from_text(text))


def visible(value: Any) -> Any:
    """Text with every character that could hide or turn it replaced by its name, such as `⟨U+202E⟩`.

    Args:
        value: What a template prints; anything but text is returned as it is.
    """
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", value)


def breakable(text: str) -> Markup:
    """Text with places where a line may end: after the signs of addresses and paths, and in what has none for long.

    Without them one address would make a column of a table as wide as itself.

    Args:
        text: What a cell holds.
    """
    marked = _LONG.sub("\\1\0", _AFTER_SIGNS.sub("\0", visible(text)))  # no NUL is left in what is visible
    return Markup("<wbr>").join(marked.split("\0"))


def plain_value(value: Any) -> str:
    """An attribute's value as text; a value that was not known while planning says where it comes from.

    Args:
        value: A value of a change's `before` or `after`.
    """
    special = special_value(value)
    if special is not None:
        return special
    if value is None or value in ("", []):
        return "empty"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain_value(item) for item in value)
    return value if isinstance(value, str) else canonical(value) if isinstance(value, dict) else str(value)


def special_value(value: Any) -> str | None:
    """What stands for a value that no one wrote down: a later value or a secret; None for any other value.

    Args:
        value: A value of a change's `before` or `after`.
    """
    if not isinstance(value, dict):
        return None
    if "$later" in value:
        later = value["$later"]
        return f"{_ATTRIBUTES.get(later['attribute'], later['attribute'])} of {later['subject']['label']}"
    if "$secret" in value:
        origin = str(value["$secret"])
        return "secret minted here, stored nowhere" if origin == "minted" else f"secret from {origin.partition(':')[0]}"
    if "$password" in value:
        route = str(value["$password"]["route"])
        return "first password made here, " + ("handed to nobody" if route == "discard" else f"handed to {route}")
    if "$csv" in value:
        return f"CSV of {len(value['$csv']) - 1} rows"
    if "$credential" in value:
        credential = value["$credential"]
        return f"{plain_value(credential['user'])} with {plain_value(credential['secret'])}"
    return None
