"""The module file that Exchange makes for each session: what the account is offered, and the key for secrets.

Exchange writes a PowerShell module for the signed-in account, with the cmdlets and parameters that its roles allow
(wire 1.1, facts F-04 and F-05). It is read as text and never run. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from xtmig_kernel.errors import Rejected

_FUNCTION = re.compile(r"^\s*function\s+(?:\w+:)?(?P<name>[A-Za-z]+-\w+)", re.MULTILINE | re.IGNORECASE)
_PARAM = re.compile(r"\bparam\s*\(", re.IGNORECASE)
_ASKS = re.compile(r"SupportsShouldProcess\s*=\s*\$true", re.IGNORECASE)
_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|#[^\n]*|\$\{(?P<braced>\w+)\}|\$(?P<bare>\w+)|[()\[\]]""")
_KEY = re.compile(r"<RSAKeyValue>\s*<Modulus>(?P<modulus>[^<]+)</Modulus>\s*<Exponent>(?P<exponent>[^<]+)</Exponent>")
_CONSTANTS = frozenset({"true", "false", "null"})


@dataclass(frozen=True)
class ModuleFile:
    """What one session's module file says.

    Args:
        offered: Cmdlet to its parameters.
        public_key: Modulus and exponent of the key for secrets, base64; None if the file holds none.
    """

    offered: dict[str, frozenset[str]]
    public_key: tuple[str, str] | None


def read_module_file(data: Any) -> ModuleFile:
    """What a module file says.

    Args:
        data: The service's JSON answer: `{"value": [{"fileName", "fileContent", "exportedCmdlets"}]}`.

    Raises:
        Rejected: It is something else.
    """
    files = data.get("value") if isinstance(data, dict) else None
    files = [item for item in files or [] if isinstance(item, dict)]
    text = "\n".join(str(item.get("fileContent") or "") for item in files)
    names = [name.strip() for item in files for name in str(item.get("exportedCmdlets") or "").split(",")]
    parameters = _parameters(text)
    offered = {name: parameters.get(name.casefold(), frozenset()) for name in names if name}
    key = _KEY.search(text)
    if not offered and key is None:  # with a key it is a module, of an account that is offered nothing
        raise Rejected(
            "Exchange did not say which cmdlets this account may use.",
            cause="Its module file names none.",
            remedy="Check that the account has an Exchange role in this tenant.",
        )
    return ModuleFile(offered, (key["modulus"].strip(), key["exponent"].strip()) if key else None)


def _parameters(text: str) -> dict[str, frozenset[str]]:
    """Parameter names by cmdlet in lower case."""
    found: dict[str, frozenset[str]] = {}
    functions = list(_FUNCTION.finditer(text))
    for position, function in enumerate(functions):
        end = functions[position + 1].start() if position + 1 < len(functions) else len(text)
        block = _PARAM.search(text, function.end(), end)
        if block is None:
            continue
        names = _names(text, block.end(), end)
        if _ASKS.search(text, function.end(), block.start()):
            names |= {"Confirm", "WhatIf"}  # PowerShell adds these two itself
        found[function["name"].casefold()] = frozenset(names)
    return found


def _names(text: str, start: int, end: int) -> set[str]:
    """The variables that a param block declares: those outside of every further bracket."""
    names: set[str] = set()
    depth = 1
    for token in _TOKEN.finditer(text, start, end):
        name = token["braced"] or token["bare"]
        if name is not None:
            if depth == 1 and name.casefold() not in _CONSTANTS:
                names.add(name)
        elif token[0] in "([":
            depth += 1
        elif token[0] in ")]":
            depth -= 1
            if depth == 0:
                break
    return names
