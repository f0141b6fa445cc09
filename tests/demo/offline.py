"""Plays the demo's day straight into engines, with no process and no waiting: what must come of it."""

from caseward.demo import beats, story
from caseward.demo.beats import Beat
from custody.area import Area, load_area
from custody.bundled import area_text, rulebook_of_area
from custody.effects import AlarmRaised, Effect, Refusal
from custody.engine import Engine
from custody.facts import Fact
from custody.rules import Rulebook

SECOND_US = 1_000_000
DAY_0_US = 1_776_009_600_000_000  # 00:00 in China of a day in the middle of a month: counts and clear-ups are not due


def areas() -> dict[str, Area]:
    """The two areas of the demo."""
    found = {}
    for name in ("standard", "annex"):
        area = load_area(area_text(name), f"{name}.toml")
        found[area.id] = area
    return found


def rulebook() -> Rulebook:
    return rulebook_of_area(next(iter(areas().values())))[0]


class Offline:
    """One engine an area; beats become facts as node and gateway would make them."""

    def __init__(self, plans: dict[str, Area] | None = None) -> None:
        self.areas = plans or areas()
        book = rulebook()
        self.engines = {area.id: Engine(area, book) for area in self.areas.values()}
        self.effects: dict[str, list[Effect]] = {area: [] for area in self.areas}
        self.index = 0
        self.tags: dict[str, str] = {}
        self.requests: dict[
            str, tuple[str, dict[str, object]]
        ] = {}  # compartment -> id and body of what was asked

    def fact(self, area: str, at_us: int, kind: str, /, **body: object) -> None:
        """Everything due before it, then the fact."""
        engine = self.engines[area]
        while (due_us := engine.next_deadline_us()) is not None and due_us < at_us:
            self._step(area, due_us, "deadline.reached", {})
        self._step(area, at_us, kind, body)

    def _step(self, area: str, at_us: int, kind: str, body: dict[str, object]) -> None:
        self.index += 1
        fact = Fact(kind, body, self.index, at_us, at_us, at_us, at_us, id=f"f{self.index}")
        self.effects[area] += self.engines[area].step(fact)

    def load(self, at_us: int) -> None:
        """What a gateway says first, and its nodes."""
        for area in self.areas:
            hashes = {"config_hash": "0" * 64, "rulebook_hash": "0" * 64}
            self.fact(area, at_us, "config.loaded", rulebook="cn-2026", **hashes)
            for node in self.areas[area].nodes:
                self.fact(area, at_us, "node.restored", node=node)
            for door in self.areas[area].doors:
                self.fact(area, at_us, "door.closed", door=door)
            for compartment in self.areas[area].compartments:
                self.fact(area, at_us, "compartment.closed", compartment=compartment)
                self.fact(area, at_us, "compartment.locked", compartment=compartment)
            for name in self.areas[area].inputs:
                self.fact(area, at_us, "input.cleared", input=name)

    def reach(self, at_us: int) -> None:
        """Everything due until then."""
        for area in self.areas:
            self.fact(area, at_us, "server.restored")

    def play(self, day: list[Beat], day_us: int) -> None:
        """Play the beats of a day that began (00:00) at `day_us`."""
        for beat in day:
            self._play(beat, day_us + beat.at_us, day_us)

    def _play(self, beat: Beat, at_us: int, day_us: int) -> None:
        area, what, to = beat.area, beat.what, beat.to
        match beat.verb:
            case beats.FORM:
                self.fact(area, at_us, what, **beat.body_on(day_us))
                if what == "compartment.requested":
                    self.requests[str(beat.body["compartment"])] = f"f{self.index}", dict(beat.body)
            case beats.TAG:
                old = self.tags.get(what, "")
                if to:
                    self.fact(area, at_us, "tag.read", tag=what, room=to)
                if old and old != to:
                    self.fact(area, at_us, "tag.gone", tag=what, room=old)
                self.tags[what] = to
            case beats.PASS:
                if to:
                    self.fact(
                        area, at_us, "door.released" if to == "badge" else "door.exit_requested", door=what
                    )
                self.fact(area, at_us + SECOND_US, "door.opened", door=what)
                self.fact(area, at_us + 4 * SECOND_US, "door.closed", door=what)
            case beats.DOOR:
                self.fact(area, at_us, "door.opened" if to == "open" else "door.closed", door=what)
            case beats.LOCK if to == "released":
                self.fact(area, at_us, "door.released", door=what)
            case beats.RECORDER:
                self.fact(area, at_us, f"recorder.{'started' if to == 'on' else 'stopped'}", recorder=what)
            case beats.INPUT:
                self.fact(area, at_us, "input.activated" if to == "active" else "input.cleared", input=what)
            case beats.DESCRIBE | beats.HOLD | beats.HAND:
                self._at_cabinet(beat, at_us)
            case beats.CABLE:
                self.fact(area, at_us, "node.lost" if to == "cut" else "node.restored", node=what)

    def _at_cabinet(self, beat: Beat, at_us: int) -> None:
        area, what = beat.area, beat.what
        if beat.verb == beats.DESCRIBE:
            words = {key: "0" * 64 for key in beat.body if key != "stay"}  # in place of commitments
            self.fact(area, at_us, beats.DESCRIBED, item=what, stay=beat.body["stay"], **words)
        elif beat.verb == beats.HOLD:
            self.fact(area, at_us, "tag.read", tag=what, room=self.areas[area].cabinets[beat.to].room)
        elif beat.to == "pull":
            self._ordered(area, what, at_us)
        else:
            for fact in ("closed", "locked"):
                self.fact(area, at_us, f"compartment.{fact}", compartment=what)
            request = self.requests[what][0]
            self.fact(area, at_us, "compartment.completed", compartment=what, request=request, opened=True)

    def _ordered(self, area: str, compartment: str, at_us: int) -> None:
        """What a gateway says of a request when everybody was read at the cabinet, and what the lock board shows then."""
        request, asked = self.requests[compartment]
        body = {key: asked[key] for key in ("purpose", "officer", "stay") if key in asked}
        self.fact(
            area, at_us, "compartment.ordered",
            compartment=compartment, request=request, command_id=self.index, valid_ms=5_000, **body,
        )  # fmt: skip
        for fact in ("unlocked", "opened"):
            self.fact(area, at_us, f"compartment.{fact}", compartment=compartment)

    def raised(self, area: str) -> list[AlarmRaised]:
        return [effect for effect in self.effects[area] if isinstance(effect, AlarmRaised)]

    def refused(self) -> list[Refusal]:
        return [e for effects in self.effects.values() for e in effects if isinstance(e, Refusal)]


def played_beats(plans: dict[str, Area], day: list[Beat], until_us: int, day_us: int) -> Offline:
    """The opening and these beats, until a time of the day."""
    offline = Offline(plans)
    offline.load(day_us + story.START_US - 1)
    offline.play(story.opening(plans), day_us)
    offline.play(day, day_us)
    offline.reach(day_us + until_us)
    return offline


def played(seed: int = 1, days: int = 1, until_us: int | None = None) -> Offline:
    """The opening and so many days; `until_us`: of the last day no more than until this time of it."""
    offline = Offline()
    offline.load(DAY_0_US + story.START_US - 1)
    offline.play(story.opening(offline.areas), DAY_0_US)
    for number in range(days):
        day_us = DAY_0_US + number * beats.DAY_US
        end_us = story.START_US + beats.DAY_US - 1 if until_us is None or number < days - 1 else until_us
        offline.play([b for b in story.day(offline.areas, seed, number) if b.at_us <= end_us], day_us)
        offline.reach(day_us + end_us)
    return offline
