"""OSDP readers over ptys: libosdp's own peripheral devices, each a process of its own. Times are printed (`-s`)."""

import logging

import pytest

from casewire import ACTIVE, DEFAULT_KEY, INACTIVE, KEY_REFUSED, MAINS_LOST, NOISY, SILENT, TAMPER, UNKNOWN
from tests.field.cable import GATEWAY, steady_ms
from tests.field.osdp_bench import Bench, key

pytestmark = pytest.mark.real

CARD = bytes.fromhex("04a1b2c3")
UNKNOWN_MS_MAX = 6_000
"""From a cut to unknown; on an idle machine it takes 0.3 s, and libosdp itself finds it out after 8.5 s."""


def test_a_reader_is_unknown_until_its_secure_channel_is_up_and_its_contacts_are_told(tmp_path):
    with Bench(tmp_path) as bench:
        assert dict(bench.bus.states()) == dict.fromkeys(bench.bus.points, UNKNOWN)
        print("start to known", bench.until_known())
        assert "secure 1" in bench.news()
        assert bench.bus.troubles() == []
        assert [bench.state(point) for point in (10, 11, 12, 13)] == [INACTIVE] * 4


def test_cards_contacts_tamper_relay_and_lamp_work(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.say(f"card {CARD.hex()}")
        print("card to told", bench.until_change(("tag", 10, 1, CARD)))
        assert bench.state(10) == ACTIVE
        assert bench.bus.tags()[0][:2] == (10, CARD)
        bench.say("input 0 1")
        print("door to told", bench.until_state(11, ACTIVE))
        bench.say("input 1 1")
        print("button to told", bench.until_state(12, ACTIVE))
        bench.say("input 1 0")
        bench.until_state(12, INACTIVE)
        bench.say("tamper 1")
        print("tamper to told", bench.until_change(("trouble", 10, TAMPER)))
        bench.say("power 1")
        bench.until_change(("trouble", 10, TAMPER | MAINS_LOST))
        bench.bus.put(13, ACTIVE, 3000, steady_ms())
        print("order to relay seen", bench.until_state(13, ACTIVE))
        bench.until_state(13, INACTIVE)  # the reader's own timer ends the pulse of 500 ms
        assert [line for line in bench.news() if line.startswith("output")] == ["output 0 5 5"]
        bench.bus.put(14, ACTIVE, 3000, steady_ms())
        bench.until_state(14, ACTIVE)
        assert "led 0 2" in bench.news()
        bench.until_change(("tag", 10, 0, CARD))
        read_ms = next(change[4] for change in bench.changes if change[:3] == ("tag", 10, 1))
        assert ("tag", 10, 0, CARD, read_ms) in bench.changes  # gone: when it was read last


def test_a_reader_with_another_key_is_never_heard_and_its_key_is_told_as_refused(tmp_path):
    with Bench(tmp_path, fake_keys={1: key()}) as bench:
        print("start to KEY_REFUSED", bench.until_change(("trouble", 10, KEY_REFUSED)))
        bench.say(f"card {CARD.hex()}")
        bench.say("input 0 1")
        bench.run(1500)
        assert {state for _, state in bench.bus.states()} == {UNKNOWN}
        assert bench.cards() == []
        assert "secure 1" not in bench.news()


def test_the_key_that_everybody_knows_is_refused_outside_an_install_window(tmp_path):
    with Bench(tmp_path, fake_keys={1: None}) as bench:
        bench.until_change(("trouble", 10, KEY_REFUSED))
        bench.say(f"card {CARD.hex()}")
        bench.run(1500)
        assert bench.cards() == []
        assert not {"keyset", "secure 1"} & set(bench.news())
        assert {state for _, state in bench.bus.states()} == {UNKNOWN}


@pytest.mark.slow
def test_in_an_install_window_it_is_accepted_told_and_replaced_by_ours(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "node")
    with Bench(tmp_path, fake_keys={1: None}, install_s=60) as bench:
        bench.until_change(("trouble", 10, KEY_REFUSED | DEFAULT_KEY))
        assert bench.state(11) == UNKNOWN  # nothing is believed by that key
        bench.until_known()
        assert bench.bus.troubles() == []
        assert "keyset" in bench.news()
        told = caplog.text
        assert "install window open for 60 s" in told
        assert "spoke with the key that everybody knows" in told
        assert bench.keys[1] not in told
        bench.end(1)
        bench.until_state(11, UNKNOWN)
        bench.fake_keys[1] = bench.keys[1]  # what was set is what it has from now on
        bench.start(1)
        bench.until_known()


@pytest.mark.slow
def test_an_install_window_ends_by_itself(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "node")
    with Bench(tmp_path, fake_keys={1: None}, install_s=1) as bench:
        # The first refusal takes 2.5 s to be seen, and by then the window is closed.
        bench.until_change(("trouble", 10, KEY_REFUSED))
        bench.run(2000)
        assert "install window closed" in caplog.text
        assert "keyset" not in bench.news()


@pytest.mark.slow
def test_four_readers_on_one_bus_each_tell_their_own_and_one_that_dies_takes_no_other_along(tmp_path):
    with Bench(tmp_path, readers=4) as bench:
        print("start to four known", bench.until_known())
        for number in range(1, 5):
            bench.say(f"card {CARD.hex()}{number:02x}", number)
        waits = [
            bench.until_change(("tag", 10 * number, 1, CARD + bytes((number,)))) for number in range(1, 5)
        ]
        print("card of the last of four", sum(waits))
        bench.end(3)
        print("one of four dies to unknown", bench.until_state(31, UNKNOWN, within_ms=UNKNOWN_MS_MAX))
        assert bench.trouble(31) == SILENT
        for number in (1, 2, 4):
            bench.say("input 0 1", number)
            bench.until_state(10 * number + 1, ACTIVE)
        bench.run(500)
        assert [bench.trouble(point) for point in (10, 20, 40)] == [0, 0, 0]
        bench.start(3)
        print("one of four back", bench.until_known())


def test_a_cut_cable_is_unknown_at_the_first_missed_poll_and_a_short_cut_costs_no_session(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.cable.cut()
        print("cut to unknown", bench.until_state(11, UNKNOWN, within_ms=UNKNOWN_MS_MAX))
        assert bench.trouble(11) == SILENT
        assert {state for _, state in bench.bus.states()} == {UNKNOWN}
        bench.say("input 0 1")
        bench.run(800)
        assert bench.state(11) == UNKNOWN
        bench.cable.join()
        print("joined to known after 1 s", bench.until_known())
        assert bench.state(11) == ACTIVE
        assert bench.news().count("secure 1") == 1


@pytest.mark.slow
def test_a_card_during_a_cut_arrives_afterwards_and_the_reader_is_not_left_alone_for_five_minutes(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.cable.cut()
        bench.until_state(11, UNKNOWN)
        bench.say(f"card {CARD.hex()}")
        bench.run(10_000)  # libosdp gives up after 8.5 s and would sleep for 300
        assert bench.cards() == []
        bench.cable.join()
        print("joined to known after 10 s", bench.until_known())
        bench.until_change(("tag", 10, 1, CARD))
        assert bench.cards() == [CARD]


def test_a_reader_that_was_without_power_comes_back(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.end(1)
        bench.until_state(11, UNKNOWN)
        bench.start(1)
        print("power to known", bench.until_known())


def test_an_adapter_that_is_pulled_out_is_unknown_and_comes_back(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.cable.unplug()
        print("unplugged to unknown", bench.until_state(11, UNKNOWN, within_ms=UNKNOWN_MS_MAX))
        bench.cable.plug()
        print("plugged to known", bench.until_known())


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "cards"), [(1e-3, 30), (1e-2, 10)])
def test_noise_invents_no_card_and_no_change_and_costs_no_card(tmp_path, rate, cards):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.changes.clear()
        bench.cable.noise(rate, seed=7)
        shown = [bytes((number, 17 * number & 0xFF, 0xA5 ^ number, 0x3C)) for number in range(cards)]
        for card in shown:
            bench.say(f"card {card.hex()}")
            bench.run(300)
        if rate == 1e-2:
            bench.until("NOISY", lambda: bool(bench.trouble(10) & NOISY))
        bench.cable.noise(0)
        bench.until("all cards", lambda: len(bench.cards()) >= cards)
        bench.until("no trouble", lambda: bench.bus.troubles() == [])
        assert bench.cards() == shown
        told = [change[2] for change in bench.changes if change[:2] == ("contact", 11)]
        print(f"noise {rate}: bytes damaged", bench.cable.damaged, "times unknown", told.count(UNKNOWN))
        assert bench.cable.damaged > 3
        assert set(told) <= {INACTIVE, UNKNOWN}


@pytest.mark.slow
def test_with_readers_that_forget_their_session_at_each_damage_nothing_is_invented(tmp_path):
    with Bench(tmp_path) as bench:
        bench.say("forgetful 1")
        bench.until_known()
        bench.changes.clear()
        bench.cable.noise(3e-3, seed=5)
        shown = [bytes((number, 0xA5 ^ number, 0x3C)) for number in range(15)]
        for card in shown:
            bench.say(f"card {card.hex()}")
            bench.run(300)
        bench.cable.noise(0)
        bench.until_known()
        bench.run(2_000)  # those that it still has
        assert bench.cable.damaged > 3
        assert len(bench.cards()) >= 10
        print("cards lost in such a reader", len(shown) - len(bench.cards()))
        assert [card for card in shown if card in bench.cards()] == bench.cards()
        assert {change[2] for change in bench.changes if change[0] == "contact"} <= {INACTIVE, UNKNOWN}


@pytest.mark.parametrize("lie", ["badsum", "replay"])
def test_a_lying_reader_is_unknown_and_invents_nothing(tmp_path, lie):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.changes.clear()
        bench.say(f"lie {lie}")
        bench.until_state(11, UNKNOWN)
        bench.run(800)
        told = [change for change in bench.changes if change[0] in ("contact", "feedback", "tag")]
        assert all(change[0] != "tag" and change[2] in (INACTIVE, UNKNOWN) for change in told)
        bench.say("lie none")
        bench.until_known()


def test_echo_and_babble_are_looked_past(tmp_path):
    with Bench(tmp_path) as bench:
        bench.say("echo 1")
        bench.say("lie babble")
        bench.until_known()
        bench.say(f"card {CARD.hex()}")
        bench.until_change(("tag", 10, 1, CARD))


def orders_carried_out(bench: Bench) -> list[str]:
    return [line for line in bench.news() if line.startswith("output")]


def test_an_order_to_a_silent_reader_waits_and_expires(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.cable.cut()
        bench.until_state(13, UNKNOWN)
        bench.bus.put(13, ACTIVE, 300, steady_ms())
        bench.run(500)
        bench.cable.join()
        bench.until_known()
        bench.run(300)
        assert orders_carried_out(bench) == []
        bench.bus.put(13, ACTIVE, 2000, steady_ms())
        bench.until_state(13, ACTIVE)


@pytest.mark.slow
def test_an_order_lost_on_the_cable_is_never_sent_again_once_it_expired(tmp_path, caplog):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.run(300)
        bench.cable.cut_at = is_order  # the cut finds it on its way
        bench.bus.put(13, ACTIVE, 600, steady_ms())
        bench.until("the order on the cable", lambda: bool(enciphered(bench)))
        order = enciphered(bench)[0]
        bench.until("it to be void", lambda: "order to point 13: no answer in its time, void" in caplog.text)
        bench.cable.join()
        bench.until_known()  # libosdp would have sent it each second until now
        bench.run(500)
        assert orders_carried_out(bench) == []
        assert enciphered(bench).count(order) == 1
        bench.bus.put(13, ACTIVE, 2000, steady_ms())
        bench.until_state(13, ACTIVE)


def enciphered(bench: Bench) -> list[bytes]:
    """What the gateway sent with data in it: nothing but orders (a question has none)."""
    return [data for _, end, data in bench.cable.carried if is_order(end, data)]


def is_order(end: int, data: bytes) -> bool:
    return end == GATEWAY and data[7:8] == b"\x17"


def test_without_the_gateway_a_relay_takes_its_declared_state_and_no_order_that_waited(tmp_path):
    with Bench(tmp_path) as bench:
        bench.until_known()
        bench.cable.cut()
        bench.until_state(13, UNKNOWN)
        bench.bus.put(13, ACTIVE, 60_000, steady_ms())
        bench.bus.lose_link()
        bench.cable.join()
        bench.until("the order", lambda: orders_carried_out(bench) != [])
        bench.run(300)
        assert orders_carried_out(bench) == ["output 0 1 0"]


class StandsStill:
    """A panel of libosdp whose timers wait for an hour, as they do when the wall clock was set back by one."""

    def __init__(self, panel):
        self._panel = panel

    def __getattr__(self, name):
        return getattr(self._panel, name)

    def refresh(self):
        """Nothing is due."""


@pytest.mark.slow
def test_libosdp_that_stands_still_is_found_out_and_begun_anew(tmp_path, caplog):
    with Bench(tmp_path, readers=2) as bench:
        bench.until_known()
        bench.bus._panel = StandsStill(bench.bus._panel)
        print("libosdp stands still to unknown", bench.until_state(11, UNKNOWN))
        assert bench.trouble(11) == SILENT
        print("unknown to known", bench.until_known())
        assert "libosdp stands still, begun anew" in caplog.text
        bench.say(f"card {CARD.hex()}", 2)
        bench.until_change(("tag", 20, 1, CARD))
