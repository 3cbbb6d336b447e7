"""What xtmig takes for granted about Microsoft 365 over HTTP, as data: how well it is known, and what to fall back on.

Pure. `docs/reference/wire-facts.md` is made from it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Unproven = Literal["inferred", "remembered", "contradicted"]


class WireFact(BaseModel):
    """One fact.

    Args:
        id: Such as `"F-07"`; code and tests name it.
        fact: What is taken for granted, in Markdown.
        grade: How well it is known, in words.
        fallback: What is done if it is not so; empty where nothing would be left to do.
        unproven: In which way a part of it is known only badly; empty for a fact that rests on a source.
        open: Which part that is, in words.
        shown_live: Whether a live tenant has shown it to this project.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^F-\d{2,3}$")
    fact: str = Field(min_length=1)
    grade: str = Field(min_length=1)
    fallback: str = ""
    unproven: tuple[Unproven, ...] = ()
    open: str = ""
    shown_live: bool = False

    @model_validator(mode="after")
    def _both_or_neither(self) -> WireFact:
        if bool(self.unproven) != bool(self.open):
            raise ValueError(f"{self.id}: unproven says how, and open says what; give both or neither")
        return self


class Chapter(BaseModel):
    """Facts that belong together.

    Args:
        title: Heading of their table.
        facts: The facts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    facts: tuple[WireFact, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """Every fact, in the order of the page."""
    text = files(__package__).joinpath("wire_facts.yaml").read_text(encoding="utf-8")
    return tuple(Chapter.model_validate(item) for item in yaml.safe_load(text))


def wire_facts() -> tuple[WireFact, ...]:
    """Every fact, by number."""
    return tuple(sorted((fact for chapter in chapters() for fact in chapter.facts), key=lambda fact: int(fact.id[2:])))


def unproven_facts() -> tuple[WireFact, ...]:
    """The facts of which a part is inferred, remembered or contradicted, and that no live tenant has shown."""
    return tuple(fact for fact in wire_facts() if fact.unproven and not fact.shown_live)
