"""Looking for many known texts at once in a text that seldom holds one of them. Pure.

Every message of a notebook is searched for every form of every secret, so the cost per message
matters. As no form is shorter than some length, it is enough to look at a few characters at evenly
spaced places: each form holds one such place, and a dictionary says which forms have those characters
at which offset. The time does not grow with the number of secrets.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHORT_FORM = 12
_HEAD = 4


class FormSearch:
    """A fixed set of forms, prepared for searching. Never altered, so threads may share it.

    Args:
        forms: The texts to look for, each six characters or longer.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self._sorted = sorted(set(forms))
        self._longest = max(map(len, self._sorted), default=0)
        self._heads = frozenset(form[:_HEAD] for form in self._sorted)
        shortest = min(map(len, self._sorted), default=_SHORT_FORM)
        self._width = 4 if shortest < _SHORT_FORM else 6
        self._step = shortest - self._width + 1
        self._places: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for form in self._sorted:
            for offset in range(self._step):
                self._places[form[offset : offset + self._width]].append((form, offset))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of every form found, overlapping ones too, in no particular order."""
        places, width = self._places, self._width
        if not places:
            return
        for sample in [at for at in range(0, len(text), self._step) if text[at : at + width] in places]:
            for form, offset in places[text[sample : sample + width]]:
                start = sample - offset
                if start >= 0 and text.startswith(form, start):
                    yield start, start + len(form)

    def unfinished_from(self, text: str) -> int:
        """Where the longest end of `text` starts that is the beginning of a form, or `len(text)`."""
        short_ends = len(text) - _HEAD + 1
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            may_begin = start >= short_ends or text[start : start + _HEAD] in self._heads
            if may_begin and self._begins_a_form(text[start:]):
                return start
        return len(text)

    def _begins_a_form(self, piece: str) -> bool:
        following = bisect_right(self._sorted, piece)
        return following < len(self._sorted) and self._sorted[following].startswith(piece)
