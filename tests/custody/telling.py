"""An engine told facts one after the other, and what it then says: for tests of rule kinds and engine."""

from custody.area import Area
from custody.effects import Effect
from custody.engine import Engine
from custody.kinds import KINDS
from custody.obligation import Obligation
from custody.rules import Rulebook
from custody.view import Condition, Judgement, Silence
from tests.custody.against_oracle import area as fitted_area
from tests.custody.against_oracle import book
from tests.custody.support import at, fact

HOUR_US = 3_600_000_000
MINUTE_US = HOUR_US // 60


class Told:
    """An engine told facts at times of the test day; `us` later than midnight by hours."""

    def __init__(
        self, law: Rulebook | None = None, place: Area | None = None, begin: str | int = "08:00"
    ) -> None:
        known = fitted_area() if place is None else place
        self.engine = Engine(known, book("cn-2026") if law is None else law)
        self.count = 0
        self.effects: list[Effect] = []
        self.say("config.loaded", begin, config_hash="x", rulebook="y", rulebook_hash="z")
        for node in known.nodes:
            self.say("node.restored", begin, node=node)

    def say(self, name: str, when: str | int, **body: object) -> "Told":
        self.count += 1
        moment = at(when) if isinstance(when, str) else when
        self.effects = self.engine.step(fact(name, self.count, moment, **body))
        return self

    def rows(self, rule: str) -> list[tuple[str, int, int | None]]:
        """(subject, since, closed) of what was armed under a rule, open or over."""
        found = [row for row in self.engine.obligations() if row.rule.key == rule]
        return [(row.subject, row.since_us, row.closed_us) for row in found]

    def why(self, rule: str, subject: str, when: str | int) -> Judgement:
        return self.engine.why(rule, subject, at(when) if isinstance(when, str) else when)

    def row(self, rule: str, subject: str = "stay:s") -> Obligation:
        """The one duty of a rule that runs for a subject."""
        (found,) = [
            row
            for row in self.engine.obligations()
            if row.rule.key == rule and row.subject == subject and row.closed_us is None
        ]
        return found

    def in_hand(self, subject: str = "stay:s") -> Judgement:
        """What the one rule of a small book says with the last fact still in hand."""
        view = self.engine._timeline.view
        (rule,) = self.engine.rulebook.rules
        return KINDS[rule.kind].judge(rule, view, view.unit(subject))


def silent(judged: Judgement) -> str:
    assert isinstance(judged, Silence), judged
    return judged.code


def running(judged: Judgement) -> Condition:
    assert isinstance(judged, Condition), judged
    return judged


def held(told: Told, stay: str, band: str, when: str, room: str, **more: object) -> Told:
    told.say("area.entered", when, stay=stay)
    told.say("wristband.bound", when, stay=stay, band=band)
    told.say("stay.registered", when, stay=stay, measure="voluntary", **({"case": stay} | more))
    return told.say("tag.read", when, tag=band, room=room)
