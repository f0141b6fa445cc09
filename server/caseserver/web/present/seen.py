"""Which devices of an area are seen now: one answer for the health strip and for the plan."""

from __future__ import annotations

from collections.abc import Iterator

from caseserver.web.present.state import AreaPicture
from custody.cabinets import COMPARTMENT_POINTS


def seen(state: AreaPicture) -> Iterator[tuple[str, str, bool]]:
    """Kind, id, and whether it is seen, of recorders, readers and inputs of the house. A silent gateway is not judged here."""
    area, world = state.area, state.world
    for recorder in area.recorders:
        known = world.recorders.get(recorder)
        is_known = known is not None and known.state != "unknown"
        yield "recorder", recorder, is_known and _node(state, "recorder_contact", recorder) != "lost"
    for ref in area.readers:
        lost = world.readers.get(ref)  # one that was never told of is heard as its node is
        is_heard = lost is None or lost.state == "ok"
        yield "reader", ref, is_heard and _node(state, "reader", ref) == "ok"
    for ref in area.inputs:
        shown = world.inputs.get(ref)
        is_told = shown is not None and shown.is_active is not None
        yield "input", ref, is_told and _node(state, "input", ref) == "ok"


def heard(state: AreaPicture) -> Iterator[tuple[str, str, bool]]:
    """The same of what says nothing by itself: outputs, panels, cabinets are heard as the nodes that carry them are."""
    area = state.area
    for kind, named in (("output", area.outputs), ("panel", area.panels)):
        for ref in named:
            is_own = kind == "output" and area.outputs[ref].gpio_line is not None  # of the gateway itself
            yield kind, ref, is_own or _node(state, kind, ref) == "ok"
    for cabinet in area.cabinets:
        nodes = [
            _node(state, kind, compartment.id)
            for compartment in area.compartments.values()
            if compartment.cabinet == cabinet
            for kind in COMPARTMENT_POINTS
        ]
        yield "cabinet", cabinet, all(node == "ok" for node in nodes)


def _node(state: AreaPicture, kind: str, owner: str) -> str:
    """How the node of a point stands: ok, lost, unknown."""
    node = state.area.node_of(kind, owner)
    known = state.world.nodes.get(node) if node else None
    return "unknown" if known is None else known.state
