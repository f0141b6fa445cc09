"""Kind `coverage`: what the law wants recorded is being recorded.

Without measures the subject is the room; with measures it is the stay under that measure in
the room. An unknown recorder is held here and alarmed by the supervision of the recorder.
"""

from custody.rules import Rule
from custody.view import Condition, View, applies

READS = frozenset({"stays", "recorders", "nodes"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Occupied rooms of the rule's kinds whose recorders are stopped, or that have none."""
    found = []
    for room in view.held_rooms(rule.rooms):
        state = view.recording(room)
        if state == "recording":
            continue
        held = [stay for stay in view.held_in(room) if applies(rule, stay)]
        group = " ".join(f"recorder:{r}" for r in view.area.recorders_of(room)) or f"room:{room}"
        subjects = (
            [(f"stay:{s.ref}", s.ref, (s.room_fact,)) for s in held]
            if rule.measures
            else [(f"room:{room}", held[0].ref if len(held) == 1 else None,
                   tuple(s.room_fact for s in held))]
        )  # fmt: skip
        found += [
            Condition(
                subject=subject,
                stay=stay,
                room=room,
                facts=(*facts, *view.recorder_fact(room)),
                group=group,
                params=(("recording", state),),
                is_hold=state == "unknown",
            )
            for subject, stay, facts in subjects
        ]
    return found
