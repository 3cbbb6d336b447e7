"""A stand-in for PowerShell: it walks the grammar's tree of a script, and knows the few constructs that ours use.

Written from PowerShell's documentation (about_Quoting_Rules, about_Arrays, about_Functions, about_Try_Catch_Finally),
never from the writer of scripts. Whatever it does not know is an error, so a script cannot slip past it. What commands
do is told by `stand_in_sessions`. It shows nothing of what PowerShell itself would do beyond that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stand_in_syntax import SINGLE_QUOTES, parameter_name, parsed, syntax_errors, text_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

ESCAPES = {'"`r`n"': "\r\n"}
"""The only expandable string of our scripts."""


class Thrown(Exception):
    """A terminating error of the script."""


class Unknown(Exception):
    """The script uses what the stand-in does not know."""


class _Return(Exception):
    def __init__(self, values: list[Any]) -> None:
        super().__init__()
        self.values = values


class _Continue(Exception):
    pass


@dataclass(frozen=True)
class Block:
    """A script block."""

    body: Node | None


@dataclass(frozen=True)
class Typed:
    """A .NET type by its name."""

    name: str


@dataclass(frozen=True)
class SecureString:
    """A text that is not shown."""

    text: str


@dataclass(frozen=True)
class PSCredential:
    """User name and secret."""

    user: str
    secret: SecureString


Commands = Callable[[str, dict[str, Any], list[Any], list[Any]], list[Any]]
"""Runs a command: its name, arguments by name and by place, what comes through the pipeline; gives what it puts out."""


def verbatim(text: str) -> str:
    """What a single-quoted literal says: two of five characters in a row are one; a single one would end it."""
    content, place = "", 1
    while place < len(text) - 1:
        if text[place] in SINGLE_QUOTES:
            place += 1
            if place >= len(text) - 1 or text[place] not in SINGLE_QUOTES:
                raise Unknown(f"PowerShell would end this literal early: {text}")
        content += text[place]
        place += 1
    return content


class Shell:
    """Runs scripts.

    Args:
        commands: What commands do that the script does not define.
        variables: Such as `PSScriptRoot`.
    """

    def __init__(self, commands: Commands, **variables: Any) -> None:
        self._commands = commands
        self._functions: dict[str, tuple[list[str], Node | None]] = {}
        constants = {"true": True, "false": False, "null": None}
        self._scopes: list[dict[str, Any]] = [constants | {name.lower(): value for name, value in variables.items()}]

    def run(self, script: str) -> None:
        """Run a script to its end.

        Raises:
            Thrown: The script ended with an error.
            Unknown: It uses something that is not known here.
        """
        assert syntax_errors(script) == []
        self._statements(parsed(script))

    # --- statements: each gives what it puts out -------------------------------------------------------------------

    def _statements(self, node: Node | None) -> list[Any]:
        if node is None:
            return []
        name = f"_do_{node.type}"
        if hasattr(self, name):
            done: list[Any] = getattr(self, name)(node)
            return done
        if node.type in ("comment", ";", "{", "}", "(", ")"):
            return []
        if node.type in ("program", "statement_list", "script_block", "script_block_body", "statement_block"):
            return [value for child in node.children for value in self._statements(child)]
        raise Unknown(f"{node.type}: {text_of(node)[:80]}")

    def _do_function_statement(self, node: Node) -> list[Any]:
        name = next(child for child in node.children if child.type == "function_name")
        declared = [child for child in node.children if child.type == "function_parameter_declaration"]
        variables = [text_of(part)[1:].lower() for of in declared for part in walk(of) if part.type == "variable"]
        body = next((child for child in node.children if child.type == "script_block"), None)
        self._functions[text_of(name).lower()] = (variables, body)
        return []

    def _do_if_statement(self, node: Node) -> list[Any]:
        condition = next(child for child in node.children if child.type == "pipeline")
        blocks = [child for child in node.children if child.type == "statement_block"]
        assert len(blocks) + 5 == len(node.children) + 1, text_of(node)  # neither elseif nor else
        return self._statements(blocks[0]) if self._single(condition) else []

    def _do_for_statement(self, node: Node) -> list[Any]:
        first, condition, step = (
            next(child for child in node.children if child.type == kind)
            for kind in ("for_initializer", "for_condition", "for_iterator")
        )
        self._single(first)
        found = []
        while self._single(condition):
            found += self._statements(node.children[-1])
            self._single(step)
        return found

    def _do_foreach_statement(self, node: Node) -> list[Any]:
        variable = next(child for child in node.children if child.type == "variable")
        items = self._single(next(child for child in node.children if child.type == "pipeline"))
        found = []
        for item in items if isinstance(items, list) else [] if items is None else [items]:
            self._set(text_of(variable), item)
            try:
                found += self._statements(node.children[-1])
            except _Continue:
                continue
        return found

    def _do_try_statement(self, node: Node) -> list[Any]:
        parts = {child.type: child for child in node.children}
        try:
            return self._statements(parts["statement_block"])
        except Thrown as error:
            if "catch_clauses" not in parts:
                raise
            (clause,) = parts["catch_clauses"].children
            before = self._scopes[-1].get("_")
            self._scopes[-1]["_"] = error
            try:
                return self._statements(clause.children[-1])
            finally:
                self._scopes[-1]["_"] = before
        finally:
            if "finally_clause" in parts:
                self._statements(parts["finally_clause"].children[-1])

    def _do_flow_control_statement(self, node: Node) -> list[Any]:
        word = text_of(node.children[0]).lower()
        rest = node.children[1] if len(node.children) > 1 else None
        if word == "continue":
            raise _Continue
        if word == "return":
            raise _Return(self._statements(rest) if rest is not None else [])
        if word == "throw":
            if rest is None:
                raise self._get("$_")
            raise Thrown(str(self._single(rest)))
        raise Unknown(word)

    def _do_pipeline(self, node: Node) -> list[Any]:
        (child,) = node.children
        if child.type == "assignment_expression":
            self._assign(child)
            return []
        return self._chain(child)

    def _chain(self, node: Node) -> list[Any]:
        stream: list[Any] = []
        for place, part in enumerate(child for child in node.children if child.type != "|"):
            if part.type == "command":
                stream = self._command(part, stream)
            elif place:
                raise Unknown(f"an expression amid a pipeline: {text_of(node)[:80]}")
            else:
                value = self._value(part)
                stream = list(value) if isinstance(value, list) else [value]
        return stream

    def _single(self, node: Node) -> Any:
        """The value of a pipeline: of an expression as it is; of commands nothing, the one, or the list."""
        while len(node.children) == 1 and node.type != "command":
            node = node.children[0]
        if node.type == "assignment_expression":
            return self._assign(node)
        if node.type in ("command", "command_name", "pipeline_chain", "pipeline"):
            found = self._command(node, []) if node.type == "command" else self._chain(node)
            return None if not found else found[0] if len(found) == 1 else found
        return self._value(node)

    def _assign(self, node: Node) -> None:
        left, operator, right = node.children
        value = self._single(right)
        while left.type != "variable" and len(left.children) == 1:
            left = left.children[0]
        if text_of(operator) == "+=":
            before = self._value(left)
            if not isinstance(before, list):
                raise Unknown(f"+= to what is no array: {text_of(node)[:80]}")
            value = [*before, *(value if isinstance(value, list) else [value])]
        elif text_of(operator) != "=":
            raise Unknown(text_of(operator))
        if left.type == "variable":
            self._set(text_of(left), value)
            return
        if left.type != "element_access":
            raise Unknown(f"assignment to {left.type}")
        self._value(left.children[0])[self._value(left.children[2])] = value

    # --- commands --------------------------------------------------------------------------------------------------

    def _command(self, node: Node, stream: list[Any]) -> list[Any]:
        first, *rest = node.children
        named, given = self._arguments(rest[-1]) if rest and rest[-1].type == "command_elements" else ({}, [])
        if first.type == "command_invokation_operator":
            block = self._value(rest[0])
            assert text_of(first) == "&"
            assert isinstance(block, Block)
            return self.call(block)
        name = text_of(first)
        if name.lower() == "where-object":
            (block,) = given
            return [item for item in stream if self.call(block, item) == [True]]
        if name.lower() not in self._functions:
            return self._commands(name, named, given, stream)
        assert not named
        variables, body = self._functions[name.lower()]
        assert len(given) <= len(variables), f"{name} takes {variables}"
        with self._scope({**dict.fromkeys(variables), **dict(zip(variables, given, strict=False))}):
            return self._body(body)

    def call(self, block: Block, item: Any = None) -> list[Any]:
        """Run a script block; `item` is what `$_` stands for in it."""
        with self._scope({} if item is None else {"_": item}):
            return self._body(block.body)

    def _body(self, body: Node | None) -> list[Any]:
        try:
            return self._statements(body)
        except _Return as done:
            return done.values

    @contextmanager
    def _scope(self, variables: dict[str, Any]) -> Iterator[None]:
        self._scopes.append(variables)
        try:
            yield
        finally:
            self._scopes.pop()

    def _arguments(self, node: Node) -> tuple[dict[str, Any], list[Any]]:
        named: dict[str, Any] = {}
        given: list[Any] = []
        name: str | None = None
        for child in node.children:
            if child.type == "command_argument_sep":
                continue
            if child.type == "command_parameter":
                name = parameter_name(text_of(child))
                assert name not in named, f"-{name} is given twice"
                named[name] = True  # a switch, unless a value follows
                continue
            value = text_of(child) if child.type == "generic_token" else self._value(child)
            if name is None:
                given.append(value)
            else:
                named[name], name = value, None
        return named, given

    # --- expressions -----------------------------------------------------------------------------------------------

    def _value(self, node: Node) -> Any:
        name = f"_of_{node.type}"
        if hasattr(self, name):
            return getattr(self, name)(node)
        if len(node.children) == 1:
            return self._value(node.children[0])
        raise Unknown(f"{node.type}: {text_of(node)[:80]}")

    def _of_verbatim_string_characters(self, node: Node) -> str:
        return verbatim(text_of(node))

    def _of_expandable_string_literal(self, node: Node) -> str:
        if text_of(node) not in ESCAPES:
            raise Unknown(f"expandable string {text_of(node)}")
        return ESCAPES[text_of(node)]

    def _of_decimal_integer_literal(self, node: Node) -> int:
        return int(text_of(node))

    def _of_variable(self, node: Node) -> Any:
        return self._get(text_of(node))

    def _get(self, name: str) -> Any:
        for scope in reversed(self._scopes):
            if name[1:].lower() in scope:
                return scope[name[1:].lower()]
        raise Unknown(f"{name} has no value")

    def _set(self, name: str, value: Any) -> None:
        if name.lower() != "$null":
            self._scopes[-1][name[1:].lower()] = value

    def remove(self, name: str) -> None:
        """Forget a variable of the present scope."""
        del self._scopes[-1][name.lower()]

    def _of_array_expression(self, node: Node) -> list[Any]:
        return [value for child in node.children[1:-1] for value in self._statements(child)]

    def _of_array_literal_expression(self, node: Node) -> Any:
        if len(node.children) == 1:
            return self._value(node.children[0])
        return [self._value(child) for child in node.children if child.type != ","]

    def _of_hash_literal_expression(self, node: Node) -> dict[Any, Any]:
        entries = [part for child in node.children for part in child.children if child.type == "hash_literal_body"]
        table: dict[Any, Any] = {}
        for entry in (part for part in entries if part.type == "hash_entry"):
            key, value = entry.children[0], next(part for part in entry.children if part.type == "pipeline")
            table[self._value(key)] = self._single(value)
        return table

    def _of_key_expression(self, node: Node) -> Any:
        (child,) = node.children
        return text_of(child) if child.type == "simple_name" else self._value(child)

    def _of_script_block_expression(self, node: Node) -> Block:
        return Block(next((child for child in node.children if child.type == "script_block"), None))

    def _of_parenthesized_expression(self, node: Node) -> Any:
        return self._single(node.children[1])

    def _of_type_literal(self, node: Node) -> Typed:
        return Typed(text_of(node)[1:-1].lower())

    def _of_cast_expression(self, node: Node) -> Any:
        kind, value = self._value(node.children[0]).name, self._value(node.children[1])
        if kind in ("ordered", "system.collections.arraylist"):
            return value
        if kind == "string":
            return "" if value is None else str(value)
        raise Unknown(f"cast to {kind}")

    def _of_member_access(self, node: Node) -> Any:
        owner, member = self._value(node.children[0]), node.children[-1].children[0]
        static = text_of(node.children[1]) == "::"
        name = str(self._value(member)) if member.type == "variable" else text_of(member)
        return self._member(owner, name, static=static)

    def _member(self, owner: Any, name: str, *, static: bool) -> Any:
        if static:
            return (owner, name)
        if name.lower() == "count" and isinstance(owner, list):
            return len(owner)
        if isinstance(owner, dict):
            return next((value for key, value in owner.items() if str(key).lower() == name.lower()), None)
        if owner is None:
            return None
        return (owner, name)

    def _of_element_access(self, node: Node) -> Any:
        return self._value(node.children[0])[self._value(node.children[2])]

    def _of_invokation_expression(self, node: Node) -> Any:
        owner, name = self._value(node.children[0]), text_of(node.children[2])
        arguments = [self._value(part) for part in walk(node.children[3]) if part.type == "argument_expression"]
        return method(owner, name, arguments)

    def _of_expression_with_unary_operator(self, node: Node) -> Any:
        if len(node.children) == 1:
            return self._value(node.children[0])
        operator, value = text_of(node.children[0]).lower(), self._value(node.children[1])
        known = {"-not": lambda: not value, "-": lambda: -value, ",": lambda: [value]}
        if operator not in known:
            raise Unknown(operator)
        return known[operator]()

    def _of_post_increment_expression(self, node: Node) -> None:
        self._set(text_of(node.children[0]), self._value(node.children[0]) + 1)

    def _of_additive_expression(self, node: Node) -> Any:
        return self._operation(node)

    def _of_comparison_expression(self, node: Node) -> Any:
        return self._operation(node)

    def _of_logical_expression(self, node: Node) -> Any:
        if len(node.children) == 1:
            return self._value(node.children[0])
        left, word = bool(self._value(node.children[0])), text_of(node.children[1]).lower()
        if word not in ("-or", "-and"):
            raise Unknown(word)
        return left if left is (word == "-or") else bool(self._value(node.children[2]))

    def _operation(self, node: Node) -> Any:
        if len(node.children) == 1:
            return self._value(node.children[0])
        left, operator, right = node.children
        word = text_of(operator).lower()
        if word not in OPERATIONS:
            raise Unknown(word)
        return OPERATIONS[word](self._value(left), self._value(right))


def _same(left: Any, right: Any) -> bool:
    """Texts are compared without case; what holds several values on the left would be filtered, which we never do."""
    assert not isinstance(left, list)
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return bool(left == right) and (left is None) == (right is None)


def _plus(left: Any, right: Any) -> Any:
    assert isinstance(left, str)
    return left + ("" if right is None else str(right))


KINDS = {
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "system.collections.idictionary": lambda value: isinstance(value, dict),
    "system.collections.ienumerable": lambda value: isinstance(value, list | str),
}
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _plus,
    "-eq": _same,
    "-ne": lambda left, right: not _same(left, right),
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-is": lambda left, right: KINDS[right.name](left),
    "-join": lambda left, right: right.join(left),
    "-notmatch": lambda left, right: re.search(right, left, re.IGNORECASE) is None,
}


def method(owner: Any, name: str, arguments: list[Any]) -> Any:
    """The few methods that our scripts call."""
    known: dict[Any, Callable[[], Any]] = {
        ((Typed("datetime"), "UtcNow"), "ToString"): lambda: "2026-11-02T08:00:00",
        (Typed("guid"), "NewGuid"): lambda: "0b9cf1a8-7d10-4d5e-9a3c-3f5d0c2e7b41",
        ("0b9cf1a8-7d10-4d5e-9a3c-3f5d0c2e7b41", "ToString"): lambda: owner,
        ((Typed("system.text.encoding"), "UTF8"), "GetBytes"): lambda: arguments[0].encode("utf-8"),
        (Typed("system.management.automation.pscredential"), "new"): lambda: PSCredential(*arguments),
    }
    if isinstance(owner, list) and name == "Add":
        owner.append(arguments[0])
        return len(owner) - 1
    if isinstance(owner, list | dict) or (owner, name) not in known:
        raise Unknown(f"{owner}.{name}")
    return known[owner, name]()
