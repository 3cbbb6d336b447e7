"""A change's before and after, attribute by attribute, as parts that a page can mark. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from xtmig_kernel.report.words import plain_value, special_value

if TYPE_CHECKING:
    from collections.abc import Mapping


class Part(NamedTuple):
    """A piece of an attribute's value: as it was and stays, what goes, or what comes.

    `special` marks what is no literal value: one not yet known, or a secret's origin.
    """

    kind: Literal["same", "gone", "new"]
    text: str
    special: bool


class Attribute(NamedTuple):
    """One attribute and the parts of its value in the order in which they are shown."""

    name: str
    parts: tuple[Part, ...]


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Attribute]:
    """What changes, by attribute.

    Args:
        before: The altered attributes as they were observed; None where the object is absent.
        after: The same attributes as they shall be; None where the object is to go.
    """
    names = dict.fromkeys([*(after or {}), *(before or {})])
    return [Attribute(name, tuple(_parts(name, before, after))) for name in names]


def _parts(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Part]:
    if before is None:
        return [_part("new", (after or {})[name])]
    if after is None:
        return [_part("gone", before[name])]
    old, new = before.get(name), after.get(name)
    if old == new:
        return [_part("same", new)]
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return [
            *(_part("gone", item) for item in old if item not in new),
            *(_part("same", item) for item in new if item in old),
            *(_part("new", item) for item in new if item not in old),
        ]
    return [_part("gone", old), _part("new", new)]


def _part(kind: Literal["same", "gone", "new"], value: Any) -> Part:
    return Part(kind, plain_value(value), special_value(value) is not None)
