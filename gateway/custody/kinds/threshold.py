"""Kind `threshold`: a number that was stated is on the wrong side."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """The step that states the number."""
    quantity = rule.params.get("quantity")
    if quantity is not None:
        return common(rule) | {"arrived", "particulars"}
    return common(rule) | of_steps(rule.params["step"])


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while the number stated last is below (above) the bound."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    if unit.kind == "room" and rule.rooms and view.room_kind(unit.ref) not in rule.rooms:
        return Silence("room", " ".join(rule.rooms), unit.ref)
    quantity = rule.params.get("quantity")
    if quantity is not None:
        return _QUANTITIES[quantity](rule, unit)
    return _stated(rule, view, unit)


def _stated(rule: Rule, view: View, unit: Unit) -> Judgement:
    params = rule.params
    told = view.latest(unit, params["step"])
    if told is None:
        return Silence("not_stated", " ".join(params["step"]), "not done")
    is_act = bool(params.get("act"))
    if is_act and view.act_in_hand(unit, params["step"]) is None:
        return Silence("no_act", " ".join(params["step"]), "not now")
    mark = next(unit.marks[name] for name in params["step"] if view.step(unit, name) == told)
    body = mark.body if is_act else mark.stated
    value, bound = _number(body.get(params["field"])), _bound(params, body)
    if value is None or bound is None:
        return Silence("not_stated", params["field"], "nothing")
    is_wrong = value < bound if "below" in params else value > bound
    if not is_wrong:
        side = "below" if "below" in params else "above"
        return Silence("on_the_right_side", f"{params['field']} {side} {bound}", str(value))
    return Condition(
        room=unit.ref if unit.kind == "room" else unit.room,
        facts=(told[1],),
        anchor=told[1] if is_act else None,
        params=((params["field"], value), ("bound", bound)),
        is_instant=is_act,
    )


def _number(value: object) -> int | None:
    """A number, or how many are listed."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else None


def _bound(params: Mapping[str, object], body: Mapping[str, object]) -> int | None:
    bound = params["below"] if "below" in params else params["above"]
    assert isinstance(bound, int), "the reader has seen to it"
    per = params.get("per")
    if per is None:
        return bound
    times = _number(body.get(str(per)))
    return None if times is None else bound * times


def _certificate_after_entry(rule: Rule, unit: Unit) -> Judgement:
    """The certificate says that the person came later than the gate does; both values are kept."""
    stay = unit.stay
    assert stay is not None, "a certificate is judged in a stay that is open"
    if stay.certificate_us is None or stay.entered_us is None:
        return Silence("not_stated", "certificate and entry", "not both")
    above = int(rule.params["above"])
    if stay.certificate_us - stay.entered_us <= above:
        return Silence("on_the_right_side", "certificate later than the gate", "not so")
    return Condition(
        room=stay.room,
        facts=(stay.entered_fact, stay.certificate_fact),
        params=(("certificate_us", stay.certificate_us), ("gate_us", stay.entered_us)),
    )


def _particulars_missing(rule: Rule, unit: Unit) -> Judgement:
    """The register row does not say what other rules ask for."""
    stay = unit.stay
    assert stay is not None, "the register row is judged in a stay that is open"
    if stay.registered_us is None:
        return Silence("not_begun", "registered", "not done")
    if stay.sex is not None and stay.minor is not None:
        return Silence("stated", "sex or age class left out", "both stated")
    return Condition(
        room=stay.room,
        since_us=stay.registered_us,
        anchor=stay.registered_fact,
        facts=(stay.registered_fact,),
    )


_QUANTITIES: Final[Mapping[str, Callable[[Rule, Unit], Judgement]]] = {
    "certificate_after_entry": _certificate_after_entry,
    "particulars_missing": _particulars_missing,
}
