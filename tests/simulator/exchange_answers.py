"""What the Exchange tests read out of an answer."""

from __future__ import annotations

from typing import Any

from simulated_pair import Pair, example, make_pair

HASHTABLE = "#Exchange.GenericHashTable"
PASSWORD = "Correct-Horse-7"


def kind(answer: Any) -> str:
    """The exception type in the body, where the module looks for it (wire 1.7)."""
    error = answer.body["error"]
    if error.get("details"):
        return str(error["details"][0]["message"].split("|")[1].rpartition(".")[2])
    return str(error["innererror"]["internalexception"]["type"].rpartition(".")[2])


def rows(pair: Pair, side: str, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a read that succeeds."""
    answer = pair.exo(side, cmdlet, **parameters)
    assert 200 == answer.status, answer.body
    found: list[dict[str, Any]] = answer.body["value"]
    return found


def one(pair: Pair, side: str, cmdlet: str, **parameters: Any) -> dict[str, Any]:
    """The only row of a read that succeeds."""
    (row,) = rows(pair, side, cmdlet, **parameters)
    return row


def done(pair: Pair, side: str, cmdlet: str, **parameters: Any) -> Any:
    """The answer of a change that succeeds."""
    answer = pair.exo(side, cmdlet, **parameters)
    assert 200 == answer.status, answer.body
    assert "@adminapi.confirmationmessage" not in answer.body
    return answer


def delta(**ends: list[str]) -> dict[str, Any]:
    """Values to add and to remove, as the module sends them (wire 1.4)."""
    return {"@odata.type": HASHTABLE, **ends}


def changed_pair(**changes: Any) -> Pair:
    """The shipped example with attributes of the target replaced."""
    data = example()
    data["target"].update(changes)
    return make_pair(data)


def lara() -> dict[str, Any]:
    """New-MailUser for the document's LaraN (lines 263 to 278)."""
    return {
        "Name": "Lara Newton",
        "Alias": "LaraN",
        "DisplayName": "Lara Newton",
        "MicrosoftOnlineServicesID": "LaraN@northwindtraders.onmicrosoft.com",
        "PrimarySmtpAddress": "Lara.Newton@northwindtraders.com",
        "ExternalEmailAddress": "LaraN@contoso.onmicrosoft.com",
        "Password": PASSWORD,
    }


def with_lara(pair: Pair) -> Pair:
    """The pair after the document's LaraN was created in the target and became readable."""
    done(pair, "target", "New-MailUser", **lara())
    pair.advance(60)
    return pair
