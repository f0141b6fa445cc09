"""What a desk does not take, what it keeps, and what is nobody else's: PINs, screens, refusals, restarts, erasures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from casegateway.events import ServerSaid
from casegateway.orders import SIGNED_PREFIX
from casekiosk import files, render
from casekiosk.asking import Ask
from casekiosk.limits import IDLE_MS, PIN_LOCKED_MS, PIN_TRIES_MAX
from casekiosk.screens import Done, Dropping, Key, Listing, Menu, Opening, Pin, Signing, Start, TheirSide, Who
from custody.property_words import KEEPING_GROUNDS
from custody.vocabulary import ERASURE_GROUNDS
from tests.gateway import bench as gateway_bench
from tests.gateway.locker_bench import LOCKER_AREA
from tests.kiosk.desk_bench import BAND, KioskBench, signed

WHY = "receiver_absent"


@pytest.fixture
def kiosk(monkeypatch, tmp_path: Path) -> KioskBench:
    monkeypatch.setattr(gateway_bench, "AREA", LOCKER_AREA)
    bench = KioskBench(tmp_path)
    bench.begin()
    return bench


def signing(kiosk: KioskBench, title: str = "phone") -> None:
    """One item is listed and photographed; three pads wait."""
    kiosk.tap_here("k1")
    kiosk.touch("start", task="put_in")
    kiosk.tap_here(BAND, "c1")
    kiosk.touch("add", title=title)
    kiosk.photo()
    assert isinstance(kiosk.touch("go", reason=WHY), Signing)


def sign_all(kiosk: KioskBench, *parts: str) -> None:
    for part in parts or ("person", "giver", "taker"):
        kiosk.sign(part)


def start_anew(kiosk: KioskBench) -> None:
    """The gateway is killed and started; the node is heard again, and whoever was there is not."""
    kiosk.crash()
    kiosk.run(4_000)
    kiosk.touch("open")


def test_a_pin_is_wanted_beside_the_badge_and_five_wrong_ones_lock_it_over_a_restart(
    kiosk: KioskBench,
) -> None:
    kiosk.provision({"k1": "271828"})
    kiosk.tap_here("k1")
    assert kiosk.view == Pin("k1")
    assert isinstance(kiosk.touch("start", task="put_in"), Pin)
    for number in range(1, PIN_TRIES_MAX):
        assert kiosk.try_pin("k1", "314159") == Pin("k1", tried=number), (
            "each is answered with another screen"
        )
    kiosk.try_pin("k1", "314159")
    view = kiosk.try_pin("k1", "271828")
    assert isinstance(view, Pin)
    assert view.is_locked
    start_anew(kiosk)
    kiosk.tap_here("k1")
    view = kiosk.try_pin("k1", "271828")
    assert isinstance(view, Pin), "the tries are on the disk"
    kiosk.run(PIN_LOCKED_MS, step_ms=60_000)
    kiosk.tap_here("k1")
    assert isinstance(kiosk.try_pin("k1", "271828"), Menu)
    assert not any("271828" in leaf for leaf in map(str, kiosk.leaves()))


def test_a_number_and_a_pin_begin_a_session_and_open_nothing(kiosk: KioskBench) -> None:
    kiosk.provision({"k1": "271828"})
    kiosk.touch("number")
    assert isinstance(kiosk.try_pin("k2", "271828"), Pin)
    assert isinstance(kiosk.try_pin("k1", "271828"), Menu)
    kiosk.touch("start", task="put_in")
    kiosk.tap_here(BAND, "c1")
    kiosk.touch("add", title="phone")
    kiosk.photo()
    kiosk.touch("go", reason=WHY)
    sign_all(kiosk)
    view = kiosk.touch("go")
    assert isinstance(view, Opening)
    assert "officer" in view.missing
    kiosk.run(3_000)
    assert kiosk.pulses() == 0


def test_who_refuses_to_sign_is_no_obstacle_and_a_missing_photo_has_its_reason(kiosk: KioskBench) -> None:
    kiosk.tap_here("k1")
    kiosk.touch("start", task="put_in")
    kiosk.tap_here(BAND, "c1")
    kiosk.touch("add", title="medicine")
    kiosk.touch("go")
    assert kiosk.note == ""
    assert isinstance(kiosk.view, Listing), "no photo and no reason: it does not go on"
    kiosk.touch("no_photo")
    kiosk.touch("no_photo_because", reason="private")
    kiosk.touch("go")
    view = kiosk.touch("go", reason="private")
    assert isinstance(view, Listing), "no ground of keeping, and no reason of another kind, goes on"
    assert (view.grounds, view.kept_because) == (tuple(KEEPING_GROUNDS), "")
    kiosk.touch("go", reason="cannot_notify")
    kiosk.touch("back")
    assert isinstance(kiosk.touch("go"), Signing), "what was said before stands"
    view = kiosk.touch("theirs", language="en")
    assert isinstance(view, TheirSide)
    assert view.kept_because == "cannot_notify"
    assert (view.language, view.notice, view.source) == ("en", "A quotation", "a source")
    kiosk.touch("back")
    kiosk.touch("refuse")
    sign_all(kiosk, "witness", "giver", "taker")
    assert isinstance(kiosk.touch("go"), Opening)
    (refused,) = kiosk.facts("item.refused_signature")
    assert (refused["body"]["of"], refused["body"]["signed_by"]) == ("listing", "witness")
    assert [fact["body"].get("no_photo") for fact in kiosk.facts("item.photographed")] == ["private"]
    assert kiosk.facts("item.signed") == []


def test_what_the_engine_refuses_stands_on_the_screen_and_the_list_stays(kiosk: KioskBench) -> None:
    kiosk.at = "p"
    kiosk.touch("open")
    body = {"case": "case-1", "procedure": "criminal", "seized_from": "place", "pieces": 1, "copies": 3}
    kiosk.say("item.seized", item="x1", taken_by="c1", officers=["c1", "k1"], **body)
    kiosk.tap_here("k1")
    kiosk.touch("start", task="hand_over")
    kiosk.tap_here("c1")
    kiosk.touch("go")
    kiosk.photo()
    kiosk.touch("go")
    sign_all(kiosk, "giver", "taker")
    answer = kiosk.ask("go")
    assert answer.screen is not None
    note = answer.screen.frame.note
    assert note is not None
    assert (note.reason, note.rule) == ("keeper_is_handler", "P2")
    html = render.screen(answer.screen, "zh", "Asia/Shanghai")
    assert "办案与保管相分离" in html
    assert note.reason not in html
    assert note.expected not in html
    assert isinstance(answer.screen.view, Signing)
    item = kiosk.core.book.engine.world.items.get("x1")
    assert item is not None
    assert item.holder == "officer:c1"


@pytest.mark.parametrize("moment", ["listed", "signed", "waiting", "open"])
def test_a_gateway_that_dies_goes_on_where_the_list_stood_and_states_nothing_twice(
    kiosk: KioskBench, moment: str
) -> None:
    signing(kiosk)
    if moment != "listed":
        sign_all(kiosk)
    if moment in ("waiting", "open"):
        kiosk.run(31_000, step_ms=100)
        kiosk.touch("go")
    if moment == "open":
        kiosk.tap_here("k1", BAND)
        kiosk.hand("e1", is_open=True)
    start_anew(kiosk)
    view = kiosk.view
    assert isinstance(view, Start)
    assert view.left == "k1"
    kiosk.run(31_000, step_ms=100)
    if moment == "open":
        kiosk.hand("e1", is_open=False)
    kiosk.tap_here("k1")
    if moment == "listed":
        sign_all(kiosk)
    if moment in ("listed", "signed"):
        kiosk.touch("go")
    if isinstance(kiosk.view, Opening):
        kiosk.touch("again")
        kiosk.open_and_shut("e1", "k1", BAND)
    # a door that is shut before anybody is back ends the list by itself
    assert isinstance(kiosk.view, Menu if moment == "open" else Done), (
        kiosk.view,
        kiosk.note,
        kiosk.refusals(),
    )
    assert set(kiosk.items().values()) == {"compartment:e1"}
    for name in ("item.found", "item.handed_over", "item.stored", "effects.listed"):
        assert len(kiosk.facts(name)) == 1, name
    ids = [leaf["id"] for leaf in kiosk.leaves()]
    assert len(ids) == len(set(ids))


def test_another_screen_begins_anew_and_the_one_before_acts_no_more(kiosk: KioskBench) -> None:
    signing(kiosk)
    mine = kiosk.seat
    kiosk.seat = "b" * 64
    assert isinstance(kiosk.touch("open"), Start)
    kiosk.seat = mine
    answer = kiosk.ask("refuse")
    assert answer.status == 409
    kiosk.seat = "b" * 64
    assert isinstance(kiosk.view, Start)
    kiosk.tap_here("k2")
    view = kiosk.view
    assert isinstance(view, Menu)
    assert view.left == "k1"
    view = kiosk.touch("resume")
    assert isinstance(view, Signing), "nobody has signed: another may go on"
    assert kiosk.facts("item.found") == []


def test_a_session_ends_by_time_and_by_hand_and_the_badge_begins_another(kiosk: KioskBench) -> None:
    kiosk.tap_here("k1")
    assert isinstance(kiosk.view, Menu)
    kiosk.touch("start", task="put_in")
    assert isinstance(kiosk.view, Who)
    kiosk.run(IDLE_MS + 1_000, step_ms=500)
    assert isinstance(kiosk.view, Start)
    kiosk.tap_here("k1")
    assert isinstance(kiosk.view, Who), "the list in hand is where it was"
    assert isinstance(kiosk.touch("leave"), Start)


def test_boxes_open_with_the_servers_key_alone_and_go_by_its_signed_word_alone(kiosk: KioskBench) -> None:
    signing(kiosk)
    sign_all(kiosk)
    kiosk.touch("go")
    spooled: Callable[[], int] = lambda: len(list((kiosk.folder / "kiosk" / "spool").glob("*.box")))  # noqa: E731
    count = spooled()
    assert count == 5  # a photo, a title, three signatures
    kiosk.disconnect()
    kiosk.connect()
    held = set()
    for _ in range(count):
        kiosk.run(400)
        (*_, newest) = kiosk.enclosures()
        forged = {"commitment": newest, "held": True}
        kiosk.put(ServerSaid("enclosure", signed("enclosure", b"another prefix\n", forged)))
        assert spooled() == count - len(held)
        for commitment in kiosk.enclosures():
            held.add(commitment)
        kiosk.hold_all()
    assert spooled() == 0
    values = {told["field"]: value for told, value in kiosk.enclosures().values()}
    assert values["title"] == "手机".encode()
    assert values["photo"].startswith(b"\xff\xd8\xff")
    told = {v for fact in kiosk.facts("item.photographed") for k, v in fact["body"].items() if k == "photo"}
    assert told <= set(kiosk.enclosures())
    everything = b"".join(path.read_bytes() for path in (kiosk.folder / "kiosk").rglob("*") if path.is_file())
    assert "手机".encode() not in everything
    assert b"picture" not in everything


def test_without_a_server_that_was_ever_heard_nothing_can_be_kept_and_the_screen_says_so(
    kiosk: KioskBench,
) -> None:
    kiosk.provision(box=False)
    kiosk.tap_here("k1")
    kiosk.touch("start", task="put_in")
    kiosk.tap_here(BAND, "c1")
    kiosk.touch("add", title="phone")
    answer = kiosk.ask("photo", b"\xff\xd8\xff")
    assert answer.screen is not None
    assert answer.screen.frame.note is not None
    assert answer.screen.frame.note.reason == "photo_not_kept"
    kiosk.provision(at_us=1)
    assert kiosk.core.kiosk.counters["old"] == 1


def test_a_full_spool_takes_no_photo_and_still_the_signatures_for_why_there_is_none(
    kiosk: KioskBench, monkeypatch
) -> None:
    kiosk.tap_here("k1")
    kiosk.touch("start", task="put_in")
    kiosk.tap_here(BAND, "c1")
    kiosk.touch("add", title="phone")
    monkeypatch.setattr(files, "SPOOL_BYTES_MAX", 0)
    view = kiosk.photo()
    assert isinstance(view, Listing)
    assert (view.can_photograph, view.unphotographed) == (False, 1)
    kiosk.touch("no_photo")
    kiosk.touch("no_photo_because", reason="other")
    kiosk.touch("go", reason=WHY)
    sign_all(kiosk)
    assert isinstance(kiosk.touch("go"), Opening)
    assert len(kiosk.facts("item.described")) == 1


def test_what_was_erased_is_erased_here_too(kiosk: KioskBench) -> None:
    signing(kiosk)
    sign_all(kiosk)
    kiosk.touch("go")
    kiosk.disconnect()
    folder = kiosk.folder / "kiosk"
    assert list((folder / "shelf").iterdir())
    assert list((folder / "spool").iterdir())
    kiosk.say("stay.released", stay="s1", reason="released")
    fact = {
        "type": "person.erased/1", "id": "erasure-1", "stay": "s1",
        "occurred": {"earliest_us": kiosk.station_us, "latest_us": kiosk.station_us, "by": "server"},
        "body": {
            "stay": "s1", "person": "p-1", "key": "e" * 64, "officers": ["k1", "k2"], "fields": 1,
            "ground": next(iter(ERASURE_GROUNDS)),
        },
    }  # fmt: skip
    kiosk.put(ServerSaid("fact", signed("fact", SIGNED_PREFIX, fact)))
    assert len(kiosk.facts("person.erased")) == 1, kiosk.refusals()
    assert list((folder / "shelf").iterdir()) == []
    assert list((folder / "spool").iterdir()) == []


def test_a_list_that_is_put_aside_leaves_in_the_log_what_is_there_and_the_keeper_puts_it_away(
    kiosk: KioskBench,
) -> None:
    signing(kiosk)
    sign_all(kiosk)
    kiosk.run(31_000, step_ms=100)
    kiosk.touch("go")
    answer = kiosk.ask("drop")
    assert answer.screen is not None
    assert answer.screen.view == Dropping(1, is_stated=True)
    answer = kiosk.ask("dropped")
    assert answer.screen is not None
    assert answer.screen.frame.note is not None
    assert answer.screen.frame.note.reason == "compartment_runs"
    kiosk.run(61_000, step_ms=100)  # nobody comes: the request is void
    kiosk.touch("drop")
    assert isinstance(kiosk.touch("dropped"), Menu)
    assert set(kiosk.items().values()) == {"keeper:k1"}
    kiosk.touch("start", task="store")
    (item,) = kiosk.items()
    kiosk.touch("toggle", item=item)
    assert isinstance(kiosk.touch("go"), Opening)
    kiosk.open_and_shut("e1", "k1", BAND)
    assert isinstance(kiosk.view, Done), kiosk.refusals()
    assert set(kiosk.items().values()) == {"compartment:e1"}


def test_a_door_that_is_shut_after_everybody_left_is_written_down_all_the_same(kiosk: KioskBench) -> None:
    signing(kiosk)
    sign_all(kiosk)
    kiosk.run(31_000, step_ms=100)
    kiosk.touch("go")
    kiosk.tap_here("k1", BAND)
    kiosk.hand("e1", is_open=True)
    view = kiosk.view
    assert isinstance(view, Opening)
    assert view.stage == "open"
    kiosk.touch("leave")
    kiosk.hand("e1", is_open=False)
    kiosk.run(1_000)
    assert set(kiosk.items().values()) == {"compartment:e1"}
    view = kiosk.view
    assert isinstance(view, Start)
    assert view.left == "", "nothing is left to do"


def test_a_fault_of_the_screens_ends_the_screens_and_not_the_gateway(kiosk: KioskBench) -> None:
    kiosk.put(Ask(10_000, "no such cabinet", kiosk.seat, "open"))
    assert kiosk.core.kiosk.counters["fault"] == 1
    assert "no such cabinet" in kiosk.core.kiosk.fault
    kiosk.say("room.assigned", stay="s1", room="waiting-1")
    kiosk.run(2_000)
    assert kiosk.stop is None
    assert len(kiosk.facts("room.assigned")) == 1


def test_a_lock_that_does_not_move_is_opened_with_the_key_after_the_reason_is_in_the_log(
    kiosk: KioskBench,
) -> None:
    signing(kiosk)
    sign_all(kiosk)
    kiosk.node.boards.jammed.add((0, 1))
    kiosk.touch("go")
    kiosk.tap_here("k1", BAND)
    kiosk.run(9_000)
    view = kiosk.view
    assert isinstance(view, Opening)
    assert (view.stage, view.why) == ("failed", "unmoved")
    assert isinstance(kiosk.touch("stuck"), Key)
    view = kiosk.touch("key", reason="broken")
    assert isinstance(view, Opening)
    assert view.stage == "by_key"
    kiosk.node.boards.jammed.clear()
    kiosk.node.boards.set_hook(0, 1, shut=False)
    kiosk.hand("e1", is_open=True)
    kiosk.run(1_000)
    kiosk.hand("e1", is_open=False)
    kiosk.run(600)
    assert isinstance(kiosk.view, Done), (kiosk.view, kiosk.note)
    assert [body["reason"] for body in kiosk.told("overridden")] == ["broken"]
    assert kiosk.state("e1").access == "overridden"
    assert set(kiosk.items().values()) == {"compartment:e1"}
