"""What a case of a rule is."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Case(NamedTuple):
    """What is altered, and the verdicts that are due."""

    name: str
    verdicts: list[str]
    world: Mapping[str, Any]
    project: Mapping[str, Any] = MappingProxyType({})
