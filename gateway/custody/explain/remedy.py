"""What would have ended a duty, or kept its alarm from being raised, kind by kind: instructions from the rule's own values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from custody.area import Area
from custody.explain import sentences as say
from custody.explain.kept import CABINETS
from custody.explain.wording import Wording, either, field_name, fill, joined, limit_text, source_said, span
from custody.explain.words import SUBJECTS
from custody.facts import Fact
from custody.name import Name
from custody.obligation import Obligation
from custody.rules import Rule
from custody.vocabulary import GROUNDS, ROLES


@dataclass(frozen=True, slots=True)
class Matter:
    """A duty with what is needed to word it."""

    area: Area
    rule: Rule
    row: Obligation
    words: Wording
    facts: Mapping[int, Fact]  # those that could be named, by log index

    @property
    def values(self) -> dict[str, str | int]:
        """What the duty says of itself."""
        return dict(self.row.params)

    @property
    def act(self) -> Fact | None:
        """The fact that the duty hangs on."""
        return self.facts.get(self.row.anchor)


def remedies(matter: Matter) -> list[Name]:
    """What would have ended it, in sentences."""
    if matter.rule.refuses and _is_refused(matter):
        return [say.REMEDIES["refuse"], *KINDS_WORDED[matter.rule.kind](matter)]
    return KINDS_WORDED[matter.rule.kind](matter)


def _is_refused(matter: Matter) -> bool:
    """A form that was refused because it would have broken the rule."""
    row = matter.row
    return row.closed_us == row.since_us and row.facts == (row.anchor,)


def _steps(matter: Matter, key: str) -> tuple[str, ...]:
    found = matter.rule.params.get(key, ())
    return found if isinstance(found, tuple) else ()


def _within(matter: Matter) -> list[Name]:
    until = _steps(matter, "until")
    if not until:
        return [say.REMEDIES["no_until"]]
    return [fill(say.REMEDIES["until"], steps=matter.words.steps(until))]


def _clock(matter: Matter) -> list[Name]:
    until, rule = _steps(matter, "until"), matter.rule
    first = fill(say.REMEDIES["until"], steps=matter.words.steps(until)) if until else say.REMEDIES["clock"]
    now = next((tier for tier in rule.tiers if tier.limit.text == matter.values.get("limit")), rule.tiers[0])
    longer = []
    for tier in (tier for tier in rule.tiers if tier.limit.order > now.limit.order):
        grounds = either(GROUNDS[ground] for ground in tier.grounds)
        given = fill(say.REMEDIES["grounds"], grounds=grounds) if tier.grounds else Name("", "")
        approvers = either(ROLES[role] for role in tier.approvers)
        limit = limit_text(tier.limit)
        longer.append(fill(say.REMEDIES["longer_limit"], limit=limit, approvers=approvers, grounds=given))
    if not longer:
        return [first, say.REMEDIES["no_longer"]]
    return [first, fill(say.REMEDIES["longer"], limits=joined(longer, Name("；", "; ")))]


def _before(matter: Matter) -> list[Name]:
    steps, acts = matter.words.steps(_steps(matter, "step")), _steps(matter, "act")
    if acts:
        return [fill(say.REMEDIES["before_act"], steps=steps, acts=matter.words.steps(acts))]
    rooms = matter.words.room_kinds(matter.rule.rooms) if matter.rule.rooms else say.REMEDIES["anywhere"]
    return [fill(say.REMEDIES["before_place"], steps=steps, rooms=rooms)]


def _forbidden(matter: Matter) -> list[Name]:
    params, act = matter.rule.params, matter.rule.params["act"]
    if isinstance(act, str):
        return [fill(say.REMEDIES[act], span=span(int(params.get("window", 0))))]
    done = matter.act
    acts = matter.words.fact(done) if done is not None else matter.words.steps(act)
    found = [fill(say.REMEDIES["repeat" if params.get("repeat") else "form_act"], acts=acts)]
    if "within" in params:
        found.append(fill(say.REMEDIES["within"], span=limit_text(params["within"][1])))
    if "same" in params:
        found.append(fill(say.REMEDIES["same"], fields=joined(field_name(key) for key in params["same"])))
    return found


def _threshold(matter: Matter) -> list[Name]:
    params, values = matter.rule.params, matter.values
    quantity = params.get("quantity")
    if quantity == "particulars_missing":
        return [say.REMEDIES[quantity]]
    if quantity is not None:
        return [
            fill(
                say.REMEDIES[quantity],
                certificate=matter.words.instant(int(values["certificate_us"])),
                gate=matter.words.instant(int(values["gate_us"])),
                span=span(int(params["above"])),
            )
        ]
    side, field = "below" if "below" in params else "above", params["field"]
    return [fill(say.REMEDIES[side], field=field_name(field), bound=values["bound"], value=values[field])]


def _hands(matter: Matter) -> list[Name]:
    params, why = matter.rule.params, str(matter.values["why"])
    if why == "case":
        return [fill(say.REMEDIES["hands_case"], steps=matter.words.steps(params["apart_from"]))]
    roles = params["roles" if why == "role" else "never"]
    return [fill(say.REMEDIES[f"hands_{why}"], roles=either(ROLES[role] for role in roles))]


def _keeping(matter: Matter) -> list[Name]:
    params, values = matter.rule.params, matter.values
    if "only_in" in params:
        kinds = either(CABINETS[kind] for kind in params["only_in"])
        return [fill(say.REMEDIES["only_in"], compartment=str(values["compartment"]), kinds=kinds)]
    items = joined(fill(SUBJECTS["item"], ref=ref) for ref in str(values["items"]).split())
    return [fill(say.REMEDIES["decided" if params.get("without") else "kept"], items=items)]


def _interval(matter: Matter) -> list[Name]:
    after = next(level.after_us for level in matter.rule.levels if not level.is_prewarning)
    acts = matter.words.steps(_steps(matter, "acts"))
    if "each" in matter.rule.params:
        return [fill(say.REMEDIES["each"], period=say.PERIODS[matter.rule.params["each"]], acts=acts)]
    return [fill(say.REMEDIES["interval"], span=span(after), acts=acts)]


def _presence(matter: Matter) -> list[Name]:
    room = matter.area.rooms.get(matter.row.room or "")
    zone = (room.id, *room.guarded_from) if room is not None else ()
    return [fill(say.REMEDIES[matter.rule.params["when"]], rooms=either(matter.words.room(r) for r in zone))]


def _head_count(matter: Matter) -> list[Name]:
    params, values = matter.rule.params, matter.values
    template = say.REMEDIES["head_count_form" if "form" in params else "head_count"]
    who = counted(matter.rule)
    return [fill(template, who=who, required=values["required"], present=values["officers"])]


def counted(rule: Rule) -> Name:
    """Who counts for a rule on numbers: police officers or staff, of one sex or any."""
    params: Mapping[str, Any] = rule.params
    sex = say.WHO[params["sex"]] if "sex" in params else Name("", "")
    return joined([sex, say.WHO[params.get("service", "sworn")]], Name("", ""))


def _coverage(matter: Matter) -> list[Name]:
    enough = matter.rule.params.get("only_if_fewer_than")
    room = matter.words.room(matter.row.room)
    if enough is None:
        return [fill(say.REMEDIES["coverage"], room=room)]
    return [fill(say.REMEDIES["coverage_or"], room=room, count=int(enough))]


def _separation(matter: Matter) -> list[Name]:
    others = str(matter.values["others"]).split()
    named = joined(fill(SUBJECTS["stay"], ref=ref) for ref in others)
    return [fill(say.REMEDIES["separation"], others=named)]


def _supervision(matter: Matter) -> list[Name]:
    return [fill(say.REMEDIES["supervision"], source=source_said(matter.rule.params))]


def _chain(matter: Matter) -> list[Name]:
    values = matter.values
    earlier = fill(SUBJECTS["stay"], ref=str(values["earlier"]))
    gap = span(int(values["gap_us"]))
    return [fill(say.REMEDIES["chain"], earlier=earlier, span=span(int(matter.rule.params["gap"])), gap=gap)]


KINDS_WORDED: Final[Mapping[str, Callable[[Matter], list[Name]]]] = {
    "chain": _chain,
    "clock": _clock,
    "coverage": _coverage,
    "forbidden_act": _forbidden,
    "hands": _hands,
    "head_count": _head_count,
    "interval": _interval,
    "keeping": _keeping,
    "presence": _presence,
    "required_before": _before,
    "required_within": _within,
    "separation": _separation,
    "supervision": _supervision,
    "threshold": _threshold,
}
