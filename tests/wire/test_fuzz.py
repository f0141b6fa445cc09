"""A bounded run of tests/wire/fuzz.py; `make prove` runs the million."""

import casewire
from tests.wire import fuzz


def test_twenty_thousand_random_and_mutated_frames_raise_and_invent_nothing() -> None:
    found = fuzz.run(20_000, seed=1)
    assert (found["exceptions"], found["invented"], found["missing"]) == (0, 0, 0)
    counters = found["decoder"]
    # The run is worth something only if every way to be refused was met.
    met = {name for name, count in counters.items() if count}
    assert met >= set(casewire.COUNTERS) - {"bad_message", "bad_version"}
    assert counters["frames"] >= found["frames_in"] > 7000


def test_the_fuzz_sees_a_decoder_that_invents(monkeypatch) -> None:
    monkeypatch.setattr("casewire.decoder.same", lambda left, right: True)
    assert fuzz.run(2_000, seed=1)["invented"] > 0


def test_the_fuzz_sees_a_decoder_that_raises_or_loses(monkeypatch) -> None:
    def raising(raw: bytes) -> None:
        raise ValueError("seen")

    monkeypatch.setattr("casewire.decoder.check_raw", raising)
    found = fuzz.run(500, seed=1)
    assert found["exceptions"] > 0
    assert found["missing"] > 0
