"""The project form's fields, and the way between `project.yaml` and the texts in them. Pure but for the two files.

What the form does not show (names, consent, simulation …) is kept as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from xtmig_kernel.credentials import SecretReference
from xtmig_kernel.errors import ProjectFileError, SecretReferenceError
from xtmig_kernel.jupyter.forms_lines import LINES
from xtmig_kernel.project import Project
from xtmig_kernel.project.files import PROJECT_FILE, read_yaml, write_whole, yaml_text

if TYPE_CHECKING:
    from pathlib import Path

CLOUDS = ("worldwide", "gcc", "gcc-high", "dod", "china")
ATTRIBUTES = tuple(f"CustomAttribute{number}" for number in range(1, 16))
NO_YES = ("no", "yes")
METHODS = ("browser", "device_code", "certificate", "secret")
_HEAD = "# The project: both tenants, names, approvers. It never holds a secret, only references to secrets.\n"


class FieldError(ValueError):
    """A text that cannot be taken, and the field it stands in.

    Args:
        path: The field's path.
        text: What is wrong with it.
    """

    def __init__(self, path: str, text: str) -> None:
        super().__init__(text)
        self.path = path


@dataclass(frozen=True)
class FormField:
    """One field of the form.

    Args:
        path: Where its value stands in `project.yaml`, such as `"source.sign_in.method"`.
        label: What stands beside it.
        hint: An example, or what it is for.
        choices: What may be chosen; an empty tuple is free text.
        lines: Whether it takes several lines.
    """

    path: str
    label: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    lines: bool = False


def _side(side: str) -> tuple[FormField, ...]:
    name = side.capitalize()
    return (
        FormField(f"{side}.domain", f"{name} domain", "the initial domain, such as contoso.onmicrosoft.com"),
        FormField(f"{side}.tenant_id", f"{name} tenant ID", "a GUID; Look up fills it from the domain"),
        FormField(f"{side}.cloud", f"{name} cloud", choices=CLOUDS),
        FormField(f"{side}.sign_in.method", f"{name} sign-in", choices=METHODS),
        FormField(f"{side}.sign_in.client_id", f"{name} client ID", "of your own application; empty for a person"),
        FormField(f"{side}.sign_in.certificate", f"{name} certificate", "path of a PEM or PFX file"),
        FormField(
            f"{side}.sign_in.passphrase", f"{name} passphrase", "a reference: env:NAME, keyring:SERVICE/USER, prompt"
        ),
        FormField(f"{side}.sign_in.secret", f"{name} secret", "a reference: env:NAME, keyring:SERVICE/USER, prompt"),
    )


GROUPS: tuple[tuple[str, tuple[FormField, ...]], ...] = (
    (
        "Project",
        (
            FormField("id", "Project id", "short; part of the names of what is created"),
            FormField("name", "Project name", "what people call it"),
            FormField("last_completion", "Last completion", "YYYY-MM-DD; the secret outlives this day"),
            FormField("transport", "Transport", choices=("", "rest", "powershell")),
        ),
    ),
    ("Source tenant, which mailboxes leave", _side("source")),
    ("Target tenant, which mailboxes move to", _side("target")),
    (
        "Who moves, and their names in the target",
        (
            FormField("users.choose", "Users come from", choices=("file", "attribute", "group")),
            FormField("users.attribute", "Attribute", choices=ATTRIBUTES),
            FormField("users.value", "Attribute value", "of those who move, as in the document: Cross-Tenant-Project"),
            FormField("users.group", "Group", "a mail-enabled group of the source"),
            FormField("users.tag", "Tag the mailboxes", choices=NO_YES),
            FormField("users.exclude", "Who stays", "one a line: source address; why", lines=True),
            FormField("target_addresses.local_part", "Target addresses", "same, or a pattern such as {first}.{last}"),
            FormField("target_addresses.domain", "Address domain", "empty: the target's default domain"),
            FormField("target_addresses.domain_map", "Domain map", "one a line: source.com = target.com", lines=True),
            FormField("target_addresses.sign_in_domain", "Sign-in domain", "empty: the target's initial domain"),
        ),
    ),
    (
        "Licences",
        (
            FormField("licences.add_on_side", "Migration licence", choices=("target", "source", "none")),
            FormField("licences.exchange", "Exchange licence", choices=("after move", "before move")),
            FormField("licences.exchange_sku", "Exchange SKU", "part number: SPE_E3"),
            FormField("licences.usage_location", "Usage location", "two letters, where a user has none: NL"),
        ),
    ),
    (
        "Batches and waves",
        (
            FormField("move.batch_prefix", "Batch prefix", "empty: the project's id; a batch is prefix-wave"),
            FormField("move.batch_size", "Batch size", "at most 2000 mailboxes"),
            FormField("move.pilot", "Pilot", "source addresses that go first, one a line", lines=True),
            FormField("move.waves", "Waves", "one a line: pilot; 2027-01-11; 2027-01-29 18:00 (UTC)", lines=True),
        ),
    ),
    (
        "Secret and approvers",
        (
            FormField("secret.origin", "Secret origin", choices=("minted", "provided")),
            FormField(
                "secret.reference", "Secret reference", "only if provided: env:NAME, keyring:SERVICE/USER, prompt"
            ),
            FormField("approvers", "Approvers", "one a line: Name; sign-in name; source or target", lines=True),
        ),
    ),
)
FIELDS: dict[str, FormField] = {field.path: field for _, fields in GROUPS for field in fields}
_REFERENCES = tuple(path for path in FIELDS if path.endswith((".secret", ".passphrase", ".reference")))
_DEFAULTS = {
    "source.cloud": "worldwide",
    "target.cloud": "worldwide",
    "secret.origin": "minted",
    "users.choose": "file",
    "users.attribute": "CustomAttribute1",
    "users.value": "Cross-Tenant-Project",
    "target_addresses.local_part": "same",
    "licences.add_on_side": "target",
    "licences.exchange": "after move",
} | {f"{side}.sign_in.method": "browser" for side in ("source", "target")}


def load(folder: Path) -> tuple[dict[str, Any], str]:
    """What `project.yaml` holds, valid or not, and why it cannot be read where it cannot.

    Args:
        folder: The project folder.
    """
    try:
        data = read_yaml(folder / PROJECT_FILE)
    except ProjectFileError as error:
        return {}, error.message
    return (data, "") if isinstance(data, dict) else ({}, f"{PROJECT_FILE} holds no settings")


def texts(data: dict[str, Any]) -> dict[str, str]:
    """The text of each field.

    Args:
        data: Content of `project.yaml`.
    """
    return {path: _text(path, _get(data, path)) for path in FIELDS}


def merged(data: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """The content of `project.yaml` with the fields' texts put in; an empty text takes its key out.

    Args:
        data: What the file holds now.
        values: The text of each field.

    Raises:
        FieldError: A line of the approvers or of the domains is not one.
    """
    result: dict[str, Any] = {"format": 1, **_copy(data)}
    for path, text in values.items():
        _put(result, path, _value(path, text, data))
    return result


def _value(path: str, text: str, data: dict[str, Any]) -> Any:
    if path in LINES:
        try:
            value = LINES[path].to_value(text)
        except ValueError as error:
            raise FieldError(path, str(error)) from None
        return [_as_before(path, row, data) for row in value] if isinstance(value, list) else value
    if path == "move.batch_size" and text.strip().isdecimal():
        return int(text)
    if FIELDS[path].choices == NO_YES:
        return text == "yes"
    return text.strip()


def problems(data: dict[str, Any], folder: Path) -> dict[str, str]:
    """What is wrong, by the path of the field; nothing if the project can be used.

    Args:
        data: Content for `project.yaml`.
        folder: The project folder.
    """
    found: dict[str, str] = {}
    for path in _REFERENCES:
        if text := _get(data, path):
            try:
                SecretReference.parse(str(text))
            except SecretReferenceError as error:
                found[path] = f"{error.message} {error.remedy}"
    try:
        Project.model_validate({**data, "folder": folder})
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            path, text = _placed(item)
            found.setdefault(path, text)
    return found


def save(folder: Path, data: dict[str, Any]) -> None:
    """Write `project.yaml` whole; the comment lines at its head stay.

    Args:
        folder: The project folder.
        data: Content that has no problems.
    """
    path = folder / PROJECT_FILE
    head = _HEAD
    if path.exists():
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines(keepends=True)
        end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        head = "".join(lines[:end]) or _HEAD
    write_whole(path, head + yaml_text(data))


def _get(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place = data
    for key in parents:
        inner = place.get(key)
        if not isinstance(inner, dict) and not value:
            return
        place[key] = place = inner if isinstance(inner, dict) else {}
    if value:
        place[last] = value
    else:
        place.pop(last, None)


def _copy(data: Any) -> Any:
    return {key: _copy(value) for key, value in data.items()} if isinstance(data, dict) else data


def _text(path: str, value: Any) -> str:
    if path in LINES:
        return LINES[path].to_text(value)
    if FIELDS[path].choices == NO_YES:
        return NO_YES[bool(value)]
    return _DEFAULTS.get(path, "") if value is None else str(value)


def _as_before(path: str, row: Any, data: dict[str, Any]) -> Any:
    """An entry with what the form does not show of the one it stands for: a public key, a window."""
    key = {"approvers": "upn", "move.waves": "name"}.get(path)
    before = [old for old in _get(data, path) or () if isinstance(old, dict)] if key else []
    return {**next((old for old in before if key and old.get(key) == row[key]), {}), **row} if key else row


def _placed(item: Any) -> tuple[str, str]:
    """The field that an error belongs to, and its sentence; validators of a whole part begin with the key they mean."""
    path = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    key, colon, rest = text.partition(": ")
    named = f"{path}.{key}" if path else key
    if colon and named in FIELDS:
        path, text = named, rest
    known = path if path in FIELDS else next((p for p in FIELDS if path.startswith(f"{p}.")), path)
    return known, {"missing": "this is needed", "extra_forbidden": "this key is not known"}.get(item["type"], text)
