#!/usr/bin/env python3
"""Audit the property in a log: python3 property.py LOGDIR [--lang zh|en]

Shares no code with Caseward; written from docs/evidence.md and docs/property.md. Python 3.8 or later, nothing else. It checks that
nothing in the log's segments was changed, left out or moved, goes once through what was stated of each item in order of occurrence,
and refuses a log in which an item had no holder or two, moved by no row of the table, or was refused what the table allows.
Exit: 0 accepted; 1 refused, the first wrong thing is named; 2 called wrongly; 4 accepted, but a compartment was opened without an order.
"""

# fmt: off
import hashlib
import json
import os
import sys
import zlib
from collections import Counter
from types import SimpleNamespace

KEY_US = 600_000_000
HERE = "taken kept stored lent sent away"
MOVES = """
item.found|effects||person stay|taken|officer taken_by
item.seized item.registered|exhibit||person stay|taken|officer taken_by
item.collected|specimen||person stay|taken|officer taken_by
dossier.entered|dossier||outside|kept|keeper keeper
item.seized|effects exhibit|taken|officer *|taken|officer taken_by
item.seized|effects exhibit|kept|keeper *|taken|officer taken_by
item.handed_over|exhibit effects specimen|taken|officer giver|kept|keeper keeper
item.handed_over|exhibit effects specimen dossier|kept|keeper giver|kept|keeper keeper
item.stored|exhibit effects specimen dossier|kept|keeper keeper|stored|compartment compartment
item.taken_out|exhibit effects specimen dossier|stored|compartment compartment|kept|keeper keeper
item.corrected|exhibit effects specimen dossier|stored|compartment *|stored|compartment compartment
item.lent|exhibit specimen|kept|keeper keeper|lent|officer borrower
item.given_back|exhibit specimen|lent|officer borrower|kept|keeper keeper
dossier.taken|dossier|kept|keeper *|lent|officer officer
dossier.taken|dossier|stored|compartment *|lent|officer officer
dossier.returned|dossier|lent|officer *|kept|keeper *
item.sent|exhibit specimen|taken|officer *|sent|in_transit carrier
item.sent|exhibit effects specimen|kept|keeper *|sent|in_transit carrier
item.sent|exhibit specimen|lent|officer *|sent|in_transit carrier
item.sent|exhibit specimen|away|destination *|sent|in_transit carrier
item.received|exhibit specimen|sent|in_transit carrier|away|destination destination
item.received|effects|sent|in_transit carrier|ended|destination destination
item.received|exhibit effects specimen|sent|in_transit carrier|kept|keeper keeper
item.restored|exhibit specimen|taken|officer giver|ended|owner
item.restored|exhibit specimen|kept|keeper giver|ended|owner
item.transferred|exhibit specimen|kept|keeper keeper|ended|destination destination
item.destroyed item.auctioned|exhibit specimen|kept|keeper keeper|ended|outside
item.forfeited|exhibit specimen|kept|keeper keeper|ended|treasury
item.returned|effects|taken|officer giver|ended|receiver receiver
item.returned|effects|kept|keeper giver|ended|receiver receiver
"""
TOLD = f"""
item.described item.signed item.refused_signature|exhibit effects specimen dossier|{HERE} ended
item.photographed item.corrected|exhibit effects specimen dossier|{HERE}
item.tagged|exhibit effects specimen dossier|taken kept stored
item.brought_in item.test_approved|exhibit specimen|taken
item.tested|exhibit specimen|taken sent away
item.found_unrelated disposal.decided|exhibit specimen|{HERE}
item.announced|exhibit effects specimen|{HERE}
seizure.extended|exhibit|{HERE}
item.inspected|exhibit effects specimen dossier|taken kept stored lent
item.borrow_approved|exhibit specimen|kept stored
loan.extended|exhibit specimen|lent
loan.reported|exhibit specimen|lent sent away
item.counted|exhibit effects specimen dossier|stored
item.split|exhibit effects specimen|taken kept
"""
TABLES = [[[cell.split() for cell in line.split("|")] for line in table.strip().splitlines()] for table in (MOVES, TOLD)]
ROWS = [[[name], *row[1:]] for row in TABLES[0] for name in row[0]]
TELL = {name: (row[1], row[2]) for row in TABLES[1] for name in row[0]}
MOVERS = {row[0][0] for row in ROWS}
ENTERERS = {row[0][0] for row in ROWS if not row[2]}
DISPOSED = {"item.restored": "restore", "item.transferred": "transfer", "item.destroyed": "destroy", "item.auctioned": "auction", "item.forfeited": "forfeit"}
NAMED = {  # fields that name registered officers of the police
    "item.found": "officers taken_by", "item.seized": "officers taken_by", "item.registered": "officers taken_by", "item.collected": "officers taken_by",
    "item.split": "officers", "item.inspected": "inspector", "item.corrected": "officers", "item.borrow_approved": "borrower", "dossier.taken": "officer",
    "item.sent": "carrier", "item.destroyed": "officers",
}
SENSED = {"opened": ("open", 1), "closed": ("open", 0), "unknown": ("open", None), "unlocked": ("bolt", 1), "locked": ("bolt", 0), "bolt_unknown": ("bolt", None)}
KEEPING = ("dossier.entered", "item.handed_over", "item.stored", "item.taken_out", "item.lent", "item.given_back")
APART = {"item.handed_over": "keeper", "item.taken_out": "keeper", "item.given_back": "keeper", "item.inspected": "inspector"}
HANDS = {"item.handed_over": ("giver", "keeper"), "item.lent": ("keeper", "borrower"), "item.given_back": ("borrower", "keeper")}
REASONS = """
unknown_item item_known store_full stay_of_item illegal_move other_holder unknown_officer no_keeper keeper_is_handler one_hand
one_signature two_officers own_approval not_approved other_borrower beyond_approval not_later not_decided other_case wrong_cabinet
compartment_of_another other_destination photo_or_reason tag_in_use too_many_pieces nothing_corrected other_pieces superseded
count_known count_running no_count not_all_counted other_sum
"""
OURS = set(REASONS.split())  # reasons that docs/property.md gives
NEEDS_AREA = {"wrong_cabinet", "compartment_of_another", "unknown_place", "not_all_counted", "other_sum"}  # what area.toml alone shows
REPORT = """账目平衡：{facts} 条财物记录，{items} 件，在管 {here} 件；借贷合计 {total}。拒绝 {refused} 条。
柜格打开 {opened} 次，其中没有命令 {unordered} 次 {which}
不能证明：袋里装的是所写之物；签名是本人所签；没有人整个重写过日志（那要联署签名）。
""", """The books balance: {facts} facts of {items} items, {here} still kept; all entries add up to {total}. Refused {refused}.
Compartments were opened {opened} times, {unordered} of them without an order {which}
Not shown: that a bag holds what is written on it, whose hand signed, that nobody rewrote the whole log (cosignatures).
"""  # fmt: skip


class Wrong(Exception):
    """The first wrong thing: where, what was expected, what was found."""

    def __init__(self, where, expected, found):
        super().__init__(f"{where}: expected {str(expected)[:300]}, found {str(found)[:300]}")


def read(folder):
    """Every leaf of a log's segments, checked: CRC, canonical form, order, chain."""
    count, prev, algorithm = 0, "0" * 64, None
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".seg")):
        if name != f"{count:016d}.seg":
            raise Wrong("the log", f"the segment {count:016d}.seg", name)
        with open(os.path.join(folder, name), "rb") as file:
            for line in file:
                where, data = f"{name} leaf {count}", line[9:-1]
                if line != b"%08x %b\n" % (zlib.crc32(data), data):
                    raise Wrong(where, "a whole line with its CRC", line[:40])
                leaf = json.loads(data.decode("utf-8"))
                canonical = json.dumps(leaf, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
                if canonical.encode("utf-8") != data or (leaf["index"], leaf["prev"]) != (count, prev):
                    raise Wrong(where, (count, prev), (leaf.get("index"), leaf.get("prev")))
                if leaf["type"] == "log.begun/1":
                    algorithm = {1: "sha256", 3: "sm3"}.get(leaf["body"]["suite"])
                prev = hashlib.new(algorithm or "sha256", b"\x00" + data).hexdigest()
                count += 1
                yield leaf


class Books:
    """Items and holders as the facts so far tell them."""

    def __init__(self):
        self.items, self.officers, self.tags, self.counts = {}, {}, {}, {}
        self.entries, self.sums = [], Counter()

    def post(self, leaf, item, holder, pieces):
        if pieces == 0:
            return
        self.entries.append((leaf["index"], leaf["occurred"]["earliest_us"], item, holder, pieces))
        self.sums[holder] += pieces

    # --- may it ----------------------------------------------------------------------------

    def objection(self, name, body, at):
        """Why docs/property.md does not let this fact stand; empty when it does. Also the row it moves by."""
        if name == "count.started":
            running = any(c["cabinet"] == body["cabinet"] and not c["ended"] for c in self.counts.values())
            unknown = "unknown_officer" if body["counter"] not in self.officers else ""
            return ("count_known" if body["stocktaking"] in self.counts else unknown or ("count_running" if running else "")), None
        count = self.counts.get(body.get("stocktaking"))
        if name in ("count.ended", "item.counted") and (not count or count["ended"]):
            return "no_count", None
        if name == "count.ended":
            return "", None
        item = self.items.get(body.get("item", body.get("dossier")))
        if item is None and name not in ENTERERS:
            return "" if name[:8] == "dossier." else "unknown_item", None
        row, reason = self.row(name, body, item)
        if reason:
            return reason, None
        if item is not None and name[:8] != "dossier." and body.get("stay") != item["stay"]:
            return "stay_of_item", None
        return self.more(name, body, item, at), row

    def row(self, name, body, item):
        """The row it moves by, and why there is none."""
        kind, state = (item["kind"], item["state"]) if item else (None, None)
        if name not in MOVERS or (name == "item.corrected" and "compartment" not in body):
            kinds, states = TELL[name]
            elsewhere = name == "item.counted" and body["found"] and "compartment" in body
            return None, "" if kind in kinds and (state in states or elsewhere) else "illegal_move"
        back = body.get("destination") == "keeper"
        rows = [r for r in ROWS if r[0] == [name] and r[2] == ([state] if item else []) and (item is None or kind in r[1])]
        if name == "item.received":
            rows = [r for r in rows if (r[5][0] == "keeper") == back]
        elif name != "item.sent" and back:
            rows = []
        if not rows:
            known = name in ENTERERS and (state == "ended" or not (name == "item.seized" and kind in ("effects", "exhibit")))
            return None, "item_known" if known else "illegal_move"
        if item is None:
            return rows[0], ""
        holding = [r for r in rows if self.holds(r[3], body, item)]
        return (holding[0], "") if holding else (None, "other_holder")

    def holds(self, party, body, item):
        if party[1:] == ["*"]:
            return party[0] == "destination" or item["holder"].startswith(party[0] + ":")
        return item["holder"] == self.named(party, body, item)

    def named(self, party, body, item):
        kind, field = party[0], [*party, ""][1]
        if kind == "destination":
            return body[field]
        if kind == "receiver":
            return f"person:{item['stay']}" if body[field] == "person" and item["stay"] else "outside"
        if field == "*":
            return f"keeper:{item['keeper']}"
        return f"{kind}:{body.get(field, '')}" if field else kind

    def more(self, name, body, item, at):
        """The second table of docs/property.md: the first thing that does not hold, in no order that matters."""
        return self.people(name, body, item) or self.approved(name, body, item, at) or self.thing(name, body, item)

    def people(self, name, body, item):
        fields = [body.get(f) for f in NAMED.get(name, "").split()]
        people = [p for f in fields for p in (f if isinstance(f, list) else [f]) if p is not None]
        if any(self.officers.get(p, ("external",))[0] == "external" for p in people) or (name == "dossier.taken" and not body.get("officer")):
            return "unknown_officer"
        takes_in = name in KEEPING or (name == "item.received" and body["destination"] == "keeper")
        if takes_in and body.get("keeper") not in self.officers:
            return "no_keeper" if name == "item.received" and "keeper" not in body else "unknown_officer"
        if takes_in and "keeper" not in self.officers[body["keeper"]][1]:
            return "no_keeper"
        apart = "keeper" if name == "item.received" and takes_in else APART.get(name)
        who = self.counts[body["stocktaking"]]["counter"] if name == "item.counted" else body.get(apart)
        if item and who in item["handlers"]:
            return "keeper_is_handler"
        if name in HANDS and (body[HANDS[name][0]] == body[HANDS[name][1]] or body["giver_signature"] == body["taker_signature"]):
            return "one_hand" if body[HANDS[name][0]] == body[HANDS[name][1]] else "one_signature"
        alone = name in ("item.split", "item.corrected", "item.destroyed") and len(set(body["officers"])) < 2
        return "two_officers" if alone else ""

    def approved(self, name, body, item, at):
        loan = item and item["loan"]
        if name in ("item.borrow_approved", "loan.extended", "disposal.decided") and body["approver"] not in self.officers:
            return "unknown_officer"
        if name in ("item.borrow_approved", "loan.extended") and body["approver"] in (body.get("borrower"), loan and loan[0]):
            return "own_approval"
        if name == "item.lent":
            lawful = loan and loan[1] > at
            return "not_approved" if not lawful else "other_borrower" if loan[0] != body["borrower"] else "beyond_approval" if body["return_by_at_us"] > loan[1] else ""
        if name == "loan.extended" and body["return_by_at_us"] <= loan[1]:
            return "not_later"
        if name in DISPOSED and item["disposal"] != DISPOSED[name] and not (name == "item.restored" and item["unrelated"]):
            return "not_decided"
        return "other_case" if name == "disposal.decided" and item["case"] not in (None, body["case"]) else ""

    def thing(self, name, body, item):
        if name == "item.seized" and item and item["kind"] == "exhibit" and not item["registered"]:
            return "item_known"
        if name == "item.seized" and item and body["pieces"] != item["pieces"]:
            return "other_pieces"
        if name == "item.photographed" and ("photo" in body) == ("no_photo" in body):
            return "photo_or_reason"
        if name == "item.tagged" and self.tags.get(body["tag"], body["item"]) != body["item"]:
            return "tag_in_use"
        if name == "item.split" and (body["part"] in self.items or body["pieces"] >= item["pieces"]):
            return "item_known" if body["part"] in self.items else "too_many_pieces"
        if name == "item.corrected" and not {"pieces", "valuable", "dangerous", "cash", "seal", "compartment"} & set(body):
            return "nothing_corrected"
        return self.goes_wrong(name, body, item)

    def goes_wrong(self, name, body, item):
        to = body.get("destination")
        elsewhere = name == "item.received" and to not in (item["destination"], "keeper")
        too_soon = name in ("item.sent", "item.transferred") and to == "keeper" and item["state"] != "away"
        follows = item and item["kind"] == "effects" and name in ("item.sent", "item.received")
        return "other_destination" if elsewhere or too_soon or (follows and to not in ("detention_centre", "outside", "keeper")) else ""

    # --- what follows ----------------------------------------------------------------------

    def take(self, leaf, name, row):
        """The fact stands: entries, and what is known of the item from here on."""
        body, ref = leaf["body"], leaf["body"].get("item", leaf["body"].get("dossier"))
        if name == "officer.withdrawn":
            self.officers.pop(body["officer"], None)
        elif name == "officer.registered":
            self.officers[body["officer"]] = (body["service"], body["roles"])
        elif name == "count.started":
            self.counts[body["stocktaking"]] = {"cabinet": body["cabinet"], "counter": body["counter"], "ended": False}
        elif name == "count.ended":
            self.counts[body["stocktaking"]]["ended"] = True
        item = self.items.get(ref)
        if (item is None and row is None) or (name == "dossier.taken" and not body.get("officer")):
            return
        if item is None:
            item = dict.fromkeys(("stay", "case", "loan", "destination", "disposal", "unrelated", "registered", "tag"))
            item.update(kind=row[1][0], state="", keeper="", handlers=set(), pieces=body.get("pieces", 1), stay=body.get("stay"))
            item["holder"] = f"person:{item['stay']}" if row[3][0] == "person" and item["stay"] else "outside"
            self.items[ref] = item
        elif name == "item.corrected" and "pieces" in body:
            self.post(leaf, ref, item["holder"], body["pieces"] - item["pieces"])
            self.post(leaf, ref, "outside", item["pieces"] - body["pieces"])
            item["pieces"] = body["pieces"]
        if row is not None:
            self.move(leaf, ref, item, row)
        self.learn(name, body, item, ref)
        if name == "item.split":
            part = dict(item, pieces=body["pieces"], tag=None, loan=None, handlers=set(item["handlers"]))
            item["pieces"] -= body["pieces"]
            self.items[body["part"]] = part
            self.post(leaf, ref, item["holder"], -body["pieces"])
            self.post(leaf, body["part"], item["holder"], body["pieces"])

    def move(self, leaf, ref, item, row):
        credited = self.named(row[5], leaf["body"], item)
        if credited != item["holder"]:
            self.post(leaf, ref, item["holder"], -item["pieces"])
            self.post(leaf, ref, credited, item["pieces"])
        item.update(holder=credited, state=row[4][0], kind="exhibit" if row[0] == ["item.seized"] else item["kind"])
        if credited.startswith("keeper:"):
            item["keeper"] = credited[7:]

    def learn(self, name, body, item, ref):
        if "taken_by" in body:
            item["handlers"] |= {*(body.get("officers") or []), body["taken_by"]}
            item["case"], item["pieces"] = body.get("case", item["case"]), body["pieces"]
            item["registered"] = name == "item.registered"
        if name in ("item.borrow_approved", "dossier.taken"):
            item["loan"] = (body.get("borrower", body.get("officer")), body["return_by_at_us"])
        elif name in ("item.lent", "loan.extended") and item["loan"]:
            item["loan"] = (item["loan"][0], body["return_by_at_us"])
        elif name in ("item.given_back", "dossier.returned") or (name == "item.received" and item["state"] in ("kept", "ended")):
            item["loan"], item["destination"] = None, None if item["state"] == "kept" else item["destination"]
        item["unrelated"] = item["unrelated"] or name == "item.found_unrelated"
        if name in ("item.sent", "disposal.decided"):
            field = "destination" if name == "item.sent" else "disposal"
            item[field] = body[field]
        elif name == "item.tagged":
            self.untag(item, ref)
            item["tag"] = body["tag"]
            self.tags[body["tag"]] = ref
        if item["state"] == "ended":
            self.untag(item, ref)

    def untag(self, item, ref):
        if self.tags.get(item["tag"]) == ref:
            del self.tags[item["tag"]]


def spread(leaves):
    """Facts of people, items and counts in order of recording, and why each refused one was refused."""
    facts, refused, seen = [], {}, set()
    for leaf in leaves:
        name = leaf["type"].rpartition("/")[0]
        if leaf["type"] == "fact.refused/1":
            refused.setdefault(leaf["body"]["fact"], leaf["body"]["reason"].split(" ")[0])
        elif leaf["class"] == "fact" and leaf["id"] not in seen:
            seen.add(leaf["id"])
            if name in MOVERS or name in TELL or name in ("officer.registered", "officer.withdrawn", "count.started", "count.ended") or name[:12] == "compartment.":
                facts.append((leaf["occurred"]["earliest_us"], leaf["index"], name, leaf))
    return sorted(facts, key=lambda f: f[1]), refused


def books_of(facts):
    """The books that these facts make, in order of occurrence; each of them was let in."""
    books = Books()
    for at, _, name, leaf in facts:
        books.take(leaf, name, None if name[:8] == "officer." else books.objection(name, leaf["body"], at)[1])
    return books


def audit(leaves):
    """Go through all of it; raises Wrong at the first thing that docs/property.md does not allow."""
    facts, refused = spread(leaves)
    books, stood, newest = Books(), [], {}
    for fact in facts:
        at, index, name, leaf = fact
        said = refused.get(index)
        if name[:12] == "compartment." or (said is not None and (said not in OURS or said in NEEDS_AREA)):
            continue  # what a rule, the way of the stay, the area or the form itself stands against, is not judged here
        is_late = bool(stood) and fact[:2] < stood[-1][:2]
        then = books_of(f for f in stood if f[:2] < fact[:2]) if is_late else books
        refs, row = [leaf["body"].get(key) for key in ("item", "dossier", "part")], None
        if name[:8] != "officer.":
            reason, row = then.objection(name, leaf["body"], at)
            if not reason and (name in MOVERS or name == "item.split"):
                reason = "item_known" if refs[2] in newest else "superseded" if at < newest.get(refs[0] or refs[1], at) else ""
            if bool(reason) != (said is not None):
                raise Wrong(f"leaf {index} {name}", f"to be refused: {reason or None}", f"refused: {said}")
            if reason:
                continue
        stood.append(fact)
        if is_late:
            stood.sort(key=lambda f: f[:2])
            books = books_of(stood)
        else:
            books.take(leaf, name, row)
        if name in MOVERS or name == "item.split":
            newest.update({ref: max(at, newest.get(ref, at)) for ref in refs if ref in books.items})
    return report(books_of(stood), facts, len([f for f in stood if f[2][:8] != "officer."]), refused)


def report(books, facts, count, refused):
    """Figures of the whole log; every account has to be what the items say."""
    held, doors, openings, unordered = Counter(), {}, 0, []
    for item in books.items.values():
        held[item["holder"]] += item["pieces"] * (item["state"] != "ended")
    for holder, pieces in books.sums.items():
        if holder.partition(":")[0] in ("officer", "keeper", "compartment", "in_transit") and pieces != held[holder]:
            raise Wrong(f"the account of {holder}", held[holder], pieces)
    per_fact = Counter()
    for index, _, _, _, pieces in books.entries:
        per_fact[index] += pieces
    if any(per_fact.values()):
        raise Wrong("some leaf", "entries that add up to 0", +per_fact)
    for at, index, name, leaf in sorted(facts, key=lambda f: f[:2]):
        if name[:12] == "compartment." and index not in refused:
            opened, by_order = door(doors, at, name, leaf["body"])
            openings += opened
            unordered += [index] if opened and not by_order else []
    here = sum(item["state"] != "ended" for item in books.items.values())
    return SimpleNamespace(books=books, facts=count, items=len(books.items), here=here, total=sum(books.sums.values()), refused=len(refused), opened=openings, unordered=unordered)


def door(doors, at, name, body):
    """Whether a compartment came open, and whether an order or the announced key stood for it."""
    state = doors.setdefault(body["compartment"], {"open": None, "bolt": None, "ajar": False, "order": False, "key": None})
    what = name[12:]
    if what in ("ordered", "expired", "failed", "completed"):
        state["order"] = what == "ordered"
    elif what == "overridden":
        state["key"] = at
    if what not in SENSED:
        return False, True
    state[SENSED[what][0]] = SENSED[what][1]
    is_ajar = bool(state["open"] or state["bolt"])
    opened = is_ajar and not state["ajar"]
    state["ajar"] = is_ajar or (state["ajar"] and not (state["open"] == 0 and state["bolt"] == 0))
    return opened, state["order"] or (state["key"] is not None and at - state["key"] < KEY_US)


def main(arguments):
    words, lang = [a for a in arguments if a not in ("--lang", "zh", "en")], int("en" in arguments)
    if len(words) != 1 or not os.path.isdir(words[0]):
        sys.stderr.write(__doc__)
        return 2
    try:
        found = audit(list(read(words[0])))
    except (Wrong, KeyError, TypeError, ValueError) as error:
        sys.stdout.write(("拒绝", "Refused")[lang] + f": {error}\n")
        return 1
    shown = dict(vars(found), unordered=len(found.unordered), which=found.unordered[:20] or "")
    sys.stdout.write(REPORT[lang].format(**shown))
    return 4 if found.unordered else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
