"""Who takes which camera, and who gives one away."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.passes.cameras.sharing import Lease, Member, View, to_give, to_take

CAMERAS = frozenset("abcd")


def view(me: str, owners: Mapping[str, str], *members: Member) -> View:
    """`owners` by camera; an owner who is no member is dead."""
    alive = {member.name for member in members}
    return View(
        me,
        members,
        {
            camera: Lease(owner, epoch=1, is_over=owner not in alive)
            for camera, owner in owners.items()
        },
    )


def member(name: str, cameras: frozenset[str] = CAMERAS, age_s: float = 100.0) -> Member:
    return Member(name, cameras, age_s)


def test_one_alone_takes_all() -> None:
    assert to_take(view("one", {}, member("one"))) == sorted(CAMERAS)


def test_two_take_half_each() -> None:
    both = member("one"), member("two")
    assert to_take(view("one", {}, *both)) == ["a", "b"]
    assert to_take(view("two", dict.fromkeys("ab", "one"), *both)) == ["c", "d"]


def test_what_a_dead_one_had_is_free() -> None:
    owners = {"a": "one", "b": "dead", "c": "dead", "d": "two"}
    both = member("one"), member("two")
    assert to_take(view("one", owners, *both)) == ["b"]
    assert to_take(view("one", owners, both[0])) == ["b", "c", "d"]


def test_one_who_has_its_share_waits_for_others_who_know_the_camera() -> None:
    owners = {"a": "one", "b": "one"}
    assert to_take(view("one", owners, member("one"), member("two"))) == []
    other = member("two", frozenset("c"))
    assert to_take(view("one", owners, member("one"), other)) == ["d"]


def test_what_is_not_known_is_not_taken() -> None:
    one = member("one", frozenset("a"))
    assert to_take(view("one", {"d": "dead"}, one, member("two"))) == ["a"]


def test_one_who_has_more_gives_one_that_is_wanted() -> None:
    owners = dict.fromkeys(CAMERAS, "one")
    assert to_give(view("one", owners, member("one"), member("two")), steady_s=20) == "a"
    assert to_give(view("one", owners, member("one")), steady_s=20) is None
    other = member("two", frozenset("c"))
    assert to_give(view("one", owners, member("one"), other), steady_s=20) == "c"
    young = member("two", age_s=5)
    assert to_give(view("one", owners, member("one"), young), steady_s=20) is None


@given(st.integers(1, 5), st.integers(0, 12), st.randoms())
def test_whoever_lives_in_the_end_all_are_watched_and_shares_are_even(
    count: int, cameras: int, random: object
) -> None:
    names = [f"m{number}" for number in range(count)]
    known = frozenset(f"c{number:02}" for number in range(cameras))
    owners = {camera: random.choice([*names, "dead"]) for camera in known}  # type: ignore[attr-defined]
    members = [member(name, known) for name in names]
    for _ in range(2 * cameras + 2):
        for name in names:
            for camera in to_take(view(name, owners, *members)):
                assert owners[camera] == "dead"
                owners[camera] = name
            if (given_away := to_give(view(name, owners, *members), steady_s=20)) is not None:
                owners[given_away] = "dead"
    shares = [list(owners.values()).count(name) for name in names]
    assert "dead" not in owners.values()
    assert max(shares) <= -(-cameras // count)
    settled = dict(owners)
    for name in names:
        assert to_take(view(name, settled, *members)) == []
        assert to_give(view(name, settled, *members), steady_s=20) is None


def test_a_lease_that_ran_out_is_nobodys() -> None:
    one = View("one", [member("one")], {"a": Lease("one", 3, is_over=True)})
    assert one.owner("a") is None
    assert one.held == {}
    assert one.owner("never seen") is None


@pytest.mark.parametrize("owner", ["one", "two"])
def test_owners_are_told(owner: str) -> None:
    seen = view("one", {"a": owner}, member("one"), member("two"))
    assert seen.owner("a") == owner
    assert seen.held == ({"a": 1} if owner == "one" else {})
