"""What a value is, without what it says: for records that are handed to somebody else. Pure.

Names are kept only where they belong to an interface: JSON keys, header names, known parts of paths, cmdlets.
Everything else becomes its kind and its length, such as `address(24)`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = (
    ("guid", r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?"),
    ("token", r"ey[\w-]+\.[\w-]+\.[\w-]*"),
    ("time", r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?"),
    ("number as text", r"-?\d+([.,]\d+)*"),
    ("size", r".{0,40}\([\d.,\s]+ bytes\)"),
    ("url", r"[a-z]+://\S+"),
    ("prefixed address", r"[A-Za-z0-9]+:[^@\s]+@[^@\s]+"),
    ("x500", r"[Xx]500:.*|/[oO]=.*"),
    ("address", r"[^@\s]+@[^@\s]+"),
    ("domain", r"[\w-]+(\.[\w-]+)+"),
    ("typed message", r"[^|]*\|[\w.]+\|[\s\S]*"),
    ("base64", r"[A-Za-z0-9+/_-]{60,}=*"),
    ("word", r"[A-Za-z][A-Za-z0-9]*"),
)
_COMPILED = tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in _KINDS)
_NAME = r"[A-Za-z]{1,45}[A-Za-z0-9]{0,4}"
_NOTE = r"@(odata|data|adminapi)\.[A-Za-z]{1,30}"
_PROPERTY = re.compile(rf"\$?{_NAME}|({_NAME})?{_NOTE}|adminapi\.[a-z]{{1,30}}{_NOTE}")
_SNAKE = re.compile(r"[a-z]{1,20}(_[a-z]{1,20}){1,3}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z-]{0,60}")
_CMDLET = re.compile(r"[A-Z][a-z]{1,12}-[A-Z][A-Za-z]{1,45}")
_EXCEPTION = re.compile(r"((Microsoft|System)(\.[A-Za-z]{1,60}){1,10}|[A-Za-z]{1,60})Exception")
_CODE = re.compile(r"[A-Za-z]{2,30}(_[A-Za-z]{2,40})?")
_AADSTS = re.compile(r"AADSTS\d{4,8}")
_CALL = re.compile(r"([A-Za-z]+)\((.*)\)")
_SECRET = frozenset(
    (
        "client_secret", "client_assertion", "access_token", "refresh_token", "id_token", "code", "code_verifier",
        "device_code", "user_code", "password", "passphrase", "secrettext", "credentials", "filecontent",
    )
)  # fmt: skip
"""Of these not even the length is told."""
_GRANTS = frozenset({"client_credentials", "authorization_code", "refresh_token", "device_code"})
_LINES = frozenset({"connect", "offered", "run"})
_LONGEST_LIST = 3
_DEEPEST = 12
PATHS = frozenset(
    (
        "adminapi", "beta", "v1.0", "v2.0", "invokecommand", "exomodulefile", "$batch", "oauth2", "token",
        "devicecode", "authorize", "adminconsent", "discovery", "keys", ".well-known", "openid-configuration",
        "organization", "me", "transitivememberof", "microsoft.graph.directoryrole", "microsoft.graph.user",
        "applications", "addpassword", "removepassword", "serviceprincipals", "approleassignments",
        "approleassignedto", "subscribedskus", "users", "licensedetails", "assignlicense", "groups", "members",
        "transitivemembers", "policies", "defaultappmanagementpolicy", "rolemanagement", "directory",
        "roleeligibilityscheduleinstances", "filterbycurrentuser",
    )
)  # fmt: skip
"""The parts of paths that belong to an interface; every other part is somebody's."""


def kind_of(text: str) -> str:
    """What a text is, and its length.

    Args:
        text: Any.
    """
    if not text.strip("\0 \r\n\t"):
        return f"{'NUL bytes' if chr(0) in text else 'blank'}({len(text)})"
    name = next((name for name, pattern in _COMPILED if pattern.fullmatch(text)), "text")
    return f"{name}({len(text)})"


def shape_of(value: Any, depth: int = 0) -> Any:
    """The shape of JSON data.

    Args:
        value: The data.
        depth: How deep it lies in other data.
    """
    if isinstance(value, dict):
        if depth > _DEEPEST:
            return "object"
        return {key_of(str(key)): _member(str(key), item, depth) for key, item in value.items()}
    if isinstance(value, list):
        shapes: list[Any] = []
        for item in value:
            shape = shape_of(item, depth + 1)
            if shape not in shapes and len(shapes) < _LONGEST_LIST:
                shapes.append(shape)
        return {"list of": len(value), "shapes": shapes}
    if isinstance(value, str):
        return kind_of(value)
    return "null" if value is None else "boolean" if isinstance(value, bool) else "number"


def _member(key: str, value: Any, depth: int) -> Any:
    if key.lower() in _SECRET and isinstance(value, str):
        return "secret"
    if key == "CmdletName" and isinstance(value, str) and _CMDLET.fullmatch(value):
        return value
    if key == "url" and isinstance(value, str):
        return path_of(value)
    return shape_of(value, depth + 1)


def key_of(name: str) -> str:
    """A JSON key as it is, where it has the form of a property; `{key}` for any other.

    Args:
        name: The key.
    """
    ours = _PROPERTY.fullmatch(name) or (_SNAKE.fullmatch(name) and not name.startswith("extension_"))
    return name if ours else "{key}"


def header_names(headers: Any) -> list[str]:
    """The names of headers, sorted.

    Args:
        headers: A mapping.
    """
    return sorted({name if _HEADER.fullmatch(name) else "{header}" for name in map(str, headers)})


def path_of(url: str) -> str:
    """An address without its host: known parts as they are, all others as their kinds.

    Args:
        url: Absolute or relative.
    """
    parts = urlsplit(url)
    path = "/".join(_part(unquote(part)) for part in parts.path.split("/"))
    query = "&".join(
        f"{key_of(name)}={kind_of(value)}" for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{path}?{query}" if query else path


def _part(part: str) -> str:
    if not part or part.lower() in PATHS:
        return part
    call = _CALL.fullmatch(part)
    if call is None or call[1].lower() not in PATHS:
        return f"{{{kind_of(part)}}}"
    name, _, value = call[2].partition("=")
    return f"{call[1]}({key_of(name)}={{{kind_of(value.strip(chr(39)))}}})"


def cmdlet_of(header: str | None) -> str | None:
    """The cmdlet that a request names in its head; None if it names none.

    Args:
        header: Of X-CmdletName.
    """
    return header if header and _CMDLET.fullmatch(header) else None


def body_shape(content: bytes, content_type: str) -> Any:
    """The shape of a body.

    Args:
        content: Its bytes.
        content_type: Of its head.
    """
    if not content:
        return None
    text = content.decode("utf-8", "replace")
    if "form-urlencoded" in content_type:
        return {key_of(name): _field(name, value) for name, value in parse_qsl(text, keep_blank_values=True)}
    try:
        return shape_of(json.loads(text.strip("\0 \r\n\t")))
    except ValueError:
        return "html" if "<html" in text[:2000].lower() else kind_of(text)


def _field(name: str, value: str) -> str:
    if name == "grant_type" and value in _GRANTS:
        return value
    return "secret" if name.lower() in _SECRET else kind_of(value)


def refusals_of(content: bytes, exception_header: str | None) -> list[str]:
    """What the service calls its refusal: names of exception types, error codes, AADSTS numbers.

    Args:
        content: The body.
        exception_header: Of X-ExceptionType.
    """
    found = [exception_header or ""]
    try:
        data = json.loads(content.decode("utf-8", "replace").strip("\0 \r\n\t"))
    except ValueError:
        data = None
    error = data.get("error") if isinstance(data, dict) else None
    codes: list[str] = []
    if isinstance(error, str):
        codes += [error, *_AADSTS.findall(str(data.get("error_description")))[:1]]
    if isinstance(error, dict):
        codes.append(str(error.get("code") or ""))
        found += [_typed(str(item.get("message"))) for item in error.get("details") or [] if isinstance(item, dict)]
        inner: Any = error.get("innererror")
        while isinstance(inner, dict):
            found.append(str(inner.get("type") or ""))
            inner = inner.get("internalexception")
    kept = [name for name in found if _EXCEPTION.fullmatch(name)]
    kept += [code for code in codes if _CODE.fullmatch(code) or _AADSTS.fullmatch(code)]
    return list(dict.fromkeys(kept))


def line_shape(request: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of a line to the bridge: what it does, the cmdlet, and of each parameter its name and kind.

    Args:
        request: The line's data; a connection's holds a token.
    """
    done, select = request.get("do"), request.get("select") or ()
    return {
        "do": done if done in _LINES else "another line",
        "cmdlet": cmdlet_of(request.get("cmdlet")),
        "parameters": {key_of(item["name"]): item["value"].get("kind") for item in request.get("parameters") or ()},
        "select": [key_of(name) for name in select],
    }


def line_answer_shape(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of the bridge's answer: its rows' properties with their kinds, or what the error is called.

    Args:
        answer: The line's data.
    """
    error = answer.get("error")
    if not isinstance(error, dict):
        return {"result": shape_of(answer.get("result"))}
    names = {name: str(error.get(name) or "") for name in ("type", "reason", "category", "refused")}
    known = {name: text for name, text in names.items() if _EXCEPTION.fullmatch(text) or _CODE.fullmatch(text)}
    return {"error": {**shape_of(error), **known}}


def _typed(message: str) -> str:
    """The exception type in a typed message, which is text between bars or JSON (facts F-17 and F-19)."""
    if message.count("|") >= 2:  # noqa: PLR2004 - the fact itself
        return message.split("|")[1]
    try:
        data = json.loads(message)
    except ValueError:
        return ""
    return str(data.get("TypeName") or "") if isinstance(data, dict) else ""
