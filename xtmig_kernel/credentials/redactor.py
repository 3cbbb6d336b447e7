"""The redactor: takes registered secrets, and what looks like one, out of text on its way out."""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any

from xtmig_kernel.credentials.encodings import MINIMUM_LENGTH, encoded_forms
from xtmig_kernel.credentials.search import FormSearch
from xtmig_kernel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "[redacted]"
"""What stands in the place of a secret."""

# Terminal colour codes may stand inside a secret; one that is cut off at the end of a chunk counts too.
_TERMINAL_CODE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|\Z)|\Z)")

# The names that Microsoft's sign-in and Graph give to secrets.
_TELLING_NAMES = (
    *("client_secret", "clientsecret", "secrettext", "client_assertion"),
    *("device_code", "access_token", "refresh_token", "id_token"),
)

# Secrets that nobody registered but that show what they are. Each pattern marks its secret part as
# `value`, and is tried only where one of its hints stands in the text, because hints are far cheaper.
_TELLTALES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("eyJ",), re.compile(r"(?P<value>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*(?:\.[\w-]*){0,2})", re.ASCII)),
    (
        ("PRIVATE KEY",),
        re.compile(
            r"(?P<value>-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----.*?"
            r"(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----|\Z))",
            re.DOTALL,
        ),
    ),
    (
        ("earer ", "asic "),
        re.compile(
            r"(?:[Bb]earer|Authorization\\*[\"']?\s*[:=]\s*\\*[\"']?Basic)\s+"
            r"(?P<value>(?=\S*\d)[A-Za-z0-9._~+/=-]{12,})"
        ),
    ),
    (
        ("ecret", "ECRET", "_token", "_TOKEN", "_assertion", "_ASSERTION", "device_code", "DEVICE_CODE"),
        re.compile(
            rf"(?i:{'|'.join(_TELLING_NAMES)})(?:\\*[\"'])?\s*[:=]\s*(?:\\*[\"'])?"
            r"(?P<value>(?!\[redacted\])(?:[^\s\"'\\&<>,;)}\]]|\\[^\"'nr]){8,})"
        ),
    ),
)


class Redactor:
    """The secrets of one process, and the way to take them out of whatever it writes.

    There is no global one: whoever starts a process makes one and hands it on. Registering and
    redacting may happen in different threads at the same time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._registered: set[str] = set()
        self._search = FormSearch()

    def __repr__(self) -> str:
        return f"Redactor({len(self._registered)} registered)"

    def __reduce__(self) -> str:
        raise TypeError("A redactor holds secrets and cannot be pickled.")

    def register(self, secret_text: str, label: str = "The secret") -> None:
        """Redact this secret, in every encoding, from now on.

        Args:
            secret_text: The secret itself.
            label: What it is, as an error message would call it.

        Raises:
            UsageError: It is shorter than six characters, and so would be found in ordinary text.
        """
        if len(secret_text.strip()) < MINIMUM_LENGTH:
            raise UsageError(
                f"{label} is shorter than {MINIMUM_LENGTH} characters.",
                cause="So short a text also stands in ordinary words, and cannot be kept out of notebooks.",
                remedy="Use a longer secret.",
            )
        with self._lock:
            if secret_text not in self._registered:
                self._search.add(encoded_forms(secret_text))
                self._registered.add(secret_text)

    def redact(self, text: str) -> str:
        """The text with every secret in it replaced by `[redacted]`.

        Args:
            text: Any text; colour codes inside a secret do not hide it.

        Returns:
            The same text if nothing was found.
        """
        plain, positions = _without_terminal_codes(text)
        spans = _merged([*self._search.spans(plain), *_telltale_spans(plain)])
        if not spans:
            return text
        pieces, end_before = [], 0
        for start, end in spans:
            pieces += [text[end_before : positions[start]], MARK]
            end_before = positions[end - 1] + 1
        return "".join([*pieces, text[end_before:]])

    def redact_data(self, data: Any) -> Any:
        """A copy of JSON-like data with every secret taken out.

        Args:
            data: Dictionaries (their keys too), lists, tuples, texts, bytes (as UTF-8) and integers, nested.

        Returns:
            The same shape in plain dictionaries, lists and tuples. A text under a telling key such as
            `client_secret` is redacted whatever it says; an integer that is a secret becomes a text;
            anything else stays as it is.
        """
        if isinstance(data, dict):
            return {self.redact_data(key): self._redact_entry(key, value) for key, value in data.items()}
        if isinstance(data, list):
            return [self.redact_data(entry) for entry in data]
        if isinstance(data, tuple):
            return tuple(self.redact_data(entry) for entry in data)
        return self._redact_single(data)

    def _redact_single(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.redact(data)
        if isinstance(data, bytes | bytearray | memoryview):
            return self._redact_bytes(data)
        if isinstance(data, int) and not isinstance(data, bool):
            return data if self.redact(str(data)) == str(data) else MARK
        return data

    def _redact_entry(self, key: Any, value: Any) -> Any:
        telling = isinstance(key, str) and isinstance(value, str) and key.lower() in _TELLING_NAMES
        return MARK if telling and value else self.redact_data(value)

    def safe_length(self, text: str) -> int:
        """How much of a text can be let go before the next piece of it is known.

        Args:
            text: The beginning of a stream.

        Returns:
            Characters up to where a registered secret may just be beginning; `len(text)` if none is.
        """
        plain, positions = _without_terminal_codes(text)
        cut = self._search.unfinished_from(plain)
        cut = max([cut, *(end for start, end in self._search.spans(plain) if start < cut < end)])
        return positions[cut] if cut < len(plain) else len(text)

    def _redact_bytes(self, data: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
        text = bytes(data).decode("utf-8", "surrogateescape")
        clean = self.redact(text)
        return data if clean == text else clean.encode("utf-8", "surrogateescape")


class RedactingStream:
    """Redaction of text that arrives in pieces, so that a secret cut in two is still found.

    Args:
        redactor: Knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece.

        Returns:
            What can be shown now; an end that may be the beginning of a secret is held back.
        """
        text = self._held + piece
        cut = self._redactor.safe_length(text)
        self._held = text[cut:]
        return self._redactor.redact(text[:cut])

    def finish(self) -> str:
        """What was still held back, redacted; the stream can be used again afterwards."""
        rest, self._held = self._held, ""
        return self._redactor.redact(rest)


class RedactingFilter(logging.Filter):
    """Takes secrets out of log records: message, arguments, traceback and stack.

    Put it on handlers: a filter on a logger does not see the records of the loggers below it.

    Args:
        redactor: Knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place and let it pass."""
        record.msg, record.args = self._redactor.redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        # A formatter that finds the exception itself would print it again, unredacted.
        record.exc_info = None
        if record.exc_text:
            record.exc_text = self._redactor.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.redact(record.stack_info)
        return True


def _without_terminal_codes(text: str) -> tuple[str, range | list[int]]:
    """The text without colour codes, and where each of its characters stood."""
    if "\x1b" not in text:
        return text, range(len(text))
    positions: list[int] = []
    end_before = 0
    for code in _TERMINAL_CODE.finditer(text):
        positions.extend(range(end_before, code.start()))
        end_before = code.end()
    positions.extend(range(end_before, len(text)))
    return "".join(text[position] for position in positions), positions


def _telltale_spans(plain: str) -> Iterator[tuple[int, int]]:
    for hints, pattern in _TELLTALES:
        if any(hint in plain for hint in hints):
            yield from (found.span("value") for found in pattern.finditer(plain))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
