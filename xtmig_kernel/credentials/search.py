"""Looking for many known texts at once in a text that seldom holds one of them.

Every message of a notebook is searched for every form of every secret, so the cost per message matters. It is enough to
look at a few characters at evenly spaced places: each form holds one such place, and a dictionary says which forms have
those characters near their beginning. Neither searching nor adding takes longer where there are thousands of secrets,
such as the first passwords of all users.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONG_FORM = 12
_HEAD = 4


class FormSearch:
    """Forms, prepared for searching. It only ever grows, so other threads may search while one adds."""

    def __init__(self) -> None:
        self._short = _Places(width=4, step=3)
        self._long = _Places(width=6, step=4)
        self._forms: list[str] = []
        self._sorted: list[str] = []
        self._longest = 0
        self._heads: set[str] = set()

    def add(self, forms: Iterable[str]) -> None:
        """Look for these, too.

        Args:
            forms: The texts to look for, each six characters or longer.
        """
        for form in forms:
            places = self._short if len(form) < _LONG_FORM else self._long
            if places.add(form):
                self._forms.append(form)
                self._longest = max(self._longest, len(form))
                self._heads.add(form[:_HEAD])

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of every form found, overlapping ones too, in no particular order."""
        yield from self._short.spans(text)
        yield from self._long.spans(text)

    def unfinished_from(self, text: str) -> int:
        """Where the longest end of `text` starts that is the beginning of a form, or `len(text)`."""
        if len(self._sorted) != len(self._forms):
            self._sorted = sorted(self._forms)
        short_ends = len(text) - _HEAD + 1
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            may_begin = start >= short_ends or text[start : start + _HEAD] in self._heads
            if may_begin and self._begins_a_form(text[start:]):
                return start
        return len(text)

    def _begins_a_form(self, piece: str) -> bool:
        following = bisect_right(self._sorted, piece)
        return following < len(self._sorted) and self._sorted[following].startswith(piece)


class _Places:
    """Which forms have some characters near their beginning.

    Args:
        width: How many characters.
        step: At how many offsets, and how far apart a text is looked at; no form is shorter than both together allow.
    """

    def __init__(self, *, width: int, step: int) -> None:
        self._width, self._step = width, step
        self._forms_at: dict[str, tuple[str, ...]] = {}

    def add(self, form: str) -> bool:
        """Take a form in; False if it is there already."""
        if form in self._forms_at.get(form[: self._width], ()):
            return False
        for offset in reversed(range(self._step)):  # the first one last: with it the form counts as taken in
            key = form[offset : offset + self._width]
            known = self._forms_at.get(key, ())
            if form not in known:
                self._forms_at[key] = (*known, form)
        return True

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of every form found."""
        forms_at, width, step = self._forms_at, self._width, self._step
        if not forms_at:
            return
        for sample in [at for at in range(0, len(text), step) if text[at : at + width] in forms_at]:
            for form in forms_at[text[sample : sample + width]]:
                for start in range(max(0, sample - step + 1), sample + 1):
                    if text.startswith(form, start):
                        yield start, start + len(form)
