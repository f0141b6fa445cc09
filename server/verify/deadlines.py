#!/usr/bin/env python3
"""Check a certificate of deadlines against its log: python3 deadlines.py LOGDIR CERTIFICATE [--lang zh|en]

Shares no code with Caseward; written from docs/evidence.md and docs/ledger.md. Python 3.8 or later, nothing else. It checks
that nothing in the log's segments was changed, left out or moved, goes once through the moments of the log with all limits
in a queue, and refuses a certificate that differs in one byte from what the log itself shows.
Exit: 0 accepted, no limit missed; 1 refused, the first wrong thing is named; 2 called wrongly; 4 accepted, limits were missed.
"""

import hashlib
import heapq
import json
import os
import sys
import zlib
from types import SimpleNamespace

FAR = 1 << 62
TOLERANCE_US = 2_000_000
OUTCOMES = ("fired", "closed", "moved", "law_changed", "running", "missed")
OUTCOME_OF = {"closed": "closed", "armed": "moved", "moved": "moved", "law": "law_changed"}
KINDS = {f"obligation.{kind}/1": kind for kind in ("armed", "moved", "closed")}
KINDS.update({"alarm.raised/1": "raised", "alarm.cleared/1": "cleared"})
REFUSED = ("拒绝", "Refused")
REPORT = """证明书与存证日志一致。期限 {terms}：报警 {fired}，依法结束 {closed}，改期 {moved}，进行中 {running}，规则已换 {law_changed}。
按时判定 {in_time}，网关停机之后 {blind}，迟 {late}。漏判 {missed} {which}
不能证明：规则本身判得对（那要回放）；上报的属实；没有人整个重写过日志（那要联署签名）。
""", """The log shows this: {terms} limits: {fired} alarmed, {closed} over, {moved} moved, {running} running, {law_changed} by other rules.
Judged in time {in_time}, after a stop of the gateway {blind}, late {late}. Missed {missed} {which}
Not shown: that rules judged rightly (replay), that reports are true, that nobody rewrote the whole log (cosignatures).
"""  # fmt: skip


class Wrong(Exception):
    """The first wrong thing: where, what was expected, what was found."""

    def __init__(self, where, expected, found):
        super().__init__(f"{where}: expected {str(expected)[:400]}, found {str(found)[:400]}")


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def parse(data, where):
    """The object in one line, refused unless it is written back to the same bytes."""
    try:
        value = json.loads(data.decode("utf-8"), parse_float=lambda _: None, parse_constant=lambda _: None)
        if isinstance(value, dict) and canonical(value) == data:
            return value
    except (ValueError, RecursionError):
        pass
    raise Wrong(where, "one canonical JSON object", data[:80])


def leaves(folder, head):
    """The leaves the certificate is about, checked: CRC, canonical form, order, chain, hash of the last."""
    count, prev, algorithm = 0, "0" * 64, {1: "sha256", 3: "sm3"}.get(head["suite"])
    if algorithm is None:
        raise Wrong("certificate line 1", "suite 1 or 3", head["suite"])
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".seg")):
        if count < head["size"] and name != f"{count:016d}.seg":
            raise Wrong("the log", f"the segment {count:016d}.seg", name)
        with open(os.path.join(folder, name), "rb") as file:
            for line in file:
                if count >= head["size"]:
                    break
                where, data = f"{name} leaf {count}", line[9:-1]
                if line != b"%08x %b\n" % (zlib.crc32(data), data):
                    raise Wrong(where, "a whole line with its CRC", line[:40])
                leaf = parse(data, where)
                if (leaf.get("index"), leaf.get("prev")) != (count, prev):
                    raise Wrong(where, (count, prev), (leaf.get("index"), leaf.get("prev")))
                if leaf["type"] == "log.begun/1" and leaf["body"]["suite"] != head["suite"]:
                    raise Wrong("certificate line 1", f"suite {leaf['body']['suite']}", head["suite"])
                prev = hashlib.new(algorithm, b"\x00" + data).hexdigest()
                count += 1
                yield leaf
    if (count, prev) != (head["size"], head["last"]):
        raise Wrong("the log", (head["size"], head["last"]), (count, prev))


def moment_of(stamp, leaf):
    """One `recorded` stamp with facts that were judged at it; `events`: what the log answered then."""
    until = FAR if stamp[3] is None else stamp[3]
    return SimpleNamespace(at=stamp[2], until=until, leaf=leaf, is_limit=False, law=None, events=[])


def read(log):
    """Moments, stops of the gateway, and by duty: rule, variant, subject, stay, place of the last word."""
    moments, at, stops, duties, seen, law, before = [], {}, [], {}, set(), None, None
    refusals = [x["body"] for x in log if x["type"] == "fact.refused/1" and x["body"]["rule"] == "SYS"]
    unjudged = {b["fact"] for b in refusals if f"{b['reason']} ".startswith(("malformed ", "in_the_future "))}
    for leaf in log:
        stamp = tuple(leaf["recorded"][k] for k in ("boot", "boottime_us", "earliest_us", "latest_us"))
        name, body = leaf["type"].split("/")[0], leaf["body"]
        if leaf["class"] == "fact":
            if before is not None and before[0] != stamp[0]:
                stops.append((before[2], max(before[2], stamp[2])))
            before, is_again = stamp, leaf["id"] in seen and name != "deadline.reached"
            seen.add(leaf["id"])
            if is_again or leaf["index"] in unjudged or name.startswith("alarm."):
                continue
            if stamp not in at:
                at[stamp] = len(moments)
                moments.append(moment_of(stamp, leaf["index"]))
            moment = moments[at[stamp]]
            moment.is_limit |= name == "deadline.reached"
            if name == "config.loaded":
                now = body["config_hash"], body["rulebook_hash"]
                if law not in (None, now) and moment.law is None:
                    moment.law = leaf["index"]
                law = now
        elif leaf["type"] in KINDS and stamp in at:
            duty = body.get("obligation", body.get("alarm"))
            known = duties.setdefault(duty, [body["rule"], body["variant"], body["subject"], leaf["stay"], 0])
            known[4] = max(known[4], at[stamp])
            moments[at[stamp]].events.append((leaf["index"], KINDS[leaf["type"]], duty, body))
    return moments, stops, duties


class Term:
    """One limit as it stands while the log is gone through. Alarms, `closed` and `end`: place, leaf, moment …"""

    def __init__(self, leaf, place, due, alarms):
        self.stated, self.place, self.due, self.alarms = leaf, place, due, alarms
        self.closed = self.judged = self.end = None
        self.is_asked = self.is_missed = False
        self.kept = (-1, [])  # alarms as they stood before those of a moment were cleared

    def ask(self, place, is_over):
        """Note the first moment that judged the limit, unless the duty was over or its alarm stood before."""
        if self.is_asked or not (is_over or any(a[0] == place for a in self.alarms)):
            return
        self.is_asked = True
        is_closed = self.closed is not None and self.closed[0] < place
        if not is_closed and not (self.alarms and self.alarms[-1][0] < self.place):
            self.judged = place


class Sweep:
    """Goes through the moments once; a limit that is over must have been answered at that very moment."""

    def __init__(self, moments, duties):
        self.moments, self.duties, self.terms, self.queue, self.horizon = moments, duties, [], [], -FAR
        self.now, self.open, self.carried = {}, set(), {}  # terms by duty; duties that run; alarms that stand

    def is_over(self, due, moment):
        is_told = moment.is_limit and moment.until == due == self.horizon
        return due is not None and (due < self.horizon or moment.until == FAR or is_told)

    def run(self):
        for place, moment in enumerate(self.moments):
            self.horizon = max(self.horizon, moment.until) if moment.until != FAR else self.horizon
            for leaf, kind, duty, body in sorted(moment.events, key=lambda event: event[0]):
                self.event(place, moment, leaf, kind, duty, body)
            for duty in list(self.now) if moment.law is not None else ():
                if self.duties[duty][4] < place and self.now[duty].closed is None:  # no more is said of it
                    self.leave(duty, place, moment, (place, moment.law, moment.at, "law"))
            for duty in {event[2] for event in moment.events if event[2] in self.now}:
                self.now[duty].ask(place, self.is_over(self.now[duty].due, moment))
            self.answer(place, moment)
        return sorted(self.terms, key=lambda item: item[1].stated)

    def leave(self, duty, place, moment, end):
        term = self.now.pop(duty)
        term.ask(place, self.is_over(term.due, moment))
        term.end = end

    def event(self, place, moment, leaf, kind, duty, body):
        term, carried = self.now.get(duty), self.carried.get(duty, [])
        if kind == "armed" or (kind == "moved" and duty in self.open):
            if term is not None:
                self.leave(duty, place, moment, (place, leaf, body["at_us"], kind))
            term = self.now[duty] = Term(leaf, place, body["due_us"], list(carried))
            self.terms.append((duty, term))
            self.open.add(duty)
        elif kind == "raised":
            self.carried[duty] = [*carried, (place, leaf, body["at_us"])]
            if term is not None:
                term.alarms.append((place, leaf, body["at_us"]))
        elif kind == "cleared":
            self.carried[duty] = [a for a in carried if a[0] == place]
            if term is not None and term.closed is None:
                term.kept = term.kept if term.kept[0] == place else (place, term.alarms)
                term.alarms = [a for a in term.alarms if a[0] == place]
        elif kind == "closed":
            self.carried[duty] = []
            self.open.discard(duty)
            if term is not None:
                term.closed = (place, leaf, body["at_us"], "closed", body["reason"])
                if term.kept[0] == place:  # an alarm that is cleared with its duty did sound
                    term.alarms = term.kept[1] + [a for a in term.alarms if a not in term.kept[1]]
        if term is not None and term.due is not None:
            heapq.heappush(self.queue, (term.due, len(self.terms), place, leaf, duty, term))

    def answer(self, place, moment):
        """Take from the queue what is over by now; what nothing answers is missed, unless the log ends here."""
        while self.queue and self.is_over(self.queue[0][0], moment):
            duty, term = heapq.heappop(self.queue)[4:]
            if self.now.get(duty) is not term:
                continue
            term.ask(place, True)
            closed = term.closed
            is_over = closed is not None and (closed[2] <= term.due or closed[4] == "late_evidence")
            term.is_missed |= not term.alarms and not is_over and place < len(self.moments) - 1


def row_of(duty, term, names, moments, stops):
    """The certificate's row of a term, and when it was stated and ended (recorded)."""
    end = term.closed or term.end
    shown = (*term.alarms[-1], "raised") if term.alarms else end
    if term.is_missed or shown is None:
        outcome, shown = "missed" if term.is_missed else "running", (None, None, None)
    else:
        outcome = OUTCOME_OF.get(shown[3], "fired")
    stated_us, late, punctual, blind = moments[term.place].at, None, None, None
    if term.judged is not None and term.due is not None:
        since, judged_us = max(term.due, stated_us), moments[term.judged].at
        late = max(0, judged_us - since)
        stop = next((s for s in stops if s[1] > since and s[0] < judged_us), None)
        punctual = "in_time" if late <= TOLERANCE_US else "late" if stop is None else "blind"
        blind = {"from_us": stop[0], "to_us": stop[1]} if punctual == "blind" else None
    row = {
        "obligation": duty, "rule": names[0], "variant": names[1], "subject": names[2], "stay": names[3],
        "stated": term.stated, "due_us": term.due, "outcome": outcome, "leaf": shown[1], "at_us": shown[2],
        "judged": None if term.judged is None else moments[term.judged].leaf, "late_us": late,
        "punctual": punctual, "blind": blind, "ended": None if end is None else end[1],
    }  # fmt: skip
    return row, stated_us, None if end is None else moments[end[0]].at


def rows_of(log, from_us, to_us):
    """Every row that a certificate of this period must have, and its summary."""
    moments, stops, duties = read(log)
    found = [row_of(d, term, duties[d], moments, stops) for d, term in Sweep(moments, duties).run()]
    rows = [row for row, at, ended in found if at < to_us and (ended is None or ended >= from_us)]
    missed = [[row["obligation"], row["stated"]] for row in rows if row["outcome"] == "missed"]
    return rows, {
        "terms": len(rows), "outcomes": {name: sum(r["outcome"] == name for r in rows) for name in OUTCOMES},
        "punctual": {name: sum(r["punctual"] == name for r in rows) for name in ("in_time", "blind", "late")},
        "missed": len(missed), "missed_terms": missed,
    }  # fmt: skip


def check(folder, file):
    """The summary, when every line is what the log shows. Raises Wrong, OSError."""
    with open(file, "rb") as opened:
        lines = opened.read().split(b"\n")
    head = parse(lines[0], "certificate line 1")
    numbers = [head.get(key) for key in ("certificate", "from_us", "size", "suite", "to_us")]
    if len(head) != 6 or {type(n) for n in numbers} != {int} or numbers[0] != 1 or "last" not in head:
        raise Wrong("certificate line 1", "the head of a certificate, version 1", lines[0])
    rows, total = rows_of(list(leaves(folder, head)), head["from_us"], head["to_us"])
    wanted = [lines[0], *map(canonical, rows), canonical(total), b""]
    for number, (line, want) in enumerate(zip(lines, wanted), 1):
        if line != want:
            raise Wrong(f"certificate line {number}", want.decode(), line)
    if len(lines) != len(wanted):
        raise Wrong("certificate", f"{len(wanted)} lines, the last one empty", len(lines))
    return total


def main(argv):
    lang = argv.pop(argv.index("--lang") + 1) if "--lang" in argv[:-1] else os.environ.get("LANG", "")
    argv = [word for word in argv if word != "--lang"]
    if len(argv) != 2:
        sys.stderr.write(__doc__)
        return 2
    index = 0 if lang.startswith("zh") else 1
    try:
        total = check(*argv)
    except (Wrong, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        sys.stdout.write(f"{REFUSED[index]}: {error if isinstance(error, (Wrong, OSError)) else repr(error)}\n")
        return 1
    which = "; ".join(f"{duty} (leaf {leaf})" for duty, leaf in total["missed_terms"])
    numbers = {**total["outcomes"], **total["punctual"], "terms": total["terms"], "missed": total["missed"]}
    sys.stdout.write(REPORT[index].format(which=which, **numbers))
    return 4 if total["missed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
