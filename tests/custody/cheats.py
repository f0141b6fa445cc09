"""Ways to cheat with things that are kept, each played against the engine, and what catches it. docs/property-cheats.md is printed from here.

`by`: refusal (the reason), count (what a stock-taking shows), auditor (what `server/verify/property.py` names), order (what the
gateway does about compartments: `test` plays it), decision (what was let in stands), alarm (the rule), nothing (said honestly, with what is left).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from custody.effects import AlarmRaised, Refusal
from tests.custody.property_audit import leaves
from tests.custody.property_store import HOUR_US, LAWFUL, Store, hands
from tests.custody.support import rulebook
from tests.verify.auditor import auditor


@dataclass(frozen=True, slots=True)
class Cheat:
    """One way. `what`: what is tried; `caught`: the reason or word that has to come of it; `play` gives what did come."""

    id: str
    what: str
    by: str
    caught: str
    left: str = ""
    play: Callable[[Store], str] | None = None
    test: str = ""


def _way(
    *steps: str, then: tuple[str, dict[str, Any]], ref: str = "i1", **body: Any
) -> Callable[[Store], str]:
    """The reason for which the last fact is refused, after lawful steps."""

    def play(store: Store) -> str:
        store.way(ref, *steps, **body)
        item = store.engine.world.items.get(ref)
        stay = {"stay": item.stay} if item is not None and item.stay is not None else {}
        name, filled = then
        before = item
        reason = store.refused(name, **({"item": ref} | stay | filled))
        assert not reason or store.engine.world.items.get(ref) == before, "a refusal changes nothing"
        return reason

    return play


def _handover(giver: str, keeper: str, **body: Any) -> tuple[str, dict[str, Any]]:
    return "item.handed_over", {"giver": giver, "keeper": keeper, **hands(giver, keeper), **body}


def _lending(borrower: str = "o2", due_us: int = 9) -> tuple[str, dict[str, Any]]:
    return "item.lent", {
        "keeper": "k1",
        "borrower": borrower,
        "return_by_at_us": due_us,
        **hands("k1", borrower),
    }


# --- played out -------------------------------------------------------------------------------


def _used_up_reference(store: Store) -> str:
    store.way("i1", "seize", "hand over", "decide destroy", "destroy")
    return store.refused("item.seized", item="i1", **LAWFUL["seize"][1])


def _split_over(pieces: int, officers: list[str]) -> Callable[[Store], str]:
    return _way(
        "seize", "hand over", then=("item.split", {"part": "p1", "pieces": pieces, "officers": officers})
    )


def _approval_dated_back(store: Store) -> str:
    store.way("i1", "seize", "hand over")
    at_us, lending = store.now_us, _lending(due_us=store.now_us + HOUR_US)
    reason = store.refused(lending[0], item="i1", **lending[1])
    approval = {**LAWFUL["approve"][1], "return_by_at_us": at_us + HOUR_US}
    assert not store.refused("item.borrow_approved", at_us, item="i1", **approval)
    assert store.item("i1").holder == "keeper:k1", "what was lent without approval stays refused"
    return reason


def _movement_dated_back(store: Store) -> str:
    store.way("i1", "seize")
    at_us = store.now_us
    store.way("i1", "hand over")
    return store.refused("item.sent", at_us, item="i1", destination="laboratory", carrier="o1")


def _keeper_withdrawn_afterwards(store: Store) -> str:
    store.way("i1", "seize")
    at_us = store.now_us
    store.way("i1", "hand over", "store")
    assert not store.refused("officer.withdrawn", at_us, officer="k1")
    assert store.item("i1").holder == "compartment:P-1"
    agreed = auditor.audit(leaves(store))
    return "stands" if agreed.books.items["i1"]["holder"] == "compartment:P-1" else "undone"


def _same_form_again(store: Store) -> str:
    store.way("i1", "seize", "hand over")
    stated = store.facts[-1]
    assert store.engine.step(stated) == [], "the same form does nothing the second time"
    return store.refused("item.handed_over", item="i1", **LAWFUL["hand over"][1])


def _anothers_compartment(store: Store) -> str:
    store.way("i1", "find", "hand over", "store effects")
    store.way("i2", "find", stay="s2")
    store.way("i2", "hand over")
    return store.refused("item.stored", item="i2", stay="s2", keeper="k1", compartment="E-1")


def _tag_of_another(store: Store) -> str:
    store.way("i1", "seize")
    store.way("i2", "seize")
    assert not store.refused("item.tagged", item="i1", tag="T9")
    return store.refused("item.tagged", item="i2", tag="T9")


def _band_as_tag(store: Store) -> str:
    store.way("i1", "seize")
    store.say("wristband.bound", stay="s1", band="B1")
    return store.refused("item.tagged", item="i1", tag="B1")


# --- counts -----------------------------------------------------------------------------------


def _counted(
    found: dict[str, tuple[bool, int | None]], missing: int, counter: str = "h1"
) -> Callable[[Store], str]:
    """What the count says at its end, two items of five pieces being there by the ledger."""

    def play(store: Store) -> str:
        for ref in ("i1", "i2"):
            store.way(ref, "seize", "hand over", "store")
        assert not store.refused("count.started", stocktaking="n1", cabinet="P", counter=counter)
        for ref, (is_there, pieces) in found.items():
            more = {} if pieces is None else {"pieces": pieces}
            reason = store.refused("item.counted", item=ref, stocktaking="n1", found=is_there, **more)
            if reason:
                return reason
        reason = store.refused("count.ended", stocktaking="n1", missing=missing)
        count = store.engine.world.counts.get("n1")
        assert count is not None
        return reason or f"{count.missing} missing"

    return play


# --- a log that lies --------------------------------------------------------------------------


def _named(log: list[dict[str, Any]]) -> str:
    try:
        auditor.audit(log)
    except auditor.Wrong as error:
        return str(error).partition(": ")[2].partition(",")[0]
    return "accepted"


def _refusal_hidden(store: Store) -> str:
    """A gateway that lets in what it has to refuse."""
    store.way("i1", "seize")
    assert store.refused("item.stored", item="i1", keeper="k1", compartment="P-1")
    return _named([leaf for leaf in leaves(store) if leaf["type"] != "fact.refused/1"])


def _refusal_invented(store: Store) -> str:
    """A gateway that refuses a lawful handover, so that the officer stays the holder."""
    store.way("i1", "seize", "hand over")
    log = leaves(store)
    body = {"fact": store.index, "reason": "no_keeper"}
    return _named([*log, {"class": "output", "type": "fact.refused/1", "index": 10**9, "body": body}])


def _leaf_left_out(store: Store) -> str:
    """The handover is cut out of the log, so that the keeper never had it."""
    store.way("i1", "seize", "hand over", "store")
    return _named([leaf for leaf in leaves(store) if leaf["type"] != "item.handed_over/1"])


def _leaf_changed(store: Store) -> str:
    """Another keeper is written into the handover."""
    store.way("i1", "seize", "hand over", "store")
    log = leaves(store)
    for leaf in log:
        if leaf["type"] == "item.handed_over/1":
            leaf["body"] = {**leaf["body"], "keeper": "k2"}
    return _named(log)


def _opened_without_order(store: Store) -> str:
    """Somebody levers a compartment open; gateway and alarms are silenced afterwards."""
    for name in ("closed", "locked", "unlocked", "opened"):
        store.say(f"compartment.{name}", compartment="P-1")
    return f"{len(auditor.audit(leaves(store)).unordered)} without an order"


# --- what a rule raises -----------------------------------------------------------------------


def _alarm(
    rule: str, *steps: str, then: Sequence[tuple[str, dict[str, Any]]] = (), wait_us: int = 0, **body: Any
) -> Callable[[Store], str]:
    """Whether the rule is raised when the law's own rulebook hears the same, after lawful steps, some facts and a time."""

    def play(_: Store) -> str:
        store = Store(rulebook())
        store.way("i1", *steps, **body)
        for name, filled in then:
            store.say(name, **filled)
        store.wait(wait_us)
        raised = {f"{e.rule}/{e.variant}" for _, e in store.effects if isinstance(e, AlarmRaised)}
        return rule if rule in raised else f"only {sorted(raised)}"

    return play


def _given_back(state: str) -> tuple[str, dict[str, Any]]:
    return "item.given_back", {
        "item": "i1",
        "keeper": "k1",
        "borrower": "o2",
        "state": state,
        **hands("o2", "k1"),
    }


_BY_O3 = {"officers": ["o3", "o1"], "taken_by": "o3"}
_COUNT = [
    ("count.started", {"stocktaking": "n1", "cabinet": "P", "counter": "h1"}),
    ("item.counted", {"item": "i1", "stocktaking": "n1", "found": False}),
    ("count.ended", {"stocktaking": "n1", "missing": 1}),
]  # fmt: skip
_LIES_THERE = [
    ("count.started", {"stocktaking": "n1", "cabinet": "P", "counter": "h1"}),
    ("item.counted", {"item": "i1", "stocktaking": "n1", "found": True, "compartment": "P-1"}),
    ("count.ended", {"stocktaking": "n1", "missing": 1}),
]


# --- what nothing catches ---------------------------------------------------------------------


def _stands(*steps: str) -> Callable[[Store], str]:
    def play(store: Store) -> str:
        store.way("i1", *steps)
        return "nothing" if not any(isinstance(effect, Refusal) for _, effect in store.effects) else "refused"

    return play


CHEATS: tuple[Cheat, ...] = (
    Cheat("keeper-is-handler", "The officer who seized a thing takes it into keeping himself, having the keeper's role too.", "refusal", "keeper_is_handler",
          play=_way("seize", then=_handover("o1", "o3"), officers=["o1", "o3"])),
    Cheat("own-hands", "A keeper hands a thing over to himself, to freshen the record.", "refusal", "one_hand",
          play=_way("seize", "hand over", then=_handover("k1", "k1"))),
    Cheat("copied-signature", "One signs for both: the image of one signature stands in both places.", "refusal", "one_signature",
          "Two different scrawls by one hand pass; the strokes are sealed and can be compared.",
          play=_way("seize", then=_handover("o1", "k1", **hands("o1", "o1")))),
    Cheat("no-keeper", "A thing is handed to a colleague who is no keeper.", "refusal", "no_keeper", play=_way("seize", then=_handover("o1", "h1"))),
    Cheat("not-in-hand", "An officer hands over what another holds.", "refusal", "other_holder", play=_way("seize", then=_handover("o2", "k1"))),
    Cheat("straight-to-the-store", "A thing is put away without handover, so that no keeper signed for it.", "refusal", "illegal_move",
          play=_way("seize", then=("item.stored", {"keeper": "k1", "compartment": "P-1"}))),
    Cheat("taken-from-elsewhere", "A keeper writes that he took a thing out of a compartment in which it does not lie.", "refusal", "other_holder",
          play=_way("seize", "hand over", "store", then=("item.taken_out", {"keeper": "k1", "compartment": "P-2"}))),
    Cheat("empty-bag-same-label", "A second bag gets the label of one that is kept.", "refusal", "item_known",
          play=_way("seize", then=("item.collected", LAWFUL["collect"][1]))),
    Cheat("label-used-again", "The reference of a thing that was destroyed is given to another.", "refusal", "item_known", play=_used_up_reference),
    Cheat("loan-unapproved", "A thing is lent on a nod.", "refusal", "not_approved", play=_way("seize", "hand over", then=_lending())),
    Cheat("loan-approved-afterwards", "The approval is entered later, with a time before the loan.", "refusal", "not_approved", play=_approval_dated_back),
    Cheat("loan-to-another", "The loan was approved for one officer, another takes it.", "refusal", "other_borrower",
          play=_way("seize", "hand over", "approve", then=_lending("o1"))),
    Cheat("own-approval", "The head approves a loan to himself.", "refusal", "own_approval",
          play=_way("seize", "hand over", then=("item.borrow_approved", {**LAWFUL["approve"][1], "approver": "h1", "borrower": "h1", "return_by_at_us": 9}))),
    Cheat("loan-longer-than-approved", "The keeper writes a return later than what was approved.", "refusal", "beyond_approval",
          play=_way("seize", "hand over", "approve", then=_lending(due_us=2**52))),
    Cheat("given-back-by-another", "Somebody who never had it gives a lent thing back: another thing.", "refusal", "other_holder",
          play=_way("seize", "hand over", "approve", "lend",
                    then=("item.given_back", {"keeper": "k1", "borrower": "o1", "state": "whole", **hands("o1", "k1")}))),
    Cheat("movement-dated-back", "An officer enters that he had sent it to the laboratory before he handed it over.", "refusal", "superseded",
          play=_movement_dated_back),
    Cheat("keeper-withdrawn-afterwards", "The keeper's badge is withdrawn with a time before the handover, to make it void.", "decision", "stands",
          "Nothing is undone: what was let in stands (ADR 0036).", play=_keeper_withdrawn_afterwards),
    Cheat("form-sent-again", "A signed form is caught and delivered again, and once more under a new number.", "refusal", "other_holder",
          "Under its own number it is dropped without a word.", play=_same_form_again),
    Cheat("destroyed-undecided", "A thing is destroyed before anybody decided.", "refusal", "not_decided",
          play=_way("seize", "hand over", then=("item.destroyed", {"keeper": "k1", "officers": ["k1", "h1"]}))),
    Cheat("sold-instead-of-restored", "What was to go back to its owner is sold.", "refusal", "not_decided",
          play=_way("seize", "hand over", "decide restore", then=("item.auctioned", {"keeper": "k1"}))),
    Cheat("destroyed-alone", "A keeper destroys by himself, and names himself twice.", "refusal", "two_officers",
          play=_way("seize", "hand over", "decide destroy", then=("item.destroyed", {"keeper": "k1", "officers": ["k1", "k1"]}))),
    Cheat("decision-of-another-case", "The decision of another case is used for it.", "refusal", "other_case",
          play=_way("seize", then=("disposal.decided", {"case": "c2", "disposal": "destroy", "approver": "h1"}))),
    Cheat("split-to-make-more", "A bag is split into more than it holds.", "refusal", "too_many_pieces", play=_split_over(5, ["k1", "h1"])),
    Cheat("split-alone", "A keeper splits a bag by himself and keeps a part.", "refusal", "two_officers", play=_split_over(2, ["k1"])),
    Cheat("seized-less-than-found", "Of two banknotes that were listed one is seized.", "refusal", "other_pieces",
          play=_way("find", then=("item.seized", {**LAWFUL["seize"][1], "pieces": 1}))),
    Cheat("corrected-alone", "A number of pieces is put right by one officer.", "refusal", "two_officers",
          play=_way("seize", then=("item.corrected", {"reason": "slip", "officers": ["o1"], "pieces": 4}))),
    Cheat("compartment-of-another", "The effects of two persons are put together.", "refusal", "compartment_of_another", play=_anothers_compartment),
    Cheat("dangerous-goods", "A weapon is put into an ordinary compartment.", "refusal", "wrong_cabinet",
          play=_way("seize", "hand over", then=("item.stored", {"keeper": "k1", "compartment": "P-1"}), dangerous=True)),
    Cheat("arrived-elsewhere", "What was sent to the laboratory arrives at the court.", "refusal", "other_destination",
          play=_way("seize", "send", then=("item.received", {"destination": "court", "carrier": "o2"}))),
    Cheat("kept-by-the-carrier", "What comes back from the laboratory is taken in by nobody.", "refusal", "no_keeper",
          "A carrier who enters nothing stays its holder by name; the page of what is in transit shows it.",
          play=_way("seize", "send", "arrive", "send back", then=("item.received", {"destination": "keeper", "carrier": "o2"}))),
    Cheat("out-of-the-bundle", "A movement is stated without the stay, so that the person's bundle does not show it.", "refusal", "stay_of_item",
          play=_way("find", "hand over", then=("item.stored", {"keeper": "k1", "compartment": "E-1", "stay": None}))),
    Cheat("tag-moved", "The tag of a thing is stuck to another.", "refusal", "tag_in_use",
          "Moved without a word, the reader of the compartment still reads it: a count by hand finds it.", play=_tag_of_another),
    Cheat("band-as-tag", "A wristband in use is fixed to a thing, so that the person seems to be there.", "refusal", "tag_in_use", play=_band_as_tag),
    Cheat("no-photo", "A thing is entered as photographed with no photo and no reason.", "refusal", "photo_or_reason",
          play=_way("seize", then=("item.photographed", {}))),
    Cheat("counted-by-who-took-it", "Who seized the things counts them himself.", "refusal", "keeper_is_handler",
          play=_counted({"i1": (True, 5)}, 0, counter="o1")),
    Cheat("count-leaves-one-out", "What is missing is not counted at all.", "refusal", "not_all_counted", play=_counted({"i1": (True, 5)}, 0)),
    Cheat("count-with-a-kinder-sum", "The count found one missing and is closed with none.", "refusal", "other_sum",
          play=_counted({"i1": (True, 5), "i2": (False, None)}, 0)),
    Cheat("piece-taken", "One piece of a bag is taken while it lies in the store.", "count", "1 missing",
          "Between two counts only seal and camera speak.", play=_counted({"i1": (True, 5), "i2": (True, 4)}, 1)),
    Cheat("empty-bag-put-back", "A bag is emptied and put back.", "count", "1 missing",
          "A count that does not look into the bag finds nothing: the form asks for pieces.", play=_counted({"i1": (True, 5), "i2": (True, 0)}, 1)),
    Cheat("gateway-lets-in", "A gateway is changed so that it lets in a movement without a holder.", "auditor", "expected to be refused: illegal_move",
          play=_refusal_hidden),
    Cheat("gateway-refuses", "A gateway is changed so that it refuses a lawful handover.", "auditor", "expected to be refused: None", play=_refusal_invented),
    Cheat("leaf-left-out", "The handover is cut out of the log.", "auditor", "expected to be refused: illegal_move",
          "The chain of hashes shows it first.", play=_leaf_left_out),
    Cheat("leaf-changed", "Another keeper is written into the handover.", "auditor", "expected to be refused: other_holder",
          "The chain of hashes shows it first.", play=_leaf_changed),
    Cheat("opened-by-force", "A compartment is levered open, and the alarm is taken out of the log.", "auditor", "1 without an order", play=_opened_without_order),
    Cheat("kept-in-a-drawer", "What was seized stays in the officer's drawer.", "alarm", "P1/handover", play=_alarm("P1/handover", "seize", wait_us=25 * HOUR_US)),
    Cheat("loan-never-ends", "A lent thing is not given back.", "alarm", "P5/overdue", play=_alarm("P5/overdue", "seize", "hand over", "approve", "lend", wait_us=60 * HOUR_US)),
    Cheat("seized-alone", "One officer seizes by himself.", "alarm", "P6/criminal", play=_alarm("P6/criminal", "seize", officers=["o1"])),
    Cheat("no-copy-for-the-holder", "The list is made out twice, so that the holder gets none.", "alarm", "P6/lists", play=_alarm("P6/lists", "seize", copies=2)),
    Cheat("valuable-without-photo", "A ring is seized and not photographed, to become another ring.", "alarm", "P7/photo",
          play=_alarm("P7/photo", "seize", wait_us=24 * HOUR_US, valuable=True)),
    Cheat("keeper-of-his-own-case", "A keeper takes in what colleagues seized for a case that he works on himself.", "alarm", "P2/case_work", "It is refused too.",
          play=_alarm("P2/case_work", "seize", then=[("item.seized", {"item": "i2", **LAWFUL["seize"][1]}),
                      ("item.handed_over", {"item": "i2", "giver": "o1", "keeper": "o3", **hands("o1", "o3")})], **_BY_O3)),
    Cheat("case-officer-counts", "A case officer is named to count the store.", "alarm", "P2/count", "It is refused too.",
          play=_alarm("P2/count", then=[("count.started", {"stocktaking": "n1", "cabinet": "P", "counter": "o1"})])),
    Cheat("swapped-while-lent", "The keeper sees that another thing comes back.", "alarm", "P15/swapped",
          play=_alarm("P15/swapped", "seize", "hand over", "approve", "lend", then=[_given_back("swapped")])),
    Cheat("missing-at-the-count", "A thing is gone when the store is counted.", "alarm", "P13/match", play=_alarm("P13/match", "seize", "hand over", "store", then=_COUNT)),
    Cheat("lent-on-paper", "A thing is entered as lent and lies in the store, to be taken when nobody asks for it.", "alarm", "P13/match",
          play=_alarm("P13/match", "seize", "hand over", "approve", "lend", then=_LIES_THERE)),
    Cheat("store-never-counted", "Nobody counts, so that nothing is missing.", "alarm", "P13/monthly",
          play=_alarm("P13/monthly", "seize", "hand over", "store", wait_us=70 * 24 * HOUR_US)),
    Cheat("store-never-cleared", "The quarter ends and the store was not gone through.", "alarm", "P12/quarter",
          play=_alarm("P12/quarter", "seize", "hand over", "store", wait_us=120 * 24 * HOUR_US)),
    Cheat("lost-on-the-way", "A thing is sent and never arrives.", "alarm", "P3/transit", play=_alarm("P3/transit", "seize", "hand over", "send", wait_us=30 * 24 * HOUR_US)),
    Cheat("effects-lost-on-the-way", "A person's things are sent after him to the detention centre and never arrive.", "alarm", "P22/arrived",
          play=_alarm("P22/arrived", "find", "hand over", "to the centre", wait_us=5 * HOUR_US)),
    Cheat("seizure-without-end", "The period of the seizure runs out and the thing stays.", "alarm", "P10/seizure",
          play=_alarm("P10/seizure", "seize", "hand over", wait_us=31 * 24 * HOUR_US, procedure="administrative")),
    Cheat("unrelated-and-kept", "A thing has nothing to do with the case and is not given back.", "alarm", "P8/criminal",
          play=_alarm("P8/criminal", "seize", "hand over", "unrelated", wait_us=100 * HOUR_US)),
    Cheat("case-over-thing-forgotten", "The case is decided and nobody decides on the thing.", "alarm", "P11/case",
          play=_alarm("P11/case", "seize", "hand over", then=[("case.decided", {"case": "c1"})])),
    Cheat("sold-before-anybody-can-claim", "A thing is announced for claiming and sold the same day.", "alarm", "P9/early",
          play=_alarm("P9/early", "seize", "hand over", then=[("item.announced", {"item": "i1"}),
                      ("disposal.decided", {"item": "i1", **LAWFUL["decide auction"][1]}), ("item.auctioned", {"item": "i1", "keeper": "k1"})])),
    Cheat("effects-left-behind", "A person leaves without his things.", "alarm", "P20/left",
          play=_alarm("P20/left", "find", "hand over", then=[("area.entered", {"stay": "s1"}), ("stay.released", {"stay": "s1", "reason": "released"})])),
    Cheat("return-not-signed", "Effects are said to be returned, and the person did not sign.", "alarm", "P19/returned",
          play=_alarm("P19/returned", "find", "hand over", "return", wait_us=HOUR_US)),
    Cheat("request-sent-again", "A signed request to open a compartment is caught and sent again.", "order", "the compartment opens once; the same request is the same",
          "", test="tests/gateway/test_lockers.py::test_a_request_that_is_said_again_is_the_same_and_an_unsigned_one_is_none"),
    Cheat("request-kept-for-later", "A request is held back, or dated back, and let through when nobody is looking.", "order", "void when it comes",
          "", test="tests/gateway/test_lockers.py::test_a_request_that_comes_late_or_is_dated_back_is_void"),
    Cheat("asked-from-the-office", "Whoever has taken over the server asks in a keeper's name, with nobody at the cabinet.", "order", "nothing opens until the badge is read there",
          "", test="tests/gateway/test_lockers.py::test_a_compartment_waits_for_whoever_has_to_be_there"),
    Cheat("badge-elsewhere", "The badge is held to another reader, where the keeper is.", "order", "nothing opens",
          "", test="tests/gateway/test_lockers.py::test_a_badge_at_another_cabinet_or_in_the_cell_opens_nothing"),
    Cheat("borrowed-badge", "A keeper's badge is taken from his desk and used at the cabinet's screen.", "order", "the PIN is wanted beside it, and locks after five",
          "Who has badge and PIN is the keeper, to the log. For valuables a second badge is wanted, for effects the person's band.", test="tests/kiosk/test_desk_refuses.py::test_a_pin_is_wanted_beside_the_badge_and_five_wrong_ones_lock_it_over_a_restart"),
    Cheat("one-badge-two-doors", "One reading of the badge is used for the next compartment too.", "order", "it opens one, once",
          "", test="tests/gateway/test_lockers.py::test_a_reading_opens_one_compartment_and_not_the_next_and_counts_for_half_a_minute"),
    Cheat("propped-door", "The door is left on the latch to come back at night.", "order", "the order does not end until door and bolt are shut, and that is alarmed",
          "", test="tests/gateway/test_lockers.py::test_a_door_that_is_propped_keeps_the_order_running_whatever_the_hook_says"),
    Cheat("next-door", "While one compartment is open by an order, the one beside it is pulled open.", "order", "told apart as the wrong door",
          "", test="tests/gateway/test_lockers.py::test_a_forced_hook_a_pulled_door_and_a_wrong_door_are_told_apart"),
    Cheat("opened-again", "A compartment that was just shut by right is opened once more.", "order", "by no right",
          "", test="tests/gateway/test_lockers.py::test_after_it_is_shut_it_opens_by_no_right_any_more"),
    Cheat("clock-set-back", "The clock is set back, so that an old request is young.", "order", "on a clock in doubt nothing opens",
          "", test="tests/gateway/test_lockers.py::test_on_a_clock_in_doubt_nothing_opens_and_that_is_said"),
    Cheat("power-or-fire", "Power is cut, or the emergency release pressed, for the cabinets to open.", "order", "nothing opens",
          "", test="tests/gateway/test_lockers.py::test_nothing_opens_by_itself_nor_on_power_up_nor_by_the_emergency_release"),
    Cheat("cable-cut", "The board's cable is cut while a compartment is open, so that nobody sees it stay open.", "order", "told as cut off half-way; only seeing it shut ends it",
          "", test="tests/field/test_locker_orders.py::test_a_cable_cut_at_an_open_door_is_told_and_shutting_it_is_the_way_back"),
    Cheat("board-lies", "The lock board is exchanged for one that always shows every hook shut.", "order", "the next order counts as not followed, and is alarmed",
          "Until something is ordered nobody knows: a count, the camera.", test="tests/gateway/test_lockers.py::test_a_board_that_shows_what_was_is_found_out_by_the_order_that_it_seems_not_to_follow"),
    Cheat("gateway-killed", "The gateway is killed at an open door, to forget the order.", "order", "nothing is ordered again, and the open door is still known",
          "", test="tests/field/test_locker_orders.py::test_a_gateway_killed_at_an_open_door_orders_nothing_again"),
    Cheat("key-announced-afterwards", "A compartment is opened with the key, and that is entered afterwards.", "order", "it stays an opening without an order",
          "", test="tests/gateway/test_lockers.py::test_the_key_is_entered_before_it_is_turned"),
    Cheat("form-past-the-screen", "A program on the kiosk's machine sends the forms itself, without the screen.", "order", "refused, and asks nothing of the gateway",
          "", test="tests/kiosk/test_edge.py::test_what_no_screen_of_ours_sends_is_refused_and_asks_nothing"),
    Cheat("looked-at-alone", "A keeper has a compartment opened to look at a thing, with nobody beside him.", "order", "nothing opens until a second officer is read there",
          "", test="tests/kiosk/test_desk_tasks.py::test_a_thing_is_looked_at_by_two_and_stays_where_it_is"),
    Cheat("signed-for-before-it-left", "The carrier signs for the place before he has been there, so that nobody there has to.", "order", "no signature is taken when it leaves; one is missing until the place signs (P22)",
          "Whose hand signs for the place, no log shows.", test="tests/kiosk/test_desk_tasks.py::test_a_thing_goes_to_the_laboratory_with_its_carrier_and_comes_back_damaged"),
    Cheat("two-cases-one-list", "Things of two cases are signed for on one list, so that what is erased of one takes the signatures of the other.", "order", "the screen takes one case, or one person, a list",
          "", test="tests/kiosk/test_desk_tasks.py::test_things_of_two_cases_are_neither_signed_for_nor_put_together"),
    Cheat("restored-to-a-friend", "A thing is given to a friend as its owner; nobody decided.", "refusal", "not_decided",
          play=_way("seize", "hand over", then=("item.restored", {"giver": "k1"}))),
    Cheat("inspected-by-who-took-it", "Who seized a thing looks at it in the store and finds it whole.", "refusal", "keeper_is_handler",
          play=_way("seize", "hand over", then=("item.inspected", {"inspector": "o1", "state": "whole"}))),
    Cheat("empty-from-the-start", "A sealed bag is handed over that was empty when it was sealed.", "nothing", "nothing",
          "Photo, the person's own signature under the list, and the camera of the room; no fact can show what a closed bag holds.",
          play=_stands("seize", "hand over", "store")),
    Cheat("both-in-it", "Officer and keeper sign together for what is not there.", "nothing", "nothing",
          "Two have to lie, by name; a count by a third, the photo and the camera.", play=_stands("seize", "hand over", "store")),
    Cheat("look-alike", "A thing is lent and a look-alike given back, and the keeper sees no difference.", "nothing", "nothing",
          "The photo of the first day beside it on the page, serial numbers in the sealed description, an appraisal.",
          play=_stands("seize", "hand over", "approve", "lend", "give back")),
    Cheat("never-entered", "A thing is taken and nobody states it.", "nothing", "nothing",
          "The search is recorded, the person signs the list, and can say what is not on it.", play=_stands()),
)  # fmt: skip
