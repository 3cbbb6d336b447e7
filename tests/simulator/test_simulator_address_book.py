"""The index over a tenant's recipients."""

from __future__ import annotations

from simulated_pair import Pair

from xtmig_kernel.simulator.address_book import AddressBook, book, proxy_key
from xtmig_kernel.simulator.recipients_file import MailUser


def target_book(pair: Pair) -> AddressBook:
    return book(pair.world, pair.world.tenants["target"])


def newcomer() -> MailUser:
    address = "new@northwindtraders.com"
    return MailUser(alias="new", display_name="New", upn=address, primary=address, external_address="new@a.example")


def test_a_list_that_was_altered_directly_is_noticed(pair: Pair) -> None:
    """An object that somebody appended to the tenant's list is found."""
    assert target_book(pair).one("new") is None
    pair.world.tenants["target"].mail_users.append(newcomer())
    assert target_book(pair).one("NEW@northwindtraders.com") is pair.world.tenants["target"].mail_users[-1]


def test_a_change_that_is_told_moves_the_address(pair: Pair) -> None:
    """After `changed` the new address is held and the old one is free."""
    user = newcomer()
    target_book(pair).add(user)
    user.primary = "newer@northwindtraders.com"
    target_book(pair).changed(user)
    assert target_book(pair).holder(proxy_key("smtp:newer@northwindtraders.com")) is user
    assert target_book(pair).holder(proxy_key("smtp:new@northwindtraders.com")) is None


def test_a_change_that_nobody_told_holds_nothing_back(pair: Pair) -> None:
    """An address that an object lost without word is free all the same."""
    user = newcomer()
    target_book(pair).add(user)
    user.primary = "newer@northwindtraders.com"
    assert target_book(pair).holder(proxy_key("smtp:new@northwindtraders.com")) is None


def test_an_object_that_was_removed_is_gone(pair: Pair) -> None:
    """`remove` takes an object out of its list and of the index."""
    user = newcomer()
    target_book(pair).add(user)
    target_book(pair).remove(user)
    assert target_book(pair).find("new") == []
    assert all(entry is not user for entry in pair.world.tenants["target"].mail_users)


def test_an_object_does_not_stand_in_its_own_way(pair: Pair) -> None:
    """The holder of a value may be asked to be left out."""
    user = newcomer()
    target_book(pair).add(user)
    assert target_book(pair).holder("alias:new") is user
    assert target_book(pair).holder("alias:new", user) is None
