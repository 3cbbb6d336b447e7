"""The syntax of a PowerShell script, by tree-sitter's grammar: its tree, what is wrong with it, and its commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGE = Language(tree_sitter_powershell.language())
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"

_LITERAL = f"'(?:[^{SINGLE_QUOTES}]|[{SINGLE_QUOTES}]{{2}})*[{SINGLE_QUOTES}]"
_OUTSIDE = re.compile(rf'(?:^#[^\n]*|"[^"]*"|{_LITERAL})|(?P<name> -[A-Za-z]+\d+)(?= )', re.MULTILINE)
_DIGITS, _LETTERS = "0123456789", "abcdefghij"


def _spelled(found: re.Match[str]) -> str:
    """The grammar knows no digit in the name of a parameter, PowerShell does: outside literals they become letters."""
    if found["name"] is None:
        return found[0]
    letters = found[0].rstrip(_DIGITS)
    return letters + "_" + found[0][len(letters) :].translate(str.maketrans(_DIGITS, _LETTERS))


def parameter_name(text: str) -> str:
    """The name of a parameter as it stands in the script, from its text in the tree."""
    name, _, letters = text.removeprefix("-").partition("_")
    return name + letters.translate(str.maketrans(_LETTERS, _DIGITS))


def parsed(script: str) -> Node:
    """The tree of a script."""
    return Parser(LANGUAGE).parse(_OUTSIDE.sub(_spelled, script).encode("utf-8")).root_node


def syntax_errors(script: str) -> list[str]:
    """The places that the grammar does not understand, each with its text."""
    return [f"{node.start_point}: {text_of(node)[:200]}" for node in walk(parsed(script)) if _is_error(node)]


def commands_of(script: str) -> list[tuple[str, list[str]]]:
    """Every command of a script with the names of its parameters."""
    found = []
    for node in walk(parsed(script)):
        names = [child for child in node.children if child.type == "command_name"] if node.type == "command" else []
        if names:
            of = [parameter_name(text_of(p)) for p in walk(node, inside=False) if p.type == "command_parameter"]
            found.append((text_of(names[0]), of))
    return found


def literals_of_variable(script: str, name: str) -> list[str]:
    """The single-quoted texts that are assigned to a variable, in their order."""
    for node in walk(parsed(script)):
        if node.type == "assignment_expression" and text_of(node).startswith(f"{name} ="):
            return [text_of(part)[1:-1] for part in walk(node) if part.type == "verbatim_string_characters"]
    return []


def _is_error(node: Node) -> bool:
    return node.type == "ERROR" or node.is_missing


def walk(node: Node, *, inside: bool = True) -> Iterator[Node]:
    """A node and all below it, blocks and brackets included or not."""
    yield node
    for child in node.children:
        if inside or child.type not in ("script_block_expression", "parenthesized_expression"):
            yield from walk(child, inside=inside)


def text_of(node: Node) -> str:
    """The text that a node stands for."""
    assert node.text is not None
    return node.text.decode("utf-8")
