"""Reading and writing the project's YAML files: strict, with one clear error for each mistake."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from xtmig_kernel.errors import ProjectFileError, SameTenantError
from xtmig_kernel.project.approvals import Approvals, Waivers
from xtmig_kernel.project.model import Project

PROJECT_FILE = "project.yaml"
APPROVALS_FILE = "approvals.yaml"
WAIVERS_FILE = "waivers.yaml"

Model = TypeVar("Model", bound=BaseModel)


# the same loader and dumper on libyaml, where PyYAML has it: ten times as fast for approvals of thousands of changes
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# what YAML takes for the end of a line, beside the line feed; as it stands it would be read back as another text
_LINE_ENDS = ("\r", "\x85", "\u2028", "\u2029")


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Writes every text so that it is read back as it was."""


def _text(dumper: _Dumper, value: str) -> Any:
    style = '"' if any(end in value for end in _LINE_ENDS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


class _UniqueKeyLoader(_Loader):  # type: ignore[misc]
    """YAML without silent surprises: a key given twice is an error."""


class _KeyProblem(yaml.constructor.ConstructorError):
    """A problem whose words are ours, so that they can be shown."""


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if not isinstance(key, str | int | float | bool | None):
            raise _KeyProblem(
                None, None, "a key must be plain text; was a template left unfilled?", key_node.start_mark
            )
        if key in seen:
            raise _KeyProblem(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        seen.add(key)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; a byte order mark is accepted.

    Args:
        path: The file.

    Raises:
        ProjectFileError: It is missing, not UTF-8, or not YAML; says which line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProjectFileError(
            f"{path.name} is not in {path.parent}", remedy="Make a project with: xtmig new FOLDER"
        ) from None
    except OSError as error:
        raise ProjectFileError(
            f"{path.name} cannot be read ({error.strerror})", remedy="Check the file's rights, and that it is a file."
        ) from None
    except UnicodeDecodeError:
        raise ProjectFileError(f"{path.name} is not UTF-8 text", remedy="Save it again as UTF-8.") from None
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        # the library's own words may quote the text, which may be a secret that begins with * or !
        ours = isinstance(error, _KeyProblem | yaml.scanner.ScannerError | yaml.parser.ParserError)
        problem = (getattr(error, "problem", None) if ours else None) or "this is not valid YAML"
        raise ProjectFileError(
            f"{path.name}, {where}: {problem}", remedy="Correct that line; nothing else was read."
        ) from None


def _validate(model: type[Model], data: Any, path: Path) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_input=False, include_url=False)]
        kind = SameTenantError if any("two tenants" in p or "two clouds" in p for p in problems) else ProjectFileError
        raise kind(
            f"{path.name}: " + "; ".join(problems),
            remedy=f"Correct {'this place' if len(problems) == 1 else 'these places'} in {path}; nothing was changed.",
        ) from None


def _problem(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{place}: this key is not known"
    if item["type"] == "missing":
        return f"{place}: this key is missing"
    return f"{place}: {text}" if place else text


def load_project(folder: Path) -> Project:
    """The project in a folder.

    Args:
        folder: The folder that holds `project.yaml`.

    Raises:
        ProjectFileError: The file cannot be used; names each place.
        SameTenantError: Both sides are one tenant, or the clouds differ.
    """
    path = folder / PROJECT_FILE
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise ProjectFileError(f"{path.name} holds no settings", remedy="Make a project with: xtmig new FOLDER")
    if "folder" in data:
        raise ProjectFileError(f"{path.name}: folder: this key is not known", remedy=f"Remove it from {path}.")
    return _validate(Project, {**data, "folder": folder.resolve()}, path)


def load_approvals(folder: Path) -> Approvals:
    """The approvals and sign-offs in a project folder; none if there is no file.

    Args:
        folder: The project folder.

    Raises:
        ProjectFileError: The file is there and cannot be used.
    """
    path = folder / APPROVALS_FILE
    return _validate(Approvals, read_yaml(path) or {}, path) if path.exists() else Approvals()


def load_waivers(folder: Path) -> Waivers:
    """The waivers in a project folder; none if there is no file.

    Args:
        folder: The project folder.

    Raises:
        ProjectFileError: The file is there and cannot be used.
    """
    path = folder / WAIVERS_FILE
    return _validate(Waivers, read_yaml(path) or {}, path) if path.exists() else Waivers()


def save_approvals(folder: Path, approvals: Approvals) -> None:
    """Write `approvals.yaml` whole or not at all.

    Args:
        folder: The project folder.
        approvals: Everything the file shall hold.
    """
    head = "# Approvals and sign-offs. Made by: xtmig approve. A changed entry no longer matches and is refused.\n"
    write_whole(folder / APPROVALS_FILE, head + yaml_text(approvals.model_dump(mode="json")))


def yaml_text(data: Any) -> str:
    """Data as YAML that is read back as the same data, keys in their order.

    Args:
        data: Plain data: mappings, lists, texts, numbers, dates, None.
    """
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old or the new content, never a part.

    Args:
        path: The file.
        text: Its new content; written as UTF-8 with line feeds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
