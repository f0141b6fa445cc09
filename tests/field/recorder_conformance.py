"""What a recorder with a status line does over a line: one set of checks, an adapter for each way it speaks.

The rig is that of the locks: the fake a process at the far end of a cable of ptys, the device at the near end. Limits are
whole seconds in the configuration, so each check waits for one or two of them.
"""

from typing import Any

from casefield import recorder_serial
from casefield.ports import SerialBus
from casewire import ACTIVE, CONTRADICTION, INACTIVE, SILENT, UNKNOWN
from tests.field.cable import steady_ms
from tests.field.conformance import Adapter, Rig, Times

POINT = 1
SILENT_S_MAX, STILL_S_MAX = 2, 1
LINES = [
    {"like": "CH1 REC ON*", "says": "recording"},
    {"like": "CH1 REC OFF*", "says": "stopped"},
    {"like": "*HDD <free>% FRM <count> <time>"},
]
DAMAGED_MIN = 5
NOISE_TURNS_MAX = 8  # of a machine that has no time for the cable


def _device(**changes: object) -> Any:
    table = {
        "kind": "recorder_serial", "bus": "bus", "point": POINT, "lines": LINES, "silent_s_max": SILENT_S_MAX,
        "still_s_max": STILL_S_MAX, "free_percent_min": 1, **changes,
    }  # fmt: skip
    config = recorder_serial.RecorderConfig("devices[0]", table)

    def made(port: SerialBus) -> Any:
        return recorder_serial.device(config, port)

    return made


FAKE = "casefield.fakes.serial_recorder"
RECORDERS = [
    Adapter(name="speaks by itself", fake=(FAKE, "--every", "200"), device=_device(), baud=9600, pulse=""),
    Adapter(
        name="speaks when asked",
        fake=(FAKE, "--asked"),
        device=_device(ask="STATUS?\r", ask_s=1, reply_ms=300, agree=1),
        baud=9600,
        pulse="",
    ),
]


def begin(rig: Rig) -> int:
    """Known, and recording; how long the first state took."""
    assert rig.state(POINT) == UNKNOWN
    rig.say("start")
    waited_ms = rig.until_state(POINT, ACTIVE)
    rig.changes.clear()
    return waited_ms


def check_start_and_stop(rig: Rig) -> Times:
    """Unknown first; it starts and stops, whatever ends its lines."""
    times = {"first state": begin(rig)}
    for end in ("lf", "cr", "crlf"):
        rig.say(f"end {end}")
        rig.say("stop")
        times["stopped to told"] = rig.until_state(POINT, INACTIVE)
        rig.say("start")
        times["started to told"] = rig.until_state(POINT, ACTIVE)
    assert [change[2] for change in rig.changes if change[0] == "contact"] == [INACTIVE, ACTIVE] * 3
    assert rig.trouble(POINT) == 0
    return times


def _silenced(rig: Rig, since_ms: int) -> int:
    waited_ms = rig.until_state(POINT, UNKNOWN)
    assert rig.trouble(POINT) == SILENT
    told_ms = next(change[3] for change in reversed(rig.changes) if change[0] == "contact")
    assert since_ms - 1_500 < told_ms <= since_ms + 300  # dated to its last word
    return waited_ms


def check_cut(rig: Rig) -> Times:
    """A cut cable; it stops meanwhile."""
    begin(rig)
    cut_ms = steady_ms()
    rig.cable.cut()
    times = {"cut to unknown": _silenced(rig, cut_ms)}
    rig.say("stop")
    rig.cable.join()
    times["joined to known"] = rig.until_state(POINT, INACTIVE)
    assert rig.trouble(POINT) == 0
    return times


def check_silence(rig: Rig) -> Times:
    """It says nothing more, then only what is not of its state: either is unknown."""
    begin(rig)
    silent_ms = steady_ms()
    rig.say("silent")
    times = {"silent to unknown": _silenced(rig, silent_ms)}
    rig.say("back")
    rig.until_state(POINT, ACTIVE)
    rig.say("lie babble")
    rig.until_state(POINT, UNKNOWN)
    assert rig.device.unknown_lines > 0
    assert "LI SI" not in repr(vars(rig.device))
    return times


def check_lies(rig: Rig) -> Times:
    """It says that it records while its counter stands, its clock too, or its disk is full."""
    times = {}
    begin(rig)
    for lie in ("still", "frozen", "full"):
        rig.say(f"lie {lie}")
        times[f"{lie} to doubted"] = rig.until_state(POINT, UNKNOWN)
        assert rig.trouble(POINT) == CONTRADICTION
        rig.say("lie none")
        rig.until_state(POINT, ACTIVE)
        assert rig.trouble(POINT) == 0
    return times


def check_half_lines(rig: Rig) -> Times:
    """Halves of lines are no lines, and join to none."""
    begin(rig)
    rig.say("lie half")
    rig.until_state(POINT, UNKNOWN)
    rig.say("stop")
    rig.run(500)
    rig.say("lie none")
    rig.until_state(POINT, INACTIVE)
    assert ACTIVE not in [change[2] for change in rig.changes if change[0] == "contact"]
    return {}


def check_noise(rig: Rig) -> Times:
    """A byte in a thousand damaged: nothing is invented; one in thirty: no state that it has not."""
    begin(rig)
    rig.cable.noise(1e-3, seed=7)
    rig.run(2_500)
    rig.cable.noise(3e-2, seed=8)
    for _ in range(NOISE_TURNS_MAX):
        rig.run(2_500)
        if rig.cable.damaged >= DAMAGED_MIN:
            break
    assert rig.cable.damaged >= DAMAGED_MIN
    rig.cable.noise(0)
    rig.until_state(POINT, ACTIVE)
    assert INACTIVE not in [change[2] for change in rig.changes if change[0] == "contact"]
    return {}


def check_unplug(rig: Rig) -> Times:
    """The adapter out of its socket and in again."""
    begin(rig)
    rig.cable.unplug()
    times = {"unplugged to unknown": rig.until_state(POINT, UNKNOWN)}
    assert rig.trouble(POINT) == SILENT
    rig.say("stop")
    rig.cable.plug()
    times["plugged in to known"] = rig.until_state(POINT, INACTIVE)
    assert rig.trouble(POINT) == 0
    return times


CHECKS = [
    check_start_and_stop, check_cut, check_silence, check_lies, check_half_lines, check_noise, check_unplug,
]  # fmt: skip
