"""Pseudonyms: another word for each word of a name, the same wherever it stands.

A pseudonym has the length and the kinds of characters of the word that it stands for, so that whatever is found
because a name is long, foreign or taken twice is found again. It follows from a random key that nobody keeps, so a
list of names cannot be tried against it. Marks on letters, capitals and punctuation stay: they are what findings are
about, and say nothing without the letters.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from itertools import chain, product
from math import prod
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ADDRESS = re.compile(r"[^\s@<>\"'(),;:\[\]]+@[^\s@<>\"'(),;:\[\]]+")
GUEST_MARK = re.compile(r"(#EXT#)")
LATIN, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
BLOCK = 128
"""Code points from which another letter is taken: those of a script lie together."""
LONG_ENOUGH = 4
"""Letters from which on a word could be recognised: no pseudonym is equal to a word of the snapshot."""
IN_PARTS = frozenset({"x500", "x400"})
"""Kinds of addresses that are made of parts."""
PART = re.compile(r"o|ou|cn|dc|c|a|p|s|g|i|q|x|n|dda:[a-z0-9]{1,8}", re.IGNORECASE)
"""What a part may be called: `/cn=`, `;s=`."""
KEPT_PARTS = frozenset({
    "exchangelabs", "exchange administrative group (fydibohf23spdlt)", "external (fydibohf25spdlt)", "recipients",
    "first organization", "first administrative group",
})  # fmt: skip
"""Parts of an old directory name that are the same in every organisation."""
FEW = 1000
"""Words of a kind that are so few that they are put in order, not drawn."""
MOST_ATTEMPTS = 500
_NIL = "0" * 8


class Pseudonyms:
    """Pseudonyms of one export.

    Args:
        key: At least 32 random bytes, which are not kept.
        known: Every text that holds names, so that no pseudonym is one of the names.
        keeps_domain: Domains that stay, in lower case; their subdomains stay too.
        keeps: Texts that stay as they are, whatever their case.
    """

    def __init__(
        self, key: bytes, known: Iterable[str], keeps_domain: Iterable[str] = (), keeps: Iterable[str] = ()
    ) -> None:
        self._key = key
        self._domains = frozenset(domain.casefold() for domain in keeps_domain)
        self._keeps = frozenset(text.casefold() for text in keeps)
        self._words: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._orders: dict[tuple[str, ...], list[str]] = {}
        words = {word for text in known for word in bases(text) if len(word) >= LONG_ENOUGH}
        self._taken = {word for word in words if not word.isdigit()}

    def text(self, text: str) -> str:
        """A name with every word replaced; an address in it stays an address.

        Args:
            text: The name.
        """
        if text.casefold() in self._keeps:
            return text
        if text not in self._texts:
            self._texts[text] = self.address(text) if ADDRESS.fullmatch(text) else self._plain(text)
        return self._texts[text]

    def address(self, address: str) -> str:
        """An address: the local part as a name, the domain if it does not stay.

        Args:
            address: Without a prefix.
        """
        local, at, domain = address.rpartition("@")
        if not at:
            return self._plain(address)
        parts = [part if GUEST_MARK.fullmatch(part) else self._plain(part) for part in GUEST_MARK.split(local)]
        return "".join(parts) + at + self.domain(domain)

    def domain(self, domain: str) -> str:
        """A domain with all its labels but the last replaced, or as it is.

        Args:
            domain: Such as `"fabrikam.com"`.
        """
        name = domain.casefold()
        if any(name == kept or name.endswith(f".{kept}") for kept in self._domains):
            return domain
        labels = domain.split(".")
        ends = -2 if name.endswith(".onmicrosoft.com") else -1
        return ".".join([*(self._plain(label) for label in labels[:ends]), *labels[ends:]])

    def guid(self, guid: str) -> str:
        """Another GUID; unset stays unset.

        Args:
            guid: A GUID in any case.
        """
        if guid.startswith(_NIL) and set(guid) <= {"0", "-"}:
            return guid
        made = str(UUID(bytes=self._digest("guid", guid.lower())[:16], version=4))
        return made.upper() if guid.isupper() else made

    def proxy(self, proxy: str) -> str:
        """An address with its kind, such as `x500:/o=…`, `SIP:…`, `X400:c=…`.

        Args:
            proxy: The address.
        """
        kind, colon, rest = proxy.partition(":")
        if not colon:
            return self.text(proxy)
        return kind + colon + (self.directory_name(rest) if kind.casefold() in IN_PARTS else self.text(rest))

    def directory_name(self, name: str) -> str:
        """A name in parts such as `/cn=…` or `;s=…`; what is the same in every organisation stays.

        Args:
            name: LegacyExchangeDN, an x500 address with or without its prefix, or an X400 address.
        """
        if name[:5].casefold() == "x500:":
            return name[:5] + self.directory_name(name[5:])
        parts = re.split(r"([/;])", name)
        return "".join(self._part(part) for part in parts)

    def _part(self, part: str) -> str:
        key, equals, value = part.partition("=")
        if not equals or not PART.fullmatch(key):
            return self.text(part)
        return key + equals + (value if value.casefold() in KEPT_PARTS else self.text(value))

    def _plain(self, text: str) -> str:
        pieces, at = [], 0
        for found in GUID.finditer(text):
            pieces += [self._worded(text[at : found.start()]), self.guid(found[0])]
            at = found.end()
        return "".join([*pieces, self._worded(text[at:])])

    def _worded(self, text: str) -> str:
        return "".join(self._word(part) if is_word else part for part, is_word in _parts(text))

    def _word(self, word: str) -> str:
        letters = iter(self._base(base_of(word)))
        return "".join(_dressed(next(letters), char) if char.isalnum() else char for char in word)

    def _base(self, base: str) -> str:
        """The pseudonym of a word without case and marks: as long, of the same kinds of letters, and only its own."""
        if base not in self._words:
            alphabets = tuple(_alphabet(char) for char in base)
            if prod(map(len, alphabets)) <= FEW:
                order = self._order(alphabets)
                self._words[base] = order[(order.index(base) + 1) % len(order)] if base in order else base
            else:
                self._words[base] = self._free(base, alphabets)
                self._taken.add(self._words[base])
        return self._words[base]

    def _order(self, alphabets: tuple[str, ...]) -> list[str]:
        """All short words of a kind in a secret order: each stands for the one before it, so no two are the same."""
        if alphabets not in self._orders:
            words = {"".join(letters) for letters in product(*alphabets)}
            self._orders[alphabets] = sorted(words, key=lambda word: self._digest("order", word))
        return self._orders[alphabets]

    def _free(self, base: str, alphabets: tuple[str, ...]) -> str:
        drawn = (self._drawn(base, alphabets, attempt) for attempt in range(MOST_ATTEMPTS))
        every = ("".join(letters) for letters in product(*alphabets))
        return next((made for made in chain(drawn, every) if made != base and made not in self._taken), base)

    def _drawn(self, base: str, alphabets: tuple[str, ...], attempt: int) -> str:
        stream = b""
        while len(stream) < 4 * len(base):
            stream += self._digest("word", base, str(attempt), str(len(stream)))
        numbers = (int.from_bytes(stream[n * 4 : n * 4 + 4], "big") for n in range(len(base)))
        return "".join(alphabet[number % len(alphabet)] for alphabet, number in zip(alphabets, numbers, strict=True))

    def _digest(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\x1f".join(parts).encode("utf-8", "surrogatepass"), "sha256")


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """A text in runs of letters and digits, marks on them included, and of whatever is between."""
    run, is_word = "", False
    for char in text:
        belongs = char.isalnum() or (is_word and unicodedata.category(char) == "Mn")
        if belongs != is_word and run:
            yield run, is_word
            run = ""
        run, is_word = run + char, belongs
    if run:
        yield run, is_word


def bases(text: str) -> Iterator[str]:
    """The words of a text without case and without marks.

    Args:
        text: Any text.
    """
    return (base_of(part) for part, is_word in _parts(text) if is_word)


def base_of(word: str) -> str:
    """A word without case and without marks, one character for each letter or digit.

    Args:
        word: Letters, digits and marks.
    """
    return "".join(_bare(char) for char in word if char.isalnum())


def _bare(char: str) -> str:
    bare = unicodedata.normalize("NFD", char)[0]
    lower = bare.lower()
    return lower if len(lower) == 1 else bare


def _dressed(letter: str, original: str) -> str:
    """A letter with the case and the marks of the one that it stands for."""
    bare, *marks = list(unicodedata.normalize("NFD", original))
    upper = letter.upper()
    if bare != bare.lower() and len(upper) == 1:
        letter = upper
    return unicodedata.normalize("NFC", letter + "".join(marks)) if marks else letter


def _alphabet(char: str) -> str:
    if char in LATIN:
        return LATIN
    if char in DIGITS:
        return DIGITS
    start = ord(char) // BLOCK * BLOCK
    near = [chr(point) for point in range(start, start + BLOCK)]
    kind = unicodedata.category(char)
    same = [c for c in near if unicodedata.category(c) == kind and c.isalnum() and _bare(c) == c]
    if _has_capital(char):
        same = [c for c in same if _has_capital(c)]
    return "".join(same) or char


def _has_capital(char: str) -> bool:
    upper = char.upper()
    return len(upper) == 1 and upper != char and upper.lower() == char
