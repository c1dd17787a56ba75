"""Which lists a vehicle is on."""

import random
from datetime import timedelta
from typing import Any

import pytest

from app.nz.alignment import changes
from app.passes.lists.entries import EntryDraft, ListDraft
from app.passes.lists.nearness import PlateIndex
from app.passes.records import NewPass
from app.passes.store.searching import PassFilter
from app.passes.store.store import PassStore
from app.passes.store.texts import neighbours
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, WHO, everything, made, plates, put
from tests.servers import eventually

DOUBTFUL = {5: "8"}
"""Whether the last character is a 3 or an 8."""


def listing(store: PassStore, name: str, *plates: str, kind: str = "watch", **more: Any) -> None:
    draft = {name: more.pop(name) for name in ("min_probability", "time_zone") if name in more}
    store.lists.create(name, ListDraft.model_validate({"kind": kind} | draft), who=WHO)
    drafts = [EntryDraft(plate=plate, **more) for plate in plates]
    store.lists.fill(name, drafts, only=True, who=WHO)


def matches(store: PassStore, passing: NewPass) -> list[tuple[str, str, bool]]:
    put(store, passing)
    found = store.get(passing.id, who=WHO).detail["matches"]
    return [(each["list"], each["entry"], each["exact"]) for each in found]


def test_exact_and_probable(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    listing(store, "stolen", "ABC123", "ABC128", "XYZ1", min_probability=0.1, owner="Police")
    listing(store, "other", "DEF456")
    sure = made("ABC123")
    assert matches(store, sure) == [("stolen", "ABC123", True)]
    doubtful = made("ABC123", doubts=DOUBTFUL)
    assert 0.5 < doubtful.confidence < 0.8
    assert matches(store, doubtful) == [("stolen", "ABC123", True)]
    store.lists.fill("stolen", [EntryDraft(plate="ABC128")], only=True, who=WHO)
    likely = made("ABC123", doubts=DOUBTFUL, candidates=())
    assert matches(store, likely) == [("stolen", "ABC128", False)]
    kept = store.get(likely.id, who=WHO)
    assert kept.plate == "ABC123"  # the true reading stays beside it
    (match,) = kept.detail["matches"]
    decoded = {each.plate: each.probability for each in doubtful.candidates}
    assert match["probability"] == pytest.approx(decoded["ABC128"], rel=0.05)
    assert (match["kind"], match["owner"]) == ("watch", "")
    assert matches(store, made("ABC123")) == []


def test_the_probability_of_a_list_counts(make_store: StoreFactory) -> None:
    store = make_store()
    listing(store, "sure", "ABC128", min_probability=0.9)
    listing(store, "unsure", "ABC128", min_probability=0.01)
    found = matches(store, made("ABC123", doubts=DOUBTFUL))
    assert [name for name, _, _ in found] == ["unsure"]


def test_all_that_it_may_be_is_one_at_most(make_store: StoreFactory) -> None:
    store = make_store()
    for number, plate in enumerate(("ABC123", "ABC128", "A8C123", "ABC12")):
        listing(store, f"list{number}", plate, min_probability=0.0)
    passing = made("ABC123", doubts=DOUBTFUL, candidates=())
    put(store, passing)
    found = store.get(passing.id, who=WHO).detail["matches"]
    assert len(found) == 4
    assert sum(each["probability"] for each in found) <= 1.0001


def test_where_and_when_entries_count(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    listing(store, "cleaners", "ABC123", hours="sat 01:00-02:00")  # noon in Greenwich
    listing(store, "guests", "ABC123", valid_from=NOON, valid_until=NOON + timedelta(hours=1))
    listing(store, "back", "ABC123", cameras=("back",))
    assert matches(store, made("ABC123")) == [
        ("cleaners", "ABC123", True),
        ("guests", "ABC123", True),
    ]
    assert matches(store, made("ABC123", minute=60, camera="back")) == [("back", "ABC123", True)]
    assert matches(store, made("ABC123", minute=-1)) == []


def test_o_and_0_are_different_plates(make_store: StoreFactory) -> None:
    store = make_store()
    listing(store, "bobs", "B0B0", min_probability=0.1)
    assert [exact for *_, exact in matches(store, made("BOBO"))] == [False]
    assert [exact for *_, exact in matches(store, made("B0B0"))] == [True]


def test_what_is_ignored_is_not_kept(make_store: StoreFactory, database: str | None) -> None:
    seen: list[str] = []
    store = make_store(database_url=database, matched=seen.append)
    listing(store, "mine", "ABC123", kind="ignore", min_probability=0.1)
    store.add(made("ABC123"))
    near = made("ABC128", doubts={5: "3"})
    assert matches(store, near) == [("mine", "ABC123", False)]
    assert plates(store) == ["ABC128"]
    assert seen == ["ignore", "ignore"]


def test_passes_of_a_list_are_found(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    listing(store, "stolen", "ABC123")
    put(store, *(made("ABC123", minute=minute) for minute in range(5)), made("DEF456", minute=9))
    assert plates(store, list="stolen") == ["ABC123"] * 5
    assert plates(store, list="none") == []
    assert plates(store, list="stolen", plate="DEF456") == []
    assert len(plates(store, list="stolen", plate="ABC123", match="fuzzy")) == 5
    first = store.find(PassFilter(list="stolen"), who=WHO, limit=3)
    second = store.find(PassFilter(list="stolen"), who=WHO, limit=3, cursor=first.cursor)
    moments = [each.at for each in (*first.passes, *second.passes)]
    assert moments == [NOON + timedelta(minutes=minute) for minute in (4, 3, 2, 1, 0)]
    store.lists.delete("stolen", who=WHO)
    assert len(plates(store, list="stolen")) == 5  # it was on it then


def test_erasing_takes_matches_along(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    listing(store, "stolen", "ABC128", min_probability=0.1)
    near = made("ABC123", doubts=DOUBTFUL)
    assert matches(store, near) == [("stolen", "ABC128", False)]
    store.erase("ABC128", who=WHO)
    assert store.get(near.id, who=WHO).detail["matches"] == []
    assert plates(store, list="stolen") == []
    store.delete(near.id, who=WHO)
    assert everything(store) == []


def test_a_change_of_another_process_is_seen(
    make_store: StoreFactory, database: str | None
) -> None:
    store, other = (make_store(database_url=database) for _ in range(2))
    assert matches(store, made("ABC123")) == []
    listing(other, "stolen", "ABC123")
    passing = made("ABC123")
    other.add(passing)  # either of them may write it
    assert eventually(lambda: passing.id in {each.id for each in everything(store)})
    assert plates(store, list="stolen") == ["ABC123"]


def test_hashes_match_nothing(make_store: StoreFactory) -> None:
    store = make_store(store_plates="hashed", store_hash_key="0123456789abcdef")
    put(store, made("ABC123"))
    assert everything(store)[0].detail["matches"] == []


def test_near_plates_are_found() -> None:
    """All that fuzzy searches look at, and nothing further than the index says."""
    chance = random.Random(7)
    near = sorted(neighbours("ABC123"))
    far = ["".join(chance.choices("ABCDEFGH0123456789", k=6)) for _ in range(500)]
    index = PlateIndex([*near, *far])
    found = set(index.near("ABC123"))
    assert set(near) <= found
    assert "ABC123" in found
    for plate in found - set(near):
        assert len(changes("ABC123", plate)) <= 2, plate
    assert list(PlateIndex([]).near("ABC123")) == []


def test_what_is_known_at_once(make_store: StoreFactory, database: str | None) -> None:
    """As the stream of passes asks: of lists that others changed, too."""
    store, other = (make_store(database_url=database) for _ in range(2))
    assert store.matcher is not None
    matcher, passing = store.matcher, made("ABC123")
    assert matcher.known(passing) == []
    listing(other, "stolen", "ABC123")
    assert eventually(lambda: bool(matcher.known(passing)))
    (match,) = matcher.known(passing) or ()
    assert (match.list, match.entry, match.exact) == ("stolen", "ABC123", True)
    listing(other, "neighbours", "ABC123", kind="ignore")
    assert eventually(lambda: matcher.known(passing) is None)
    assert matcher.known(made("XYZ789")) == []
