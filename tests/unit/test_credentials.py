from __future__ import annotations

import copy
import json
import logging
import pickle
import sys
import threading
from base64 import b64encode
from itertools import pairwise
from types import SimpleNamespace

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError, PasswordSetError

from xtmig_kernel.credentials import RedactingFilter, RedactingStream, Redactor, Secret, SecretReference
from xtmig_kernel.errors import SecretReferenceError, UsageError

SECRET = "Kx8Q~v/2+kL&9=wZ'x_d\\4\"Rm.é"
MARK = "[redacted]"

# Made up; the shape is what counts.
TOKEN = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJhYmMifQ.c2lnbmF0dXJlLW9mLXRoaXM"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.register(SECRET)
    return redactor


# --- Secret


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>40}".format, lambda s: str([s]), lambda s: f"{s:x}"])
def test_a_secret_does_not_show_itself(show) -> None:
    """However a secret is made into text, the text is not the secret."""
    assert SECRET not in show(Secret(SECRET))
    assert "••••" in show(Secret(SECRET))


def test_reveal_gives_the_secret_out() -> None:
    """`reveal` is the one way to the text."""
    assert Secret(SECRET).reveal() == SECRET


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, hash])
def test_a_secret_cannot_be_written_or_hashed(write) -> None:
    """Pickling, JSON and hashing fail, and the error does not show the secret either."""
    with pytest.raises(TypeError) as caught:
        write(Secret(SECRET))
    assert SECRET not in str(caught.value)


def test_a_secret_has_no_dictionary_to_look_into() -> None:
    """`vars`, which debuggers and dataclass helpers use, finds nothing."""
    with pytest.raises(TypeError):
        vars(Secret(SECRET))


def test_secrets_are_equal_by_text_and_never_to_a_text() -> None:
    """Two secrets compare; a secret and a plain text do not."""
    assert Secret(SECRET) == Secret(SECRET)
    assert Secret(SECRET) != Secret(SECRET + "x")
    assert Secret(SECRET) != SECRET


def test_copies_are_the_secret_itself() -> None:
    """Copying a structure that holds a secret works without taking it apart."""
    secret = Secret(SECRET)
    assert copy.deepcopy({"secret": secret})["secret"] is secret
    assert copy.copy(secret) is secret


def test_a_secret_registers_itself() -> None:
    """A secret made with a redactor is redacted from then on."""
    redactor = Redactor()
    Secret(SECRET, redactor)
    assert redactor.redact(SECRET) == MARK


# --- SecretReference


@pytest.mark.parametrize(
    ("text", "kind", "name", "user"),
    [
        ("env:XTMIG_SECRET", "env", "XTMIG_SECRET", ""),
        ("keyring:xtmig/app@contoso.com", "keyring", "xtmig", "app@contoso.com"),
        ("keyring:https://vault/xtmig/app", "keyring", "https://vault/xtmig", "app"),
        ("prompt", "prompt", "", ""),
        (" prompt ", "prompt", "", ""),
    ],
)
def test_the_three_kinds_of_reference(text: str, kind: str, name: str, user: str) -> None:
    """A reference says where a secret is: environment, keyring, or a person."""
    expected = SecretReference(kind, name, user)
    assert expected == SecretReference.parse(text)
    assert str(expected) == text.strip()


@pytest.mark.parametrize(
    "text",
    [SECRET, "env:", "env:2x", "env:a b", "keyring:service", "keyring:/user", "prompt:x", "file:/etc/secret-file"],
)
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    """The text may be the secret itself, put there by mistake, so the error is the same for every text."""
    with pytest.raises(SecretReferenceError, match="env:NAME") as for_nothing:
        SecretReference.parse("")
    with pytest.raises(SecretReferenceError) as caught:
        SecretReference.parse(text)
    assert str(for_nothing.value) == str(caught.value)


def test_a_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:` reads the variable and registers what it finds."""
    monkeypatch.setenv("XTMIG_TEST", SECRET)
    redactor = Redactor()
    assert SecretReference.parse("env:XTMIG_TEST").resolve(redactor) == Secret(SECRET)
    assert redactor.redact(SECRET) == MARK


@pytest.mark.parametrize(("value", "words"), [(None, "XTMIG_TEST is not set"), ("", "XTMIG_TEST is empty")])
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None, words: str) -> None:
    """The error says which variable, and whether it is missing or empty."""
    monkeypatch.delenv("XTMIG_TEST", raising=False)
    if value is not None:
        monkeypatch.setenv("XTMIG_TEST", value)
    with pytest.raises(SecretReferenceError, match=words):
        SecretReference.parse("env:XTMIG_TEST").resolve(Redactor())


class Keyring(KeyringBackend):
    """A keyring with one entry; `None` as its text means that it cannot be opened."""

    priority = 1

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self.text = text

    def get_password(self, service: str, username: str) -> str | None:
        if self.text is None:
            raise NoKeyringError("locked")
        return self.text if (service, username) == ("xtmig", "app") else None

    def set_password(self, *_: str) -> None:
        raise PasswordSetError("read only")


@pytest.fixture
def use_keyring():
    before = keyring.get_keyring()
    yield lambda text: keyring.set_keyring(Keyring(text))
    keyring.set_keyring(before)


def test_a_secret_from_the_keyring(use_keyring) -> None:
    """`keyring:` asks the computer's own store for service and user."""
    use_keyring(SECRET)
    assert SecretReference.parse("keyring:xtmig/app").resolve(Redactor()) == Secret(SECRET)


@pytest.mark.parametrize(
    ("text", "reference", "words"),
    [(SECRET, "keyring:xtmig/other", "keyring set xtmig other"), (None, "keyring:xtmig/app", "cannot be read")],
)
def test_a_keyring_without_the_secret(use_keyring, text: str | None, reference: str, words: str) -> None:
    """An entry that is not there and a keyring that does not open are two errors, each with its remedy."""
    use_keyring(text)
    with pytest.raises(SecretReferenceError, match=words):
        SecretReference.parse(reference).resolve(Redactor())


def test_a_secret_from_a_person() -> None:
    """`prompt` shows a question and takes the answer."""
    questions = []

    def ask(question: str) -> str:
        questions.append(question)
        return SECRET

    assert SecretReference.parse("prompt").resolve(Redactor(), ask) == Secret(SECRET)
    assert len(questions) == 1


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the error says how else to give the secret."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(SecretReferenceError, match="env:NAME"):
        SecretReference.parse("prompt").resolve(Redactor())


def test_nothing_typed_in() -> None:
    """An empty answer is no secret."""
    with pytest.raises(SecretReferenceError, match="Nothing was typed"):
        SecretReference.parse("prompt").resolve(Redactor(), lambda _: "")


# --- Redactor


@pytest.mark.parametrize("text", ["", "12345", "  abc  "])
def test_a_short_secret_is_refused(text: str) -> None:
    """Fewer than six characters also stand in ordinary words, so registering says so."""
    with pytest.raises(UsageError, match="The passphrase is shorter than 6 characters"):
        Redactor().register(text, "The passphrase")


def test_six_characters_are_enough() -> None:
    """Six characters is the shortest secret that is redacted."""
    redactor = Redactor()
    redactor.register("abc1~2")
    assert redactor.redact("xabc1~2y") == f"x{MARK}y"


FORMS = {
    "raw": SECRET,
    "JSON": "Kx8Q~v/2+kL&9=wZ'x_d\\\\4\\\"Rm.\\u00e9",
    "JSON with accents": "Kx8Q~v/2+kL&9=wZ'x_d\\\\4\\\"Rm.é",
    "JSON in JSON": "Kx8Q~v/2+kL&9=wZ'x_d\\\\\\\\4\\\\\\\"Rm.\\\\u00e9",
    "ConvertTo-Json": 'Kx8Q~v/2+kL\\u00269=wZ\\u0027x_d\\\\4\\"Rm.\\u00e9',
    "System.Text.Json": "Kx8Q~v/2\\u002BkL\\u00269=wZ\\u0027x_d\\\\4\\u0022Rm.\\u00E9",
    "URL": "Kx8Q~v%2F2%2BkL%269%3DwZ%27x_d%5C4%22Rm.%C3%A9",
    "URL in small letters": "Kx8Q~v%2f2%2bkL%269%3dwZ%27x_d%5c4%22Rm.%c3%a9",
    "URL path": "Kx8Q~v/2%2BkL%269%3DwZ%27x_d%5C4%22Rm.%C3%A9",
    "URL twice": "Kx8Q~v%252F2%252BkL%25269%253DwZ%2527x_d%255C4%2522Rm.%25C3%25A9",
    "HTML": "Kx8Q~v/2+kL&amp;9=wZ&#x27;x_d\\4&quot;Rm.é",
    "HTML with decimal quotes": "Kx8Q~v/2+kL&amp;9=wZ&#39;x_d\\4&quot;Rm.é",
    "HTML text": "Kx8Q~v/2+kL&amp;9=wZ'x_d\\4\"Rm.é",
    "Python": "Kx8Q~v/2+kL&9=wZ\\'x_d\\\\4\"Rm.é",
    "PowerShell single quotes": "Kx8Q~v/2+kL&9=wZ''x_d\\4\"Rm.é",
    "PowerShell double quotes": "Kx8Q~v/2+kL&9=wZ'x_d\\4`\"Rm.é",
    "CSV": 'Kx8Q~v/2+kL&9=wZ\'x_d\\4""Rm.é',
    "reversed": "é.mR\"4\\d_x'Zw=9&Lk+2/v~Q8xK",
    "hexadecimal": "4b7838517e762f322b6b4c26393d775a27785f645c3422526d2ec3a9",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_encoded_forms_are_redacted(redactor: Redactor, form: str) -> None:
    """A secret is found in the clothes that encodings put on it."""
    assert redactor.redact(f"before {form} after") == f"before {MARK} after"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_base64_is_redacted_whatever_precedes(redactor: Redactor, user: str, encoding: str) -> None:
    """Basic authentication and encoded commands wrap a secret together with other bytes."""
    encoded = b64encode(f"{user}{SECRET}".encode(encoding)).decode()
    left = redactor.redact(encoded).replace(MARK, "")

    # What remains depends on the neighbours: their own characters and at most two at each border.
    assert MARK in redactor.redact(encoded)
    assert len(left) <= len(b64encode(user.encode(encoding)).decode()) + 4


def test_colour_codes_do_not_hide_a_secret(redactor: Redactor) -> None:
    """Terminal colours inside a secret go with it; those around it stay."""
    text = f"\x1b[1ma\x1b[0m {SECRET[:5]}\x1b[31m{SECRET[5:]}\x1b[0m b"
    assert redactor.redact(text) == f"\x1b[1ma\x1b[0m {MARK}\x1b[0m b"


def test_overlapping_secrets_go_altogether() -> None:
    """Where the end of one secret begins another, nothing of either stays."""
    redactor = Redactor()
    redactor.register("abcd1234")
    redactor.register("1234efgh")
    assert redactor.redact("<abcd1234efgh>") == f"<{MARK}>"


def test_lines_of_a_long_secret_are_secrets() -> None:
    """A key that is shown line by line, or with other line ends, is still recognized."""
    redactor = Redactor()
    redactor.register("first-line-of-a-key-0001\nsecond-line-of-a-key-0002\n")
    assert redactor.redact("2: second-line-of-a-key-0002\r\n") == f"2: {MARK}\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"token {TOKEN} end", f"token {MARK} end"),
        (f"{KEY} end", f"{MARK} end"),
        (KEY.replace("\n", "\\n"), MARK),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADAN", MARK),
        ("Authorization: Bearer AbCd1234.efGH5678~x", f"Authorization: Bearer {MARK}"),
        ("{'Authorization': 'Basic dXNlcjpwYXNzd29yZA=='}", f"{{'Authorization': 'Basic {MARK}'}}"),
        ("client_id=a&client_secret=x8Q~abc.def&scope=b", f"client_id=a&client_secret={MARK}&scope=b"),
        ("XTMIG_CLIENT_SECRET=x8Q~abc.def", f"XTMIG_CLIENT_SECRET={MARK}"),
        ('{"secretText": "x8Q~abc.def", "a": 1}', f'{{"secretText": "{MARK}", "a": 1}}'),
        ('{\\"secretText\\":\\"x8Q~abc.def\\"}', f'{{\\"secretText\\":\\"{MARK}\\"}}'),
        ("SecretText  : x8Q~abc.def\nStart: 1", f"SecretText  : {MARK}\nStart: 1"),
        ("refresh_token=0.AXYAbcdefgh", f"refresh_token={MARK}"),
    ],
)
def test_what_looks_like_a_secret_is_redacted_unregistered(text: str, expected: str) -> None:
    """Tokens, private keys and the fields in which Microsoft returns secrets need no registration."""
    assert expected == Redactor().redact(text)
    assert expected == Redactor().redact(expected)


@pytest.mark.parametrize(
    "text",
    [
        "Basic authentication is off; use the Bearer scheme.",
        "Enter the code FJC3RGTR4 at https://microsoft.com/devicelogin",
        "user_code: FJC3RGTR4",
        "The client_secret is stored nowhere.",
        "alice@contoso.com 8a1b2c3d-0000-4000-8000-123456789abc",
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
    ],
)
def test_ordinary_text_stays(redactor: Redactor, text: str) -> None:
    """Redaction leaves alone what a person must read, such as the code of a device sign-in."""
    assert text == redactor.redact(text)


def test_data_is_redacted_throughout(redactor: Redactor) -> None:
    """Keys, nested values, tuples, bytes and integers are searched; the rest is passed on."""
    redactor.register("1234567890")
    data = {SECRET: [("a", f"x{SECRET}")], "n": 1234567890, "m": 7, "b": SECRET.encode(), "none": None, "t": True}

    expected = {MARK: [("a", f"x{MARK}")], "n": MARK, "m": 7, "b": MARK.encode(), "none": None, "t": True}
    assert expected == redactor.redact_data(data)


def test_a_telling_key_redacts_its_value() -> None:
    """In data as in text, what stands under `secretText` is a secret whatever it looks like."""
    expected = {"secretText": MARK, "client_secret": None, "keyId": "k"}
    assert expected == Redactor().redact_data({"secretText": "abc", "client_secret": None, "keyId": "k"})


def test_binary_data_without_a_secret_is_the_same_object(redactor: Redactor) -> None:
    """Pictures and other buffers that are no text pass untouched."""
    picture = memoryview(bytes(range(256)))
    assert redactor.redact_data(picture) is picture


def test_a_redactor_does_not_show_its_secrets(redactor: Redactor) -> None:
    """Neither its repr nor pickling gives them out."""
    assert repr(redactor) == "Redactor(1 registered)"
    with pytest.raises(TypeError):
        pickle.dumps(redactor)


def test_registering_and_redacting_in_threads() -> None:
    """A secret is redacted from the moment its registration returns, whatever other threads do."""
    redactor = Redactor()
    missed = []

    def work(number: int) -> None:
        for turn in range(5):
            secret = f"secret-of-thread-{number}-{turn}!"
            redactor.register(secret)
            if redactor.redact(secret) != MARK:
                missed.append(secret)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []
    assert repr(redactor) == "Redactor(20 registered)"


NO_BRACKETS = st.characters(codec="utf-8", exclude_characters="[]\x1b")
SECRETS = st.text(NO_BRACKETS, min_size=6, max_size=30).filter(
    lambda text: len(text.strip()) >= 6 and text not in "redacted"
)


@given(secret=SECRETS, before=st.text(NO_BRACKETS, max_size=20), after=st.text(NO_BRACKETS, max_size=20))
def test_no_registered_secret_survives(secret: str, before: str, after: str) -> None:
    """For any secret in any text, nothing is left of it, and redacting again changes nothing."""
    redactor = Redactor()
    redactor.register(secret)
    clean = redactor.redact(before + secret + after)
    assert MARK in clean
    assert secret not in clean
    assert clean == redactor.redact(clean)


@given(secret=SECRETS, text=st.text(NO_BRACKETS, max_size=20), cuts=st.lists(st.integers(0, 60), max_size=8))
def test_a_stream_cut_anywhere_shows_no_secret(secret: str, text: str, cuts: list[int]) -> None:
    """However a text is cut into pieces, a stream ends with the same words and without the secret."""
    redactor = Redactor()
    redactor.register(secret)
    whole = text + secret + text
    borders = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    stream = RedactingStream(redactor)
    pieces = [stream.feed(whole[start:end]) for start, end in pairwise(borders)]

    assert secret not in "".join([*pieces, stream.finish()])


# --- RedactingStream and RedactingFilter


def test_a_stream_holds_back_only_what_may_begin_a_secret(redactor: Redactor) -> None:
    """Text goes on at once, except for an end that a secret may begin with."""
    stream = RedactingStream(redactor)
    assert stream.feed("hello ") == "hello "
    assert stream.feed(f"ab{SECRET[:4]}") == "ab"
    assert stream.feed("!") == f"{SECRET[:4]}!"
    assert stream.feed(SECRET[:9]) == ""
    assert stream.feed(f"{SECRET[9:]} end") == f"{MARK} end"
    assert stream.feed(SECRET[:3]) == ""
    assert stream.finish() == SECRET[:3]


def test_a_stream_sees_through_cut_colour_codes(redactor: Redactor) -> None:
    """A secret with colours inside is found even where a piece ends within a colour code."""
    stream = RedactingStream(redactor)
    pieces = [stream.feed(piece) for piece in (f"a {SECRET[:5]}\x1b[3", f"1m{SECRET[5:]}", " b")]
    assert "".join(pieces) == f"a {MARK} b"


def test_a_shorter_secret_waits_for_the_longer_one() -> None:
    """Where one secret begins another, the rest of the longer one is not shown."""
    redactor = Redactor()
    redactor.register("abcdef1")
    redactor.register("abcdef1234567")
    stream = RedactingStream(redactor)
    assert stream.feed("abcdef1") + stream.feed("234567") == MARK


def test_log_records_are_redacted(redactor: Redactor, caplog: pytest.LogCaptureFixture) -> None:
    """Message, arguments, traceback and stack lose the secret; what else they say stays."""
    redactor.register(plain := "plain-secret-1")
    caplog.handler.addFilter(keeps_clean := RedactingFilter(redactor))
    try:
        {}[plain]
    except KeyError:
        logging.getLogger("wire").exception("refused %s", plain, stack_info=True)
    caplog.handler.removeFilter(keeps_clean)

    assert plain not in caplog.text
    assert f"refused {MARK}" in caplog.text
    assert f"KeyError: '{MARK}'" in caplog.text
    assert "Stack (most recent call last)" in caplog.text
