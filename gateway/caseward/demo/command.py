"""The command `caseward demo`: says what runs and where to look, then what happens as it happens."""

import argparse
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from caseward.demo.director import Timetable
    from caseward.demo.interpreter import Runner
    from caseward.demo.play import Play

ZONE_S: Final = 8 * 3_600  # China has one zone and no summer time
PASSWORD: Final = "demo-2026-demo"
SPEED_MAX: Final = 240.0
KIOSK_PORT: Final = 8010


def main(argv: list[str]) -> int:
    """Run until Ctrl-C; exit codes: 0 ended by Ctrl-C, 1 it could not start, 2 called wrongly."""
    options = _arguments(argv)
    # Late, so that `caseward` starts quickly and `--help` needs nothing installed.
    from caseward.demo.broker import MissingProgram
    from caseward.demo.interpreter import MissingTree
    from caseward.demo.programs import NotReady

    try:
        if options.data is not None:
            return _play(options, options.data)
        with tempfile.TemporaryDirectory(prefix="caseward-demo-") as folder:
            return _play(options, Path(folder))
    except (MissingProgram, MissingTree, NotReady) as error:
        sys.stderr.write(f"caseward demo: {error}\n")
        return 1


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="caseward demo", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--speed", type=float, default=60.0, help="station seconds in one second (default 60)"
    )
    parser.add_argument("--seed", type=int, default=1, help="decides references and small shifts of the day")
    parser.add_argument("--data", type=Path, help="keep logs and keys here and go on with them next time")
    parser.add_argument("--port", type=int, default=8000, help="of the pages (default 8000)")
    parser.add_argument(
        "--kiosk-port",
        type=int,
        help=f"of the screens at the cabinets (default {KIOSK_PORT}, or the next free one)",
    )
    options = parser.parse_args(argv)
    if not 1 <= options.speed <= SPEED_MAX:
        parser.error(f"--speed: expected 1 to {SPEED_MAX:g}, found {options.speed:g}")
    return options


def _play(options: argparse.Namespace, folder: Path) -> int:
    from caseward.demo.broker import free_of_listeners, next_free

    for name, port in (("--port", options.port), ("--kiosk-port", options.kiosk_port)):
        if port is not None and not free_of_listeners(port):
            sys.stderr.write(
                f"caseward demo: expected port {port} to be free, found a listener; try {name}\n"
            )
            return 1
    kiosk_port = options.kiosk_port or next_free(KIOSK_PORT, besides={options.port})
    hands_port = next_free(kiosk_port + 1, besides={options.port})
    from caseward.demo.interpreter import find_runner
    from caseward.demo.play import Play
    from caseward.demo.station import DemoStation, Plan

    runner = find_runner()
    timetable = _timetable(folder, options.speed)
    plan = Plan(folder, runner, timetable, http_port=options.port, kiosk_port=kiosk_port, password=PASSWORD)
    station = DemoStation(plan)
    play = Play(station, _tell, options.seed, is_staged=True, hands_port=hands_port)
    _end_on_signals(play.stop)
    _say("preparing keys, accounts and configurations")
    station.prepare()
    try:
        play.begin()
        _introduce(play, runner, options)
        play.run()
    finally:
        _say("ending everything that was started")
        play.end()
    return 0


def _timetable(folder: Path, speed: float) -> "Timetable":
    """The station's first day: today, or the day after the last one in a folder that was used before."""
    from caseward.demo import beats, story
    from caseward.demo.director import Timetable
    from caseward.demo.logtail import last_recorded_us

    real_us = time.time_ns() // 1_000
    zone_us = ZONE_S * 1_000_000
    last_us = max((last_recorded_us(log) for log in folder.glob("*/log")), default=0)
    day = (max(real_us, last_us) + zone_us) // beats.DAY_US + (1 if last_us else 0)
    return Timetable(day * beats.DAY_US - zone_us + story.START_US, speed)


def _introduce(play: "Play", runner: "Runner", options: argparse.Namespace) -> None:
    from caseward.demo.people import OFFICERS

    station = play.station
    nodes = sum(len(area.nodes) for area in station.areas.values())
    rooms = sum(room.kind != "outside" for area in station.areas.values() for room in area.rooms.values())
    duty = next(person for person in OFFICERS if "duty_officer" in person.roles)
    lines = (
        "",
        f"  {len(station.areas)} areas, {rooms} rooms, {nodes} nodes under {runner.label}",
        f"  one station day takes {24 * 60 / options.speed:.0f} minutes (speed {options.speed:g}); it begins at 08:00",
        "",
        f"  look at      {station.url}",
        f"  kiosk        {station.kiosk_url}   (the cabinets of area 1)",
        f"  your hands   {play.hands_url}   (hold out cards and pull doors at the cabinets)",
        f"  sign in as   {duty.number} (duty officer)   000004 (department head)   000101 (area administrator)",
        f"  password     {PASSWORD}   (demo only)",
        f"  logs, keys   {station.folder}",
        "  end          Ctrl-C",
        "",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _end_on_signals(stop: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def _tell(at_us: int, area: str, text: str) -> None:
    local = time.strftime("%H:%M", time.gmtime(at_us / 1e6 + ZONE_S))
    sys.stdout.write(f"{local} {area or '--'}  {text}\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"caseward demo: {text}\n")
    sys.stdout.flush()
