"""Plans from seeds: what people do in a case area, and what goes wrong meanwhile. All chances of a run stand here."""

import random
from typing import Any

from custody.catalogue import FACT_TYPES
from custody.times import parse_instant_us
from tests.custody.against_oracle import FAMILIES, ROLES, _Teller, area
from tests.custody.property_store import OFFICERS
from tests.simulation import desk
from tests.simulation.cabinets import BADGES as KEEPERS
from tests.simulation.cabinets import SILENCE, keepers_day
from tests.simulation.plan import DAY_US, HOUR_US, MINUTE_US, Act, Fault, Plan

SECOND_US = 1_000_000
STARTS = (
    "2026-03-18T09:00:00+08:00", "2026-02-27T14:30:00+08:00", "2026-12-31T22:00:00+08:00", "2026-09-30T08:00:00+08:00",
    "2026-06-05T20:30:00+08:00", "2028-02-29T12:00:00+08:00",
)  # fmt: skip
PERSONS = ("s1", "s2", "s3", "s4", "s5", "s6")
BADGES = {officer: f"0B{number:08X}" for number, officer in enumerate(ROLES, 1)}
BAND_OF = {stay: f"0A{number:08X}" for number, stay in enumerate(PERSONS, 1)}
BANDS = {f"b{number}": band for number, band in enumerate(BAND_OF.values(), 1)}
STRAY = "0CDEADBEEF"
WAITING = ("waiting-1", "waiting-2", "waiting-f")
INTERVIEW = ("interview-1", "interrogation-1", "interrogation-2")
OFFICER_FACTS = tuple(sorted({n for f in FAMILIES.values() for n in f if FACT_TYPES[n].origin == "officer"}))
ADRIFT = ("boards", "alone")
SPANS_US = (20 * MINUTE_US, HOUR_US, 3 * HOUR_US, 9 * HOUR_US)


def plan_of(
    seed: int, for_us: int | None = None, *, wants_faults: bool = True, adrift: str | None = None
) -> Plan:
    """The plan of a seed: a span, a workload and a random set of kinds of faults. `adrift`: one of ADRIFT; None leaves it to chance."""
    name = f"sim-{seed}"
    rng = random.Random(f"{name}/plan")
    span_us = for_us or rng.choice(SPANS_US)
    start_us = parse_instant_us(rng.choice(STARTS)) + rng.randrange(3_600) * SECOND_US
    settings = _settings(random.Random(f"{name}/settings"))
    is_alone = random.Random(f"{name}/alone").random() < 0.15
    if is_alone:
        settings |= {"ntp": "never", "rtc": rng.choice(("none", "right"))}
    rare = random.Random(f"{name}/rare")
    if rare.random() < 0.12:
        settings["rulebook"] = "cn-2012"
    settings["line_slow_us"] = rare.choice((0, 9_000))
    acts = _acts(random.Random(f"{name}/acts"), start_us, span_us)
    acts += _house(random.Random(f"{name}/house"), span_us)
    keeping = random.Random(f"{name}/keeping")
    if keeping.random() < 0.25:
        settings["area"] = "stored"
        acts += keepers_day(keeping, span_us) + _things(random.Random(f"{name}/things"), span_us)
        acts += desk.pressed(random.Random(f"{name}/pressed"), SILENCE, span_us)
    acts += desk.acts(random.Random(f"{name}/desk"), span_us)
    faults = _faults(random.Random(f"{name}/faults"), span_us, settings) if wants_faults else []
    does_lie = wants_faults and rare.random() < 0.12
    if does_lie:
        faults += _lies(rare, span_us)
    if wants_faults and rare.random() < (0.7 if does_lie else 0.2):
        faults.append(Fault(SECOND_US, "mend_forger", span_us))
    if adrift is not None or (wants_faults and rare.random() < 0.15):
        faults = [fault for fault in faults if fault.kind not in FALSE_CLOCKS]
        faults += _adrift(rare, span_us, settings, adrift)
    if is_alone and wants_faults:
        faults.append(Fault(SECOND_US, "broker_down", int(span_us * 0.7)))
    return Plan(
        name, start_us, span_us, tuple(sorted(acts, key=lambda a: a.at_us)),
        tuple(sorted(faults, key=lambda f: f.at_us)), settings,
    )  # fmt: skip


def _settings(rng: random.Random) -> dict[str, Any]:
    """What is so from the start."""
    ppm = {
        name: rng.choice((-45.0, 45.0, rng.uniform(-45.0, 45.0)))
        for name in (*area().nodes, "gateway", "server")
    }
    settings: dict[str, Any] = {
        "ppm": ppm, "segment_bytes_max": rng.choice((20_000, 64_000, 4_000_000)),
        "ticks_start": rng.choice((0, (1 << 30) - rng.randrange(1, 900_000))),
    }  # fmt: skip
    if rng.random() < 0.3:
        settings["rtc"] = rng.choice(("dead", "none"))
    if rng.random() < 0.3:
        settings["whole_minutes"] = True
    if rng.random() < 0.12:
        settings["ntp"] = "never"
    if rng.random() < 0.25:
        settings["reserve_bytes"] = 100_000
    if rng.random() < 0.2:
        settings["second_disk"] = True
    if rng.random() < 0.3:
        settings["scrub_hour"] = rng.randrange(24)
    return settings


# --- people ------------------------------------------------------------------------------------------


def _acts(rng: random.Random, start_us: int, span_us: int) -> list[Act]:
    acts: list[Act] = []
    at_us = 40 * SECOND_US
    for officer, (service, roles, sex) in ROLES.items():
        body = {"officer": officer, "service": service, "roles": roles, "badge": BADGES[officer]}
        acts.append(
            Act(at_us, "say", {"type": "officer.registered", "body": body | ({"sex": sex} if sex else {})})
        )
        at_us += SECOND_US
    people = rng.randrange(1, min(len(PERSONS), 2 + span_us // HOUR_US) + 1)
    for stay in PERSONS[:people]:
        begin_us = at_us + rng.randrange(max(1, int(span_us * 0.6)))
        acts += person(rng, stay, start_us, begin_us)
    acts += _guards(rng, span_us)
    acts += _babble(rng, start_us, span_us, rng.choice((0, 5, 20, 60)))
    acts += _handling(rng, span_us, rng.choice((0, 12, 60)))
    acts += _fidget(rng, span_us, rng.choice((0, 10, 40, 150)))
    return [act for act in acts if act.at_us < span_us]


def person(rng: random.Random, stay: str, start_us: int, begin_us: int) -> list[Act]:
    """One person's way through the area, now and then not as the law wants it."""
    acts: list[Act] = []
    at_us = begin_us
    band = BAND_OF[stay]

    def wait(least_s: float, most_s: float) -> None:
        nonlocal at_us
        at_us += rng.randrange(int(least_s * 1e6), int(most_s * 1e6))

    def say(name: str, odds: float = 1.0, **body: Any) -> None:
        if rng.random() < odds:
            late_us = rng.choice((0, 0, 0, 0, 30, 300, 3_600)) * SECOND_US
            teller = _Teller(rng, start_us + at_us, [])
            known = FACT_TYPES[name].fields
            whole = teller.body(name) | {k: v for k, v in {"stay": stay, **body}.items() if k in known}
            args = {"type": name, "body": {key: _real(value) for key, value in whole.items()},
                    "shift_us": -late_us, "by": rng.choice(("server", "server", "paper"))}  # fmt: skip
            acts.append(Act(at_us + late_us, "say", args))

    def walk(room: str) -> None:
        if rng.random() < 0.95:
            acts.append(Act(at_us, "walk", {"tag": band, "room": room}))

    def through(door: str, *, lawful: bool = True) -> None:
        if lawful and rng.random() < 0.9:
            acts.append(Act(at_us, "release", {"door": door}))
        acts.append(Act(at_us + 400_000, "door", {"door": door, "is_open": True}))
        shut_us = rng.choice((3, 5, 8, 20, 70)) * SECOND_US
        acts.append(Act(at_us + 400_000 + shut_us, "door", {"door": door, "is_open": False}))

    say("person.arrived", 0.9)
    wait(5, 90)
    through("gate")
    say("area.entered", 0.9)
    say("wristband.bound", 0.95, band=band, officer="o1")
    wait(3, 30)
    walk("reception")
    wait(10, 200)
    through("door-search")
    walk("search")
    wait(30, 400)
    say("search.signed", 0.85, officers=rng.choice((["o1", "o2"], ["o1", "a1"], ["o1"])), signed=True)
    say("health.checked", 0.8, fit=True, officer="o2") if rng.random() < 0.5 else None
    measure = rng.choice(
        ("criminal_summons", "public_order_questioning", "coercive_summons", "criminal_summons")
    )
    sex = rng.choice("MF")
    say("stay.registered", 0.95, measure=measure, case=rng.choice(("c1", "c2")), sex=sex, officer="o1")
    wait(20, 200)
    say("rights.told", 0.7)
    for _ in range(rng.randrange(1, 5)):
        room = rng.choice(WAITING)
        through(f"door-{room}")
        walk(room)
        say("room.assigned", 0.6, room=room, officer="o1")
        wait(60, rng.choice((300, 1_800, 7_200)))
        room = rng.choice(INTERVIEW)
        through(f"door-{room}")
        walk(room)
        recorder = f"rec-{room}"
        kind = "interview" if room.startswith("interview") else "interrogation"
        say("interview.started", 0.85, room=room, kind=kind, officers=rng.choice((["o1", "o3"], ["o1"])))
        if rng.random() < 0.3:
            acts.append(
                Act(
                    at_us + rng.randrange(120) * SECOND_US, "recorder", {"recorder": recorder, "is_on": False}
                )
            )
            acts.append(Act(at_us + rng.randrange(120, 900) * SECOND_US, "recorder",
                            {"recorder": recorder, "is_on": True}))  # fmt: skip
        wait(120, rng.choice((600, 3_600, 10_000)))
        say("interview.ended", 0.85, room=room)
    if rng.random() < 0.7:
        wait(10, 600)
        say("effects.returned", 0.5)
        say("stay.released", 0.95, reason=rng.choice(("released", "transferred")), officer="o1")
        walk("handover")
        wait(5, 60)
        through("exit")
        walk("outside")
    return acts


def _guards(rng: random.Random, span_us: int) -> list[Act]:
    """Badges in the guard room and beside the cells; a careless guard leaves."""
    acts: list[Act] = []
    for officer in ("o2", "a1"):
        at_us = 60 * SECOND_US
        room = "guard"
        while at_us < span_us:
            acts.append(Act(at_us, "walk", {"tag": BADGES[officer], "room": room}))
            at_us += rng.randrange(60, rng.choice((900, 3_600))) * SECOND_US
            room = rng.choice(("guard", "guard", "corridor", "waiting-1", "interrogation-1", "outside"))
    return acts


def _babble(rng: random.Random, start_us: int, span_us: int, count: int) -> list[Act]:
    """Forms of every kind with any content that has the right shape, and some that have not."""
    acts = []
    for _ in range(count):
        at_us = rng.randrange(60 * SECOND_US, span_us)
        name = rng.choice(OFFICER_FACTS)
        teller = _Teller(rng, start_us + at_us, [])
        body = {key: _real(value) for key, value in teller.body(name).items()}
        shift_us = -rng.choice((0, 0, SECOND_US, MINUTE_US, 20 * MINUTE_US, 3 * HOUR_US, 20 * HOUR_US))
        if rng.random() < 0.05 and body:
            body[rng.choice(sorted(body))] = rng.choice((7, "?", None, ["x"]))
        acts.append(Act(at_us, "say", {"type": name, "body": body, "shift_us": shift_us}))
    return acts


def _real(value: Any) -> Any:
    """Names of bands as they stand on tags."""
    return BANDS.get(value, value) if isinstance(value, str) else value


def _handling(rng: random.Random, span_us: int, count: int) -> list[Act]:
    """Officers who take, acknowledge, rectify and verify alarms, in the right order more often than not."""
    acts = []
    for _ in range(count):
        at_us, pick = rng.randrange(120 * SECOND_US, span_us), rng.random()
        for action in rng.choice((("taken",), ("acknowledged", "rectified", "verified"), ("verified",), ("acknowledged",),
                                  ("taken", "rectified", "verified"), ("taken", "acknowledged", "rectified"))):  # fmt: skip
            officer = rng.choice(("o1", "o1", "o2", "o4", "a1"))
            acts.append(Act(at_us, "handle", {"pick": pick, "action": action, "officer": officer}))
            at_us += rng.randrange(1, 40) * SECOND_US
    return acts


def _fidget(rng: random.Random, span_us: int, count: int) -> list[Act]:
    """Doors, buttons, locks, recorders and tags, moved by nobody in particular."""
    doors, recorders = sorted(area().doors), sorted(area().recorders)
    readers, tags = sorted(area().readers), sorted({*BAND_OF.values(), *BADGES.values(), STRAY})
    acts = []
    for _ in range(count):
        at_us = rng.randrange(60 * SECOND_US, span_us)
        kind = rng.choice(("door", "door", "door", "tag", "tag", "recorder", "button", "release", "chatter"))
        if kind == "door":
            acts.append(Act(at_us, "door", {"door": rng.choice(doors), "is_open": rng.random() < 0.5}))
        elif kind == "recorder":
            acts.append(
                Act(at_us, "recorder", {"recorder": rng.choice(recorders), "is_on": rng.random() < 0.6})
            )
        elif kind == "tag":
            args = {"reader": rng.choice(readers), "tag": rng.choice(tags), "is_there": rng.random() < 0.6}
            acts.append(Act(at_us, "tag", args))
        elif kind == "chatter":
            door = rng.choice(doors)
            pause_us = rng.choice((8_000, 8_000, 30_000, 60_000, 200_000))
            steps = rng.randrange(2, 120) if pause_us > 8_000 else rng.randrange(100, 700)
            acts += [
                Act(at_us + step * pause_us, "door", {"door": door, "is_open": step % 2 == 0})
                for step in range(steps)
            ]
        else:
            acts.append(Act(at_us, kind, {"door": rng.choice(doors)}))
    return acts


def _house(rng: random.Random, span_us: int) -> list[Act]:
    """Detectors and buttons of the house: most trip and fall back, some flutter, some stay."""
    names, acts = sorted(area().inputs), []
    for _ in range(rng.choice((0, 0, 2, 8, 30))):
        at_us, name = rng.randrange(30 * SECOND_US, span_us), rng.choice(names)
        for _ in range(rng.choice((1, 1, 1, 6))):
            acts.append(Act(at_us, "input", {"input": name, "is_active": True}))
            at_us += rng.choice((20_000, 300_000, SECOND_US, 40 * SECOND_US, 20 * MINUTE_US))
            if rng.random() < 0.9:
                acts.append(Act(at_us, "input", {"input": name, "is_active": False}))
            at_us += rng.choice((50_000, SECOND_US, 9 * SECOND_US))
    return [act for act in acts if act.at_us < span_us]


def _things(rng: random.Random, span_us: int) -> list[Act]:
    """The store's officers, and what happens to things in its cabinets."""
    acts = []
    for number, officer in enumerate(sorted(set(OFFICERS) - set(ROLES) - set(KEEPERS))):
        service, roles = OFFICERS[officer]
        body = {"officer": officer, "service": service, "roles": roles}
        acts.append(
            Act(51 * SECOND_US + number * 50_000, "say", {"type": "officer.registered", "body": body})
        )
    for _ in range(rng.choice((0, 20, 60, 200))):
        draw = {"draw": f"{rng.randrange(1 << 40):x}"}
        acts.append(Act(rng.randrange(60 * SECOND_US, span_us), "item", draw))
    return acts


# --- faults ------------------------------------------------------------------------------------------


def _faults(rng: random.Random, span_us: int, settings: dict[str, Any]) -> list[Fault]:
    """A random set of kinds, each some times: not all at once, or nothing but the noise would be tested."""
    makers = sorted(MAKERS)
    if settings.get("second_disk"):
        makers.append("disk_dies")
    chosen = [kind for kind in makers if rng.random() < 0.35]
    faults = []
    for kind in chosen:
        for _ in range(rng.choice((1, 1, 2, 4, 10))):
            at_us = rng.randrange(15 * SECOND_US, span_us)
            faults.append(_fault(rng, kind, at_us))
    return faults


def _adrift(rng: random.Random, span_us: int, settings: dict[str, Any], kind: str | None) -> list[Fault]:
    """A time service at the edge of its word and no battery clock; crystals that go the way that hurts most."""
    way = -1 if kind == "boards" else rng.choice((-1, 1))
    settings |= {"rtc": "none", "ntp_error_us": way * 480_000, "line_slow_us": 9_000}
    if kind == "boards" or (kind is None and way < 0 and rng.random() < 0.7):
        # The boards fall behind the gateway, and the upper bound is near.
        settings["ppm"] |= dict.fromkeys(area().nodes, -45.0) | {"gateway": 45.0}
        return []
    settings["ppm"]["gateway"] = way * 45.0
    is_alone = kind == "alone" or rng.random() < 0.6
    return [Fault(100 * SECOND_US, "no_ntp", span_us)] if is_alone else []


def _lies(rng: random.Random, span_us: int) -> list[Fault]:
    """A card that says that it has written, and has not; then mains away."""
    at_us, for_us = rng.randrange(60 * SECOND_US, span_us), rng.choice((20, 120)) * SECOND_US
    cut = Fault(at_us + rng.randrange(for_us), "gateway_power", rng.choice((3, 45)) * SECOND_US)
    return [Fault(at_us, "disk_lies", for_us), cut]


def _fault(rng: random.Random, kind: str, at_us: int) -> Fault:
    port = rng.choice(sorted(area().ports))
    node = rng.choice(sorted(area().nodes))
    for_us = rng.choice((1, 3, 8, 20, 45, 120, 600)) * SECOND_US
    if kind == "line":
        name, settings = rng.choice(_LINE)
        return Fault(at_us, "line", for_us, {"port": port, "name": name, "settings": settings})
    if kind == "network":
        name, settings = rng.choice(_NETWORK)
        return Fault(at_us, "network", for_us, {"name": name, "settings": settings})
    if kind == "disk_dies":
        return Fault(
            at_us, "disk_error", 0, {"operation": "sync", "number": "EIO", "after": rng.randrange(4)}
        )
    if kind == "disk_rot":
        return Fault(at_us, kind, 0, {"where": rng.choice(("any", "any", "newest"))})
    known = MAKERS[kind](rng, port, node)
    return Fault(at_us, kind, for_us, known)


_LINE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lose", {"p": 0.4}), ("lose", {"p": 0.8}), ("lose", {"p": 1.0}), ("lose_to_gateway", {"p": 0.75}), ("flip", {"p": 0.0005}), ("flip", {"p": 0.005}), ("flip", {"p": 0.05}), ("swallow", {"p": 0.003}),
    ("garbage", {"p": 0.2}), ("double", {"p": 0.3}), ("merge", {"p": 0.3}), ("late", {"ms": 15}), ("late", {"ms": 1_500}), ("late", {"ms": 9_000}),
    ("echo", {"ms": 2_600}), ("echo", {"ms": 7_500}),
    ("cut", {}), ("cut", {}), ("cut_to_node", {}), ("cut_to_gateway", {}),
)  # fmt: skip
_NETWORK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("loss_up", {"p": 0.2}), ("loss_down", {"p": 0.2}), ("double", {"p": 0.3}), ("late", {"p": 0.3, "ms": 3_000}),
    ("one_way_up", {}), ("one_way_down", {}), ("loss_up", {"p": 0.9}),
)  # fmt: skip
FALSE_CLOCKS = frozenset({"server_clock_step", "clock_at_boot", "clock_step"})
STEPS_US = (-DAY_US * 365, -DAY_US, -HOUR_US, -10 * SECOND_US, -2 * SECOND_US, 900_000, 2 * SECOND_US, 60 * SECOND_US,
            HOUR_US, DAY_US, DAY_US * 365)  # fmt: skip

MAKERS: dict[str, Any] = {
    "gateway_power": lambda rng, port, node: {},
    "gateway_kill": lambda rng, port, node: {},
    "gateway_cut_at_disk": lambda rng, port, node: {"operations": rng.randrange(12)},
    "gateway_cut_at_action": lambda rng, port, node: {"actions": rng.randrange(6)},
    "gateway_freeze": lambda rng, port, node: {},
    "node_power": lambda rng, port, node: {"node": node},
    "node_reset": lambda rng, port, node: {"node": node},
    "server_kill": lambda rng, port, node: {},
    "server_cut_at_commit": lambda rng, port, node: {
        "transactions": rng.randrange(6), "when": rng.choice(("before", "after")),
    },
    "server_slow": lambda rng, port, node: {},
    "line": None,
    "port_gone": lambda rng, port, node: {"port": port},
    "replay": lambda rng, port, node: {"port": port},
    "playback": lambda rng, port, node: {"port": port},
    "stranger": lambda rng, port, node: {"node": node},
    "disk_full": lambda rng, port, node: {"spare_bytes": rng.choice((0, 300, 5_000))},
    "disk_error": lambda rng, port, node: {
        "operation": rng.choice(("append", "sync", "create")), "number": rng.choice(("EIO", "EIO", "ENOSPC", "EROFS")),
        "after": rng.randrange(6),
    },
    "disk_rot": None,
    "clone": lambda rng, port, node: {},
    "network": None,
    "broker_down": lambda rng, port, node: {},
    "forge": lambda rng, port, node: {},
    "clock_step": lambda rng, port, node: {"by_us": rng.choice(STEPS_US)},
    "no_ntp": lambda rng, port, node: {},
    "clock_at_boot": lambda rng, port, node: {"rtc": rng.choice(("dead", "behind", "ahead", "right", "none"))},
    "server_clock_step": lambda rng, port, node: {"by_us": rng.choice((-10 * SECOND_US, 10 * SECOND_US, HOUR_US))},
}  # fmt: skip
