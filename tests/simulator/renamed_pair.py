"""The same two tenants with other names for everything, and the same questions to them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulated_pair import Pair

from xtmig_kernel.simulator.http import Answer


@dataclass(frozen=True)
class Renaming:
    """New names by old ones.

    Attributes:
        names: Words of domains, which stand within addresses, and whole names of things.
    """

    names: dict[str, str]

    def of(self, text: str) -> str:
        """A text with its new name: a whole one, or a domain within it."""
        if text in self.names:
            return self.names[text]
        for old, new in self.names.items():
            for ending in (".com", ".onmicrosoft", ".example"):
                text = text.replace(f"{old}{ending}", f"{new}{ending}")
        return text


def renamed(value: Any, renaming: Renaming) -> Any:
    """A value with all its texts renamed; the names of attributes stay."""
    if isinstance(value, str):
        return renaming.of(value)
    if isinstance(value, dict):
        return {key: renamed(item, renaming) for key, item in value.items()}
    return [renamed(item, renaming) for item in value] if isinstance(value, list) else value


def plain_values(value: Any) -> Iterator[Any]:
    """Everything in a value that is neither a table nor a list."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from plain_values(item)
    else:
        yield value


@dataclass
class RenamedPair(Pair):
    """Asks what it is asked for under the new names."""

    renaming: Renaming = Renaming({})

    def send(self, service: str, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        if isinstance(body, dict):
            body = renamed(body, self.renaming)
        return super().send(service, method, self.renaming.of(url), body, **headers)

    def exo(self, side: str, cmdlet: str, token: str | None = None, query: str = "", **parameters: Any) -> Answer:
        if "CSVData" in parameters:
            lines = base64.b64decode(parameters["CSVData"]).decode().split("\r\n")
            text = "\r\n".join(self.renaming.of(line) for line in lines)
            parameters["CSVData"] = base64.b64encode(text.encode()).decode()
        return super().exo(side, cmdlet, token, query, **parameters)

    def credential(self, user_name: str, password: str) -> str:
        return super().credential(self.renaming.of(user_name), password)


def renamed_pair(pair: Pair, renaming: Renaming) -> RenamedPair:
    """The pair, asked under new names."""
    return RenamedPair(pair.world, pair.now, pair.wall, pair.outcomes, renaming)
