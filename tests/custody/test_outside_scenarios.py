"""What an outsider expects of `caseward replay`, worked out by hand from the law and docs/scenarios.md.

Written without reading the engine; only the command is called. A scenario is

    # title
    facts and acts, `;` or a new line between them: `HH:MM[:SS[.mmm]] fact key=value …`
    => all that must be printed, and nothing else: `HH:MM[:SS[.mmm]] event rule/variant …`

on 2026-03-18 in +08:00 unless said otherwise. The macros of both sides are below; `$1` is the id of
the first alarm of the same story played without the lines that name it.
"""

import json
import re
from collections import Counter

import pytest

from caseward.cli import main

DAY = "2026-03-18"
LISTS, INSTANTS = ("roles", "officers"), ("arrives", "arrived_at", "entered_at")
QUIET = ["@guard g1 guard 08:50", "@heads 08:00"]
MACROS = {
    "@unknown": ['{"scenario": "nothing is known yet", "initial": "unknown"}'],
    "@guard": [
        "{2} officer.registered officer={0} service=sworn roles=guard",
        "{2} tag.read tag={0} room={1}",
    ],
    "@aux": [
        "{2} officer.registered officer={0} service=auxiliary roles=guard",
        "{2} tag.read tag={0} room={1}",
    ],
    "@heads": [
        "{0} officer.registered officer=head service=sworn roles=case_department_head",
        "{0} officer.registered officer=station service=sworn roles=station_head",
        "{0} officer.registered officer=county service=sworn roles=county_head",
        "{0} officer.registered officer=duty service=sworn roles=duty_officer,guard,station_leader",
        "{0} officer.registered officer=auxhead service=auxiliary roles=case_department_head",
    ],
    "@in": [
        "{4} person.arrived stay={0}",
        "{4} area.entered stay={0}",
        "{4} wristband.bound stay={0} band={1}",
        "{4} search.signed stay={0} officers=g1",
        "{4} stay.registered stay={0} measure={3} case=c-{0}",
        "{4} tag.read tag={1} room={2}",
    ],
    "@seen": [
        "{3} person.arrived stay={0}; {3} area.entered stay={0}; {3} wristband.bound stay={0} band={1}",
        "{3} search.signed stay={0} officers=g1; {3} tag.read tag={1} room={2}",
    ],
    "@po": [*QUIET, "@in s b waiting-1 public_order_questioning 09:00"],
    "@cs": [*QUIET, "@in s b waiting-1 criminal_summons 09:00"],
    "@vol": [QUIET[0], "@in s b waiting-1 voluntary 09:00"],
    "@pre8": [f"{at} pre T5/questioning s due 17:00" for at in ("15:30", "16:00", "16:30", "16:50")],
    "@pre12": [f"{at} pre {{0}} s due 21:00" for at in ("19:00", "20:00", "20:30", "20:50")],
    "@pre24": [
        f"2026-03-19T{at} pre {{0}} s due 2026-03-19T09:00"
        for at in ("05:00", "07:00", "08:00", "08:30", "08:50")
    ],
}

SCENARIOS = """
# T5 released exactly at 8 h is within
@po ; 17:00 stay.released stay=s reason=released ; until 18:00
=> @pre8 ; 17:00 clear T5/questioning s pre-warning
# T5 released one ms before
@po ; 16:59:59.999 stay.released stay=s reason=released ; until 18:00
=> @pre8 ; 16:59:59.999 clear T5/questioning s pre-warning
# T5 released one ms after
@po ; 17:00:00.001 stay.released stay=s reason=released ; until 18:00
=> @pre8 ; 17:00 ALARM T5/questioning S1 s ; 17:00:00.001 clear T5/questioning s alarm
# T5 arrival in other offsets
@guard g1 guard 08:50 ; 2026-03-18T01:00:00Z person.arrived stay=s
2026-03-18T01:00:00+00:00 area.entered stay=s ; 2026-03-18T10:30:00+09:30 wristband.bound stay=s band=b
2026-03-17T20:00:00-05:00 search.signed stay=s officers=g1
2026-03-18T09:00:00+08:00 stay.registered stay=s measure=public_order_questioning case=c arrived_at=2026-03-17T15:00:00-10:00
2026-03-18T06:45:00+05:45 tag.read tag=b room=waiting-1
2026-03-18T12:00:00.001+03:00 stay.released stay=s reason=released
=> @pre8 ; 17:00 ALARM T5/questioning S1 s ; 17:00:00.001 clear T5/questioning s alarm
# arrival on paper two minutes earlier than the gate: the clock runs from the paper
@guard g1 guard 08:50 ; 09:00 area.entered stay=s ; 09:00 wristband.bound stay=s band=b
09:00 search.signed stay=s officers=g1 ; 09:00 tag.read tag=b room=waiting-1
09:04 stay.registered stay=s measure=public_order_questioning case=c arrived_at=08:58 entered_at=09:00
17:10 stay.released stay=s reason=released
=> 15:28 pre T5/questioning s due 16:58 ; 15:58 pre T5/questioning s due 16:58
   16:28 pre T5/questioning s due 16:58 ; 16:48 pre T5/questioning s due 16:58
   16:58 ALARM T5/questioning S1 s ; 17:10 clear T5/questioning s alarm
# arrival on paper later than the gate: paper counts
@guard g1 guard 08:50 ; @seen s b waiting-1 09:00
09:04 stay.registered stay=s measure=public_order_questioning case=c arrived_at=09:03
17:03 stay.released stay=s reason=released
=> 15:33 pre T5/questioning s due 17:03 ; 16:03 pre T5/questioning s due 17:03
   16:33 pre T5/questioning s due 17:03 ; 16:53 pre T5/questioning s due 17:03
   17:03 clear T5/questioning s pre-warning
# a second register row is refused, the first stands
@guard g1 guard 08:50 ; @seen s b waiting-1 09:00 ; 09:04 stay.registered stay=s measure=voluntary case=c
18:00 stay.registered stay=s measure=public_order_questioning case=c arrived_at=09:00
18:10 stay.released stay=s reason=released
=> 18:00 refuse M5 stay.registered
# T5 12 h by a station head, many persons
@po ; 16:10 extension.approved stay=s rule=T5 limit=12h approver=station ground=many_persons_involved
21:00 stay.released stay=s reason=released ; until 22:00
=> 15:30 pre T5/questioning s due 17:00 ; 16:00 pre T5/questioning s due 17:00
   16:10 clear T5/questioning s pre-warning ; @pre12 T5/questioning
   21:00 clear T5/questioning s pre-warning
# T5 24 h straight after 8 h
@po
10:00 extension.approved stay=s rule=T5 limit=24h approver=head ground=complex_and_detention_possible
2026-03-19T09:00:00.001 stay.released stay=s reason=released
=> @pre24 T5/questioning ; 2026-03-19T09:00 ALARM T5/questioning S1 s
   2026-03-19T09:00:00.001 clear T5/questioning s alarm
# T5 12 h then 24 h, the second at the very 12 h
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=county ground=identity_unknown
21:00 extension.approved stay=s rule=T5 limit=24h approver=county ground=complex_and_detention_possible
2026-03-19T09:00 stay.released stay=s reason=released
=> @pre12 T5/questioning ; 21:00 clear T5/questioning s pre-warning ; @pre24 T5/questioning
   2026-03-19T09:00 clear T5/questioning s pre-warning
# T5 12 h after 24 h changes nothing
@po
10:00 extension.approved stay=s rule=T5 limit=24h approver=head ground=complex_and_detention_possible
11:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
22:00 stay.released stay=s reason=released
=> 11:00 refuse T5 extension.approved
# T5 approval by a wrong role
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=duty ground=identity_unknown
17:00:01 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved ; @pre8 ; 17:00 ALARM T5/questioning S1 s
   17:00:01 clear T5/questioning s alarm
# T5 approval by an auxiliary who holds the role
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=auxhead ground=identity_unknown
16:00 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved ; 15:30 pre T5/questioning s due 17:00
   16:00 clear T5/questioning s pre-warning
# T5 approval by somebody unregistered
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=ghost ground=identity_unknown
15:00 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved
# T5 approval by an officer whose registration came late but was before
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=ghost ground=identity_unknown
09:30 officer.registered officer=ghost service=sworn roles=station_head arrives=11:00
18:00 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved
# T5 approval by a head withdrawn before
@po ; 09:59 officer.withdrawn officer=head
10:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
15:00 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved
# T5 approval by a head withdrawn afterwards stands
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
10:01 officer.withdrawn officer=head ; 18:00 stay.released stay=s reason=released
=> nothing
# T5 12 h on the ground of the 24 h
@po
10:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=complex_and_detention_possible
15:00 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved
# T5 12 h on no ground
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=head
15:00 stay.released stay=s reason=released
=> 10:00 refuse T5 extension.approved
# T5 approval exactly at the limit counts
@po ; 17:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
18:00 stay.released stay=s reason=released
=> @pre8 ; 17:00 clear T5/questioning s pre-warning
# T5 approval one ms after the limit is refused
@po ; 17:00:00.001 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
18:00 stay.released stay=s reason=released
=> @pre8 ; 17:00 ALARM T5/questioning S1 s ; 17:00:00.001 refuse T5 extension.approved
   18:00 clear T5/questioning s alarm
# T5 approval given in time, arriving late, withdraws the alarm
@po
16:59:59.999 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown arrives=17:10
18:00 stay.released stay=s reason=released
=> @pre8 ; 17:00 ALARM T5/questioning S1 s ; 17:10 clear T5/questioning s alarm withdrawn
# T5 approval doubled: same line again, same id again, same id other content
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
10:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
11:00 officer.registered officer=nobody service=sworn roles=guard id=x1
11:30 extension.approved stay=s rule=T5 limit=24h approver=head ground=complex_and_detention_possible id=x1
18:00 stay.released stay=s reason=released
=> nothing
# T5 approval for a stay already released
@po ; 12:00 stay.released stay=s reason=released
12:01 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
=> 12:01 refuse T5 extension.approved
# T1 24 h by the head of the department
@cs
20:00 extension.approved stay=s rule=T1 limit=24h approver=head ground=grave_or_complex_custody_needed
2026-03-19T09:00 stay.released stay=s reason=detention_centre
=> 19:00 pre T1/summons s due 21:00 ; 20:00 clear T1/summons s pre-warning ; @pre24 T1/summons
   2026-03-19T09:00 clear T1/summons s pre-warning
# T1 24 h by a station head is refused: only the head of the case-handling department
@cs
20:30 extension.approved stay=s rule=T1 limit=24h approver=station ground=grave_or_complex_custody_needed
21:00:00.001 stay.released stay=s reason=released
=> @pre12 T1/summons ; 20:30 refuse T1 extension.approved ; 21:00 ALARM T1/summons S1 s
   21:00:00.001 clear T1/summons s alarm
# T1 approval of a tier that does not exist, and of the first
@cs
10:00 extension.approved stay=s rule=T1 limit=18h approver=head ground=grave_or_complex_custody_needed
10:01 extension.approved stay=s rule=T1 limit=12h approver=head ground=grave_or_complex_custody_needed
12:00 stay.released stay=s reason=released
=> 10:00 refuse T1 extension.approved ; 10:01 refuse T1 extension.approved
# T1 approval for a T5 stay
@po
10:00 extension.approved stay=s rule=T1 limit=24h approver=head ground=grave_or_complex_custody_needed
12:00 stay.released stay=s reason=released
=> 10:00 refuse T1 extension.approved
# two measures one after the other: T5 ends, T1 begins at the change
@po ; 15:40 measure.changed stay=s measure=criminal_summons
2026-03-19T03:40:00.001 stay.released stay=s reason=bail
=> 15:30 pre T5/questioning s due 17:00 ; 15:40 clear T5/questioning s pre-warning
   2026-03-19T01:40 pre T1/summons s due 2026-03-19T03:40
   2026-03-19T02:40 pre T1/summons s due 2026-03-19T03:40
   2026-03-19T03:10 pre T1/summons s due 2026-03-19T03:40
   2026-03-19T03:30 pre T1/summons s due 2026-03-19T03:40 ; 2026-03-19T03:40 ALARM T1/summons S1 s
   2026-03-19T03:40:00.001 clear T1/summons s alarm
# measure changed after the limit clears the alarm, at the limit prevents it
@po ; @in s2 b2 waiting-2 public_order_questioning 09:00
17:00 measure.changed stay=s measure=criminal_detention
17:00:01 measure.changed stay=s2 measure=criminal_detention
17:30 stay.released stay=s reason=detention_centre ; 17:30 stay.released stay=s2 reason=detention_centre
=> @pre8 ; 15:30 pre T5/questioning s2 due 17:00 ; 16:00 pre T5/questioning s2 due 17:00
   16:30 pre T5/questioning s2 due 17:00 ; 16:50 pre T5/questioning s2 due 17:00
   17:00 clear T5/questioning s pre-warning ; 17:00 ALARM T5/questioning S1 s2
   17:00:01 clear T5/questioning s2 alarm
# month end
@guard g1 guard 2026-01-31T19:00 ; @in s b waiting-1 public_order_questioning 2026-01-31T20:00
2026-02-01T04:00:00.001 stay.released stay=s reason=released
=> 2026-02-01T02:30 pre T5/questioning s due 2026-02-01T04:00
   2026-02-01T03:00 pre T5/questioning s due 2026-02-01T04:00
   2026-02-01T03:30 pre T5/questioning s due 2026-02-01T04:00
   2026-02-01T03:50 pre T5/questioning s due 2026-02-01T04:00 ; 2026-02-01T04:00 ALARM T5/questioning S1 s
   2026-02-01T04:00:00.001 clear T5/questioning s alarm
# leap day
@guard g1 guard 2028-02-28T10:00 ; @heads 2028-02-28T10:00
@in s b waiting-1 criminal_summons 2028-02-28T23:30
2028-02-29T00:30 extension.approved stay=s rule=T1 limit=24h approver=head ground=grave_or_complex_custody_needed
2028-02-29T23:30:00.001 stay.released stay=s reason=released
=> 2028-02-29T19:30 pre T1/summons s due 2028-02-29T23:30
   2028-02-29T21:30 pre T1/summons s due 2028-02-29T23:30
   2028-02-29T22:30 pre T1/summons s due 2028-02-29T23:30
   2028-02-29T23:00 pre T1/summons s due 2028-02-29T23:30
   2028-02-29T23:20 pre T1/summons s due 2028-02-29T23:30 ; 2028-02-29T23:30 ALARM T1/summons S1 s
   2028-02-29T23:30:00.001 clear T1/summons s alarm
# year end 2026/27
@guard g1 guard 2026-12-31T19:00 ; @in s b waiting-1 criminal_summons 2026-12-31T20:00
2027-01-01T08:00 stay.released stay=s reason=released
=> 2027-01-01T06:00 pre T1/summons s due 2027-01-01T08:00
   2027-01-01T07:00 pre T1/summons s due 2027-01-01T08:00
   2027-01-01T07:30 pre T1/summons s due 2027-01-01T08:00
   2027-01-01T07:50 pre T1/summons s due 2027-01-01T08:00 ; 2027-01-01T08:00 clear T1/summons s pre-warning
# M1 entered exactly at 5 min
@guard g1 guard 08:50 ; 09:00 person.arrived stay=s ; 09:05 area.entered stay=s
09:05 search.signed stay=s officers=g1 ; 09:05 stay.registered stay=s measure=voluntary case=c
until 09:30
=> 09:03 pre M1/entry s due 09:05 ; 09:05 clear M1/entry s pre-warning
# M1 entered 1 ms after 5 min; and one in time after exactly 15 min
@guard g1 guard 08:50 ; 09:00 person.arrived stay=s ; 09:05:00.001 area.entered stay=s
09:05:01 search.signed stay=s officers=g1 ; 09:05:01 stay.registered stay=s measure=voluntary case=c
09:00 person.arrived stay=t ; 09:15 area.entered stay=t ; 09:15 search.signed stay=t officers=g1
09:15 stay.registered stay=t measure=voluntary case=c ; 09:00 person.arrived stay=u
09:15:00.001 area.entered stay=u ; 09:15:01 search.signed stay=u officers=g1
09:15:01 stay.registered stay=u measure=voluntary case=c ; until 09:30
=> 09:03 pre M1/entry s due 09:05 ; 09:03 pre M1/entry t due 09:05 ; 09:03 pre M1/entry u due 09:05
   09:05 ALARM M1/entry S3 s ; 09:05 ALARM M1/entry S3 t ; 09:05 ALARM M1/entry S3 u
   09:05:00.001 clear M1/entry s alarm ; 09:15 clear M1/entry t alarm ; 09:15 ALARM M1/entry S2 u
   09:15:00.001 clear M1/entry u alarm
# M1 band outside: at once, cleared when read inside
@vol ; 10:00 tag.read tag=b room=outside ; 10:02 tag.read tag=b room=reception
10:02:01 tag.read tag=g1 room=reception
=> 10:00 ALARM M1/outside S1 s ; 10:02 clear M1/outside s alarm
# M1 outside one second before the release, told ten minutes late
@vol ; 10:00 stay.released stay=s reason=released ; 09:59:59 tag.read tag=b room=outside arrives=10:10
=> 09:59:59 ALARM M1/outside S1 s late=601 ; 10:00 clear M1/outside s alarm
# M2a in the waiting room before the search: at once; time 5/10 min
@guard g1 guard 08:50 ; 09:00 person.arrived stay=s ; 09:00 area.entered stay=s
09:00 wristband.bound stay=s band=b ; 09:00 stay.registered stay=s measure=voluntary case=c
09:00:10 tag.read tag=b room=waiting-1 ; 09:10:00.001 search.signed stay=s officers=g1
=> 09:00:10 ALARM M2a/order S2 s ; 09:05 pre M2a/time s due 09:10 ; 09:10 ALARM M2a/time S3 s
   09:10:00.001 clear M2a/order s alarm ; 09:10:00.001 clear M2a/time s alarm
# M2a signed exactly at 10 min, never in a wrong room
@guard g1 reception 08:50 ; 09:00 person.arrived stay=s ; 09:00 area.entered stay=s
09:00 wristband.bound stay=s band=b ; 09:00 stay.registered stay=s measure=voluntary case=c
09:00 tag.read tag=b room=reception ; 09:10 search.signed stay=s officers=g1 ; until 09:20
=> 09:05 pre M2a/time s due 09:10 ; 09:10 clear M2a/time s pre-warning
# M2a signature on paper reaches the gateway after the breach: both withdrawn
@guard g1 guard 08:50 ; 09:00 person.arrived stay=s ; 09:00 area.entered stay=s
09:00 wristband.bound stay=s band=b ; @guard g2 reception 08:50 ; 09:00 tag.read tag=b room=reception
09:00 stay.registered stay=s measure=voluntary case=c
09:01 search.signed stay=s officers=g1 arrives=09:20 by=paper ; 09:02 tag.read tag=b room=waiting-1
until 09:30
=> 09:02 ALARM M2a/order S2 s ; 09:05 pre M2a/time s due 09:10 ; 09:10 ALARM M2a/time S3 s
   09:20 clear M2a/order s alarm withdrawn ; 09:20 clear M2a/time s alarm withdrawn
# M5 registered at exactly 15 min after entry
@guard g1 guard 08:50 ; @seen s b waiting-1 09:00
09:15 stay.registered stay=s measure=voluntary case=c arrived_at=09:00 ; until 09:20
=> nothing
# M5 registered 1 ms late
@guard g1 guard 08:50 ; @seen s b waiting-1 09:00
09:15:00.001 stay.registered stay=s measure=voluntary case=c arrived_at=09:00 ; until 09:20
=> 09:15 ALARM M5/register S3 s ; 09:15:00.001 clear M5/register s alarm
# M5 nobody was told: only a band bound and read
@guard g1 guard 08:50 ; 09:00 wristband.bound stay=s band=b ; 09:00 search.signed stay=s officers=g1
09:00 tag.read tag=b room=waiting-1 ; until 09:20
=> 09:15 ALARM M5/register S3 s
# M3 guard gone exactly one minute
@vol ; 10:00 tag.gone tag=g1 room=guard ; 10:01 tag.read tag=g1 room=guard ; until 10:10
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 clear M3/guard s pre-warning
# M3 guard gone for 1 ms more; a second time for exactly three minutes; a third for 1 ms more
@vol ; 10:00 tag.gone tag=g1 room=guard ; 10:01:00.001 tag.read tag=g1 room=guard
11:00 tag.gone tag=g1 room=guard ; 11:03 tag.read tag=g1 room=guard ; 12:00 tag.gone tag=g1 room=guard
12:03:00.001 tag.read tag=g1 room=guard ; until 12:10
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:01:00.001 clear M3/guard s alarm
11:00:30 pre M3/guard s due 11:01 ; 11:01 ALARM M3/guard S2 s ; 11:03 clear M3/guard s alarm
12:00:30 pre M3/guard s due 12:01 ; 12:01 ALARM M3/guard S2 s ; 12:03 ALARM M3/nobody S1 s
12:03:00.001 clear M3/guard s alarm ; 12:03:00.001 clear M3/nobody s alarm
# M3 two persons in one room: one alarm each, and each ends with its own guard
@vol ; @in t b2 waiting-1 voluntary 09:00 ; 10:00 tag.gone tag=g1 room=guard
10:01:10 stay.released stay=s reason=released ; 10:02 stay.released stay=t reason=released ; until 10:05
=> 10:00:30 pre M3/guard s due 10:01 ; 10:00:30 pre M3/guard t due 10:01 ; 10:01 ALARM M3/guard S2 s
10:01 ALARM M3/guard S2 t ; 10:01:10 clear M3/guard s alarm ; 10:02 clear M3/guard t alarm
# M3 auxiliary alone
@vol ; @aux a1 guard 09:30 ; 10:00 tag.gone tag=g1 room=guard ; 10:05 tag.read tag=g1 room=guard
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:05 clear M3/guard s alarm
# M3 guard moved to the corridor does not guard the waiting room
@vol ; 10:00 tag.read tag=g1 room=corridor ; 10:01:30 tag.read tag=g1 room=waiting-1
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:01:30 clear M3/guard s alarm
# M3 badge withdrawn: the person in the room is no officer any more
@vol ; 10:00 officer.withdrawn officer=g1 ; until 10:02
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s
# M3 badge read before it was registered: counts from the registration, same place
@vol ; 10:00 tag.gone tag=g1 room=guard ; 10:00 tag.read tag=g2 room=guard
10:00:45 officer.registered officer=g2 service=sworn roles=guard ; until 10:05
=> 10:00:30 pre M3/guard s due 10:01 ; 10:00:45 clear M3/guard s pre-warning
# I1 criminal suspect, second officer leaves for exactly one minute, then more than ten
@cs ; @guard o1 interrogation-1 09:30 ; @guard o2 interrogation-1 09:30
10:00 tag.read tag=b room=interrogation-1 ; 10:10 tag.gone tag=o2 room=interrogation-1
10:11 tag.read tag=o2 room=interrogation-1 ; 10:20 tag.gone tag=o2 room=interrogation-1
10:30:00.001 tag.read tag=o2 room=interrogation-1
=> 10:10:30 pre I1/criminal s due 10:11 ; 10:11 clear I1/criminal s pre-warning
   10:20:30 pre I1/criminal s due 10:21 ; 10:21 ALARM I1/criminal S2 s ; 10:30 ALARM I1/criminal S1 s
   10:30:00.001 clear I1/criminal s alarm
# I1 the second officer is an auxiliary: counts for nothing
@cs ; @guard o1 interrogation-1 09:30 ; @aux a1 interrogation-1 09:30
10:00 tag.read tag=b room=interrogation-1 ; 10:01:00.001 tag.read tag=b room=waiting-1
=> 10:00:30 pre I1/criminal s due 10:01 ; 10:01 ALARM I1/criminal S2 s
   10:01:00.001 clear I1/criminal s alarm
# I2 one officer and a running recorder is lawful
@po ; @guard o1 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1
12:00 tag.read tag=b room=waiting-1
=> nothing
# I2 one officer, recorder stops for more than a minute
@po ; @guard o1 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1
11:00 recorder.stopped recorder=rec-interview-1 ; 11:01:00.001 recorder.started recorder=rec-interview-1
12:00 tag.read tag=b room=waiting-1
=> 11:00:05 ALARM M4/interview S1 room:interview-1 ; 11:00:05 ALARM R3/questioning S1 s
   11:00:30 pre I2/single s due 11:01 ; 11:01 ALARM I2/single S1 s
   11:01:00.001 clear M4/interview room:interview-1 alarm ; 11:01:00.001 clear R3/questioning s alarm
   11:01:00.001 clear I2/single s alarm
# I2 one officer, recorder state unknown: not proved to record, its own alarm
@po ; @guard o1 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1
11:00 recorder.lost recorder=rec-interview-1 ; 11:01:30 recorder.started recorder=rec-interview-1
12:00 tag.read tag=b room=waiting-1
=> 11:00:30 ALARM SYS/recorder S2 recorder:rec-interview-1 ; 11:00:30 pre I2/single s due 11:01
   11:01 ALARM I2/single S1 s ; 11:01:30 clear SYS/recorder recorder:rec-interview-1 alarm
   11:01:30 clear I2/single s alarm
# I2 two officers, recorder stopped: R3 and M4 only
@po ; @guard o1 interview-1 09:30 ; @guard o2 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1
11:00 recorder.stopped recorder=rec-interview-1 ; 11:02 recorder.started recorder=rec-interview-1
=> 11:00:05 ALARM M4/interview S1 room:interview-1 ; 11:00:05 ALARM R3/questioning S1 s
   11:02 clear M4/interview room:interview-1 alarm ; 11:02 clear R3/questioning s alarm
# I2 nobody with the offender in the interview room
@po ; @guard o1 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1
11:00 tag.gone tag=o1 room=interview-1 ; 11:10:00.001 tag.read tag=o1 room=interview-1
=> 11:00:30 pre I2/nobody s due 11:01 ; 11:00:30 pre M3/guard s due 11:01 ; 11:01 ALARM I2/nobody S2 s
11:01 ALARM M3/guard S2 s ; 11:03 ALARM M3/nobody S1 s ; 11:10 ALARM I2/nobody S1 s
11:10:00.001 clear I2/nobody s alarm ; 11:10:00.001 clear M3/guard s alarm ; 11:10:00.001 clear M3/nobody s alarm
# I1 and I2 in one room: a criminal suspect and a public-order offender with one officer
@po ; @in t b2 waiting-1 criminal_summons 09:00 ; @guard o1 interview-1 09:30
10:00 tag.read tag=b room=interview-1 ; 10:00 tag.read tag=b2 room=interview-1
10:01:30 tag.read tag=b2 room=waiting-1 ; 10:03 tag.read tag=b room=waiting-1
=> 10:00:30 pre I1/criminal t due 10:01 ; 10:01 ALARM I1/criminal S2 t ; 10:01:30 clear I1/criminal t alarm
# M4 person enters a room whose recorder has long been stopped: counts from the entry
@vol ; @guard g2 interrogation-2 09:00 ; 09:30 recorder.stopped recorder=rec-interrogation-2
10:00 tag.read tag=b room=interrogation-2 ; 10:00:05.001 tag.read tag=b room=waiting-1
10:10 tag.read tag=b room=interrogation-2 ; 10:10:05 tag.read tag=b room=waiting-1
=> 10:00:05 ALARM M4/interview S1 room:interrogation-2
   10:00:05.001 clear M4/interview room:interrogation-2 alarm
# DR gate opened exactly 10 s after the release: not forced
09:00 door.released door=gate ; 09:00:10 door.opened door=gate ; 09:00:12 door.closed door=gate
=> nothing
# DR gate opened 10.001 s after the release: forced; stands until shut
09:00 door.released door=gate ; 09:00:10.001 door.opened door=gate ; 09:00:12 door.closed door=gate
until 09:05
=> 09:00:10.001 ALARM DR/forced-gate S1 door:gate ; 09:00:12 clear DR/forced-gate door:gate alarm
# DR request to exit counts as a release; on another door it does not
09:00 door.exit_requested door=exit ; 09:00:09.999 door.opened door=exit ; 09:00:10 door.closed door=exit
09:01 door.exit_requested door=exit ; 09:01:01 door.opened door=gate ; 09:01:02 door.closed door=gate
=> 09:01:01 ALARM DR/forced-gate S1 door:gate ; 09:01:02 clear DR/forced-gate door:gate alarm
# DR release after the opening, and release arriving late
09:00 door.opened door=door-waiting-1 ; 09:00:01 door.released door=door-waiting-1
09:00:05 door.closed door=door-waiting-1 ; 10:00 door.opened door=door-waiting-1
09:59:59 door.released door=door-waiting-1 arrives=10:00:20
10:00:05 door.closed door=door-waiting-1 arrives=10:00:30 ; until 10:01
=> 09:00 ALARM DR/forced-room S2 door:door-waiting-1
   09:00:05 clear DR/forced-room door:door-waiting-1 alarm
   10:00 ALARM DR/forced-room S2 door:door-waiting-1
   10:00:20 clear DR/forced-room door:door-waiting-1 alarm withdrawn
# DR an uncontrolled room door cannot be forced nor held
09:00 door.opened door=door-search ; until 09:30
=> nothing
# DR gate held exactly 15 s, then 15.001 s
09:00 door.released door=gate ; 09:00 door.opened door=gate ; 09:00:15 door.closed door=gate
09:10 door.released door=gate ; 09:10 door.opened door=gate ; 09:10:15.001 door.closed door=gate
=> 09:00:10 pre DR/held-gate door:gate due 09:00:15 ; 09:00:15 clear DR/held-gate door:gate pre-warning
   09:10:10 pre DR/held-gate door:gate due 09:10:15 ; 09:10:15 ALARM DR/held-gate S2 door:gate
   09:10:15.001 clear DR/held-gate door:gate alarm
# DR opened twice without closing: held since the first
09:00 door.released door=gate ; 09:00 door.opened door=gate ; 09:00:09 door.opened door=gate
09:00:16 door.closed door=gate
=> 09:00:10 pre DR/held-gate door:gate due 09:00:15 ; 09:00:15 ALARM DR/held-gate S2 door:gate
   09:00:16 clear DR/held-gate door:gate alarm
# WB gone for exactly 30 s; for 30.001 s; for more than two minutes
@vol ; 10:00 tag.gone tag=b room=waiting-1 ; 10:00:30 tag.read tag=b room=waiting-1
11:00 tag.gone tag=b room=waiting-1 ; 11:00:30.001 tag.read tag=b room=waiting-1
12:00 tag.gone tag=b room=waiting-1 ; 12:02:00.001 tag.read tag=b room=waiting-1
=> 11:00:30 ALARM WB/silent S2 s ; 11:00:30.001 clear WB/silent s alarm ; 12:00:30 ALARM WB/silent S2 s
   12:02 ALARM WB/silent S1 s ; 12:02:00.001 clear WB/silent s alarm
# WB bound and never read
@guard g1 guard 08:50 ; 09:00 area.entered stay=s ; 09:00 wristband.bound stay=s band=b
09:00 search.signed stay=s officers=g1 ; 09:00 stay.registered stay=s measure=voluntary case=c
09:10 stay.released stay=s reason=released
=> 09:00:30 ALARM WB/silent S2 s ; 09:02 ALARM WB/silent S1 s ; 09:10 clear WB/silent s alarm
# WB cut, then replaced and read at once
@vol ; 10:00 wristband.cut band=b ; 10:01 wristband.bound stay=s band=b9
10:01:05 tag.read tag=b9 room=waiting-1 ; until 10:10
=> 10:00 ALARM WB/cut S1 s ; 10:01 clear WB/cut s alarm
# WB a band somebody wears is refused to another
@vol ; @in t b2 waiting-2 voluntary 09:00 ; 10:00 wristband.bound stay=s band=b2
10:00 wristband.bound stay=t band=b ; 10:00:05 tag.read tag=b2 room=waiting-1
10:00:05 tag.read tag=b room=waiting-2 ; until 10:10
=> 10:00 refuse WB wristband.bound ; 10:00 refuse WB wristband.bound
# WB band used again for the next person after release
@vol ; 10:00 stay.released stay=s reason=released ; 10:10 wristband.returned band=b state=whole
10:20 wristband.cleaned band=b ; @in t b waiting-2 voluntary 11:00
12:00 tag.gone tag=b room=waiting-2 ; 12:00:31 tag.read tag=b room=waiting-2
=> 12:00:30 ALARM WB/silent S2 t ; 12:00:31 clear WB/silent t alarm
# WB battery below 15, exactly 15, again full
@vol ; 10:00 wristband.battery band=b percent=15 ; 11:00 wristband.battery band=b percent=14
12:00 wristband.battery band=b percent=90
=> 11:00 ALARM WB/battery S3 s ; 12:00 clear WB/battery s alarm
# power cut over the limit, the release was before the limit: alarm late, then withdrawn
@po ; 16:40 env:power.cut ; 16:59 stay.released stay=s reason=released ; 17:30 env:boot ; until 17:40
=> 15:30 pre T5/questioning s due 17:00 ; 16:00 pre T5/questioning s due 17:00
   16:30 pre T5/questioning s due 17:00 ; 16:50 pre T5/questioning s due 17:00 late=2400
   16:40:30 ALARM SYS/gateway S1 gateway:gw-a1 late=2970 ; 17:00 ALARM T5/questioning S1 s late=1800
   16:59 clear T5/questioning s pre-warning ; 17:30 clear T5/questioning s alarm withdrawn
   17:30 clear SYS/gateway gateway:gw-a1 alarm
# power cut of exactly 30 s is not alarmed, of 30.001 s it is
@vol ; 10:00 env:power.cut ; 10:00:30 env:boot ; 11:00 env:power.cut ; 11:00:30.001 env:boot ; until 12:00
=> 11:00:30 ALARM SYS/gateway S1 gateway:gw-a1 ; 11:00:30.001 clear SYS/gateway gateway:gw-a1 alarm
# boot twice
@po ; 16:40 env:power.cut ; 17:30 env:boot ; 17:30:10 env:boot
17:40 stay.released stay=s reason=released
=> 15:30 pre T5/questioning s due 17:00 ; 16:00 pre T5/questioning s due 17:00
   16:30 pre T5/questioning s due 17:00 ; 16:50 pre T5/questioning s due 17:00 late=2400
   16:40:30 ALARM SYS/gateway S1 gateway:gw-a1 late=2970 ; 17:00 ALARM T5/questioning S1 s late=1800
   17:40 clear T5/questioning s alarm ; 17:30 clear SYS/gateway gateway:gw-a1 alarm
# power cut over three limits of different rules
@guard g1 guard 04:50 ; @heads 08:00 ; @in s b waiting-1 public_order_questioning 09:00
@in t b2 waiting-2 criminal_summons 05:00 ; 16:55 tag.gone tag=g1 room=guard ; 16:55:10 env:power.cut
18:00 env:boot ; 18:01 tag.read tag=g1 room=guard ; 18:02 stay.released stay=s reason=released
18:02 stay.released stay=t reason=released
=> 15:00 pre T1/summons t due 17:00 ; 15:30 pre T5/questioning s due 17:00 ; 16:00 pre T1/summons t due 17:00
16:00 pre T5/questioning s due 17:00 ; 16:30 pre T1/summons t due 17:00 ; 16:30 pre T5/questioning s due 17:00
16:50 pre T1/summons t due 17:00 ; 16:50 pre T5/questioning s due 17:00 ; 16:55:30 pre M3/guard s due 16:56 late=3870
16:55:30 pre M3/guard t due 16:56 late=3870 ; 16:56 ALARM M3/guard S2 s late=3840 ; 16:56 ALARM M3/guard S2 t late=3840
16:58 ALARM M3/nobody S1 s late=3720 ; 16:58 ALARM M3/nobody S1 t late=3720 ; 17:00 ALARM T1/summons S1 t late=3600
17:00 ALARM T5/questioning S1 s late=3600 ; 16:55:40 ALARM SYS/gateway S1 gateway:gw-a1 late=3860 ; 18:00 clear SYS/gateway gateway:gw-a1 alarm
18:01 clear M3/guard s alarm ; 18:01 clear M3/guard t alarm ; 18:01 clear M3/nobody s alarm
18:01 clear M3/nobody t alarm ; 18:02 clear T5/questioning s alarm ; 18:02 clear T1/summons t alarm
# network down over an approval by the server: alarm at the limit, withdrawn when it comes
@po ; 16:45 env:network.down
16:50 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
17:05 env:network.up ; 18:00 stay.released stay=s reason=released
=> @pre8 ; 16:45:30 ALARM SYS/server S3 server:gw-a1 ; 17:00 ALARM T5/questioning S1 s
   17:05 clear SYS/server server:gw-a1 alarm ; 17:05 clear T5/questioning s alarm withdrawn
# network down, but the approval is typed at the kiosk
@po ; 16:45 env:network.down
16:49 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown by=kiosk
17:05 env:network.up ; 18:00 stay.released stay=s reason=released
=> 15:30 pre T5/questioning s due 17:00 ; 16:00 pre T5/questioning s due 17:00
   16:30 pre T5/questioning s due 17:00 ; 16:49 clear T5/questioning s pre-warning
   16:45:30 ALARM SYS/server S3 server:gw-a1 ; 17:05 clear SYS/server server:gw-a1 alarm
# node down: held, nothing is raised for lack of sight
@vol ; 10:00 env:node.down node=n3 ; 10:20 env:node.up node=n3 ; until 10:30
=> 10:00:05 ALARM SYS/node S2 node:n3 ; 10:20 clear SYS/node node:n3 alarm
# power cut during node down
@vol ; 10:00 env:node.down node=n3 ; 10:05 env:power.cut ; 10:10 env:boot ; 10:20 env:node.up node=n3
until 10:30
=> 10:00:05 ALARM SYS/node S2 node:n3 ; 10:05:30 ALARM SYS/gateway S1 gateway:gw-a1 late=270
   10:10 clear SYS/gateway gateway:gw-a1 alarm ; 10:20 clear SYS/node node:n3 alarm
# clock step forwards two hours during a running clock: durations do not change
@po ; 10:00 env:clock.step by=2h ; 11:00 env:clock.trusted ; 17:00:01 stay.released stay=s reason=released
=> 10:00 ALARM SYS/clock S2 clock:gw-a1 ; 11:00 clear SYS/clock clock:gw-a1 alarm ; @pre8
   17:00 ALARM T5/questioning S1 s ; 17:00:01 clear T5/questioning s alarm
# clock step backwards two hours during a running clock, never trusted again
@po ; 10:00 env:clock.step by=-2h ; 17:00:01 stay.released stay=s reason=released
=> 10:00 ALARM SYS/clock S2 clock:gw-a1 ; @pre8 ; 17:00 ALARM T5/questioning S1 s
   17:00:01 clear T5/questioning s alarm
# clock lost, then trusted: every running limit at once uncertain, withdrawn what was not due
@po ; 12:00 env:clock.lost ; 12:10 env:clock.trusted ; until 12:20
=> @pre8 ; 12:00 ALARM SYS/clock S2 clock:gw-a1 ; 17:00 ALARM T5/questioning S1 s uncertain
   12:10 clear SYS/clock clock:gw-a1 alarm ; 12:10 clear T5/questioning s alarm withdrawn
# duplicates: same line, same id same content, same id other content
@vol ; 10:00 tag.gone tag=g1 room=guard id=q1 ; 10:00:20 tag.read tag=g1 room=guard id=q1
10:00:10 tag.gone tag=g1 room=guard id=q2 ; 10:00:10 tag.gone tag=g1 room=guard id=q2
10:00:45 tag.read tag=g1 room=guard ; 10:00:45 tag.read tag=g1 room=guard ; until 10:05
=> 10:00:30 pre M3/guard s due 10:01 ; 10:00:45 clear M3/guard s pre-warning
# late arrival extends: reading told later withdraws a silent band
@vol ; 10:00 tag.gone tag=b room=waiting-1 ; 10:00:20 tag.read tag=b room=waiting-1 arrives=10:05
until 10:10
=> 10:00:30 ALARM WB/silent S2 s ; 10:02 ALARM WB/silent S1 s ; 10:05 clear WB/silent s alarm withdrawn
# released twice, registered after release
@vol ; 10:00 stay.released stay=s reason=released ; 10:01 stay.released stay=s reason=bail
10:02 measure.changed stay=s measure=criminal_summons ; until 2026-03-19T12:00
=> 10:01 refuse M5 stay.released ; 10:02 refuse M5 measure.changed
# officer replaced: second registration takes the role away
@po ; 10:00 officer.registered officer=head service=sworn roles=case_officer
10:01 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
12:00 stay.released stay=s reason=released
=> 10:01 refuse T5 extension.approved
# initial unknown: nothing known is not normal
@unknown ; @vol ; until 09:05
=> 08:50:05 ALARM SYS/node S2 node:n1 ; 08:50:05 ALARM SYS/node S2 node:n2 ; 08:50:05 ALARM SYS/node S2 node:n3
08:50:05 ALARM SYS/node S2 node:n4
# clock lost at noon, trusted, then the real limit passes
@po ; 12:00 env:clock.lost ; 12:10 env:clock.trusted ; 17:30 stay.released stay=s reason=released
=> 12:00 ALARM SYS/clock S2 clock:gw-a1 ; @pre8 ; 17:00 ALARM T5/questioning S1 s uncertain
   12:10 clear SYS/clock clock:gw-a1 alarm ; 12:10 clear T5/questioning s alarm withdrawn ; @pre8
   17:00 ALARM T5/questioning S1 s ; 17:30 clear T5/questioning s alarm
# clock lost, release in the doubt, trusted later
@po ; 12:00 env:clock.lost ; 12:05 stay.released stay=s reason=released ; 12:10 env:clock.trusted
until 18:00
=> 12:00 ALARM SYS/clock S2 clock:gw-a1 ; @pre8 ; 17:00 ALARM T5/questioning S1 s uncertain
   12:05 clear T5/questioning s alarm withdrawn ; 12:10 clear SYS/clock clock:gw-a1 alarm
# approval given during clock lost
@po ; 12:00 env:clock.lost
12:05 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
12:10 env:clock.trusted ; 18:00 stay.released stay=s reason=released
=> 12:00 ALARM SYS/clock S2 clock:gw-a1 ; @pre8 ; 17:00 ALARM T5/questioning S1 s uncertain
   12:10 clear SYS/clock clock:gw-a1 alarm ; 12:05 clear T5/questioning s alarm withdrawn
   @pre12 T5/questioning ; 21:00 ALARM T5/questioning S1 s uncertain
   12:10 clear T5/questioning s alarm withdrawn
# clock step then power cut over the limit
@po ; 10:00 env:clock.step by=2h ; 16:50 env:power.cut ; 17:30 env:boot
17:40 stay.released stay=s reason=released
=> 10:00 ALARM SYS/clock S2 clock:gw-a1 ; 15:30 pre T5/questioning s due 17:00
   16:00 pre T5/questioning s due 17:00 ; 16:30 pre T5/questioning s due 17:00
   16:50 pre T5/questioning s due 17:00 late=2400 ; 17:00 ALARM T5/questioning S1 s late=1800
   16:50:30 ALARM SYS/gateway S1 gateway:gw-a1 late=2370 ; 17:30 clear SYS/gateway gateway:gw-a1 alarm
   17:40 clear T5/questioning s alarm
# clock step back 2 h, power cut, boot: limit must not be moved into the future
@po ; 10:00 env:clock.step by=-2h ; 16:50 env:power.cut ; 17:30 env:boot
17:40 stay.released stay=s reason=released
=> 10:00 ALARM SYS/clock S2 clock:gw-a1 ; 15:30 pre T5/questioning s due 17:00
   16:00 pre T5/questioning s due 17:00 ; 16:30 pre T5/questioning s due 17:00
   16:50 pre T5/questioning s due 17:00 late=2400 ; 17:00 ALARM T5/questioning S1 s late=1800
   16:50:30 ALARM SYS/gateway S1 gateway:gw-a1 late=2370 ; 17:30 clear SYS/gateway gateway:gw-a1 alarm
   17:40 clear T5/questioning s alarm
# I1 alternation of who is in the room: one distinct officer read by two badges registered to one officer
@cs ; 09:20 officer.registered officer=o1 service=sworn roles=case_officer badge=x1
09:21 officer.registered officer=o1 service=sworn roles=case_officer badge=x2
09:30 tag.read tag=x1 room=interrogation-1 ; 09:30 tag.read tag=x2 room=interrogation-1
10:00 tag.read tag=b room=interrogation-1 ; 10:01:00.001 tag.read tag=b room=waiting-1
=> 10:00:30 pre I1/criminal s due 10:01 ; 10:01 ALARM I1/criminal S2 s
   10:01:00.001 clear I1/criminal s alarm
# I1 new badge: officer lost the badge, the old badge left in the room counts no more
@cs ; 09:20 officer.registered officer=o1 service=sworn roles=case_officer badge=x1
09:20 officer.registered officer=o2 service=sworn roles=case_officer badge=x2
09:30 tag.read tag=x1 room=interrogation-1 ; 09:30 tag.read tag=x2 room=interrogation-1
10:00 tag.read tag=b room=interrogation-1
10:10 officer.registered officer=o2 service=sworn roles=case_officer badge=x3
10:11:00.001 tag.read tag=x3 room=interrogation-1
=> 10:10:30 pre I1/criminal s due 10:11 ; 10:11 ALARM I1/criminal S2 s
   10:11:00.001 clear I1/criminal s alarm
# measure changed while in interrogation: public-order with one officer becomes criminal
@po ; @guard o1 interrogation-1 09:30 ; 10:00 tag.read tag=b room=interrogation-1
11:00 measure.changed stay=s measure=criminal_summons ; 11:02 tag.read tag=b room=waiting-1
=> 11:00:30 pre I1/criminal s due 11:01 ; 11:01 ALARM I1/criminal S2 s ; 11:02 clear I1/criminal s alarm
# unregistered person in the interview room with one officer: recorder of no meaning for I, M5 for the row
@guard g1 guard 08:50 ; @guard o1 interview-1 08:50 ; 09:00 area.entered stay=s
09:00 wristband.bound stay=s band=b ; 09:00 search.signed stay=s officers=g1
09:00 tag.read tag=b room=interview-1
09:20 stay.registered stay=s measure=criminal_summons case=c arrived_at=09:00
09:30 tag.read tag=b room=waiting-1 ; until 09:35
=> 09:15 ALARM M5/register S3 s ; 09:20 clear M5/register s alarm ; 09:20:30 pre I1/criminal s due 09:21
   09:21 ALARM I1/criminal S2 s ; 09:30 clear I1/criminal s alarm
# extension under the first measure does not carry to the second
@cs
10:00 extension.approved stay=s rule=T1 limit=24h approver=head ground=grave_or_complex_custody_needed
12:00 measure.changed stay=s measure=public_order_questioning
20:00:00.001 stay.released stay=s reason=released
=> 18:30 pre T5/questioning s due 20:00 ; 19:00 pre T5/questioning s due 20:00
   19:30 pre T5/questioning s due 20:00 ; 19:50 pre T5/questioning s due 20:00
   20:00 ALARM T5/questioning S1 s ; 20:00:00.001 clear T5/questioning s alarm
# search signed before entry (at the gate) counts
@guard g1 guard 08:50 ; 08:59:50 person.arrived stay=s ; 08:59:55 search.signed stay=s officers=g1
09:00 area.entered stay=s ; 09:00 wristband.bound stay=s band=b
09:00 stay.registered stay=s measure=voluntary case=c ; 09:00:10 tag.read tag=b room=waiting-1
until 09:20
=> nothing
# until is inclusive: what is due at that very moment is told
@po ; until 17:00
=> @pre8 ; 17:00 ALARM T5/questioning S1 s
# node n3 lost, but the guard is seen elsewhere by n1: another may have come unseen, held
@vol ; 10:00 env:node.down node=n3 ; 10:05 tag.read tag=g1 room=reception ; 10:20 env:node.up node=n3
until 10:19
=> 10:00:05 ALARM SYS/node S2 node:n3
# late fact from before the first of a stay: arrival told late moves the limit forward
@guard g1 guard 08:50 ; 09:00 area.entered stay=s ; 09:00 wristband.bound stay=s band=b
09:00 search.signed stay=s officers=g1
09:00 stay.registered stay=s measure=public_order_questioning case=c ; 09:00 tag.read tag=b room=waiting-1
08:58 person.arrived stay=s arrives=16:59:30 ; until 17:10
=> 15:30 pre T5/questioning s due 17:00 ; 16:00 pre T5/questioning s due 17:00
   16:30 pre T5/questioning s due 17:00 ; 16:50 pre T5/questioning s due 17:00
   16:58 ALARM T5/questioning S1 s late=90
# arrived_at in the future of the register is not believed
@po ; @guard g2 waiting-2 08:50 ; 10:00 person.arrived stay=t ; 10:00 area.entered stay=t
10:00 wristband.bound stay=t band=b2 ; 10:00 search.signed stay=t officers=g1
10:00 tag.read tag=b2 room=waiting-2
10:01 stay.registered stay=t measure=public_order_questioning case=c arrived_at=14:00
12:00 stay.released stay=s reason=released ; 18:00:00.001 stay.released stay=t reason=released
=> 10:01 refuse M5 stay.registered ; 10:15 ALARM M5/register S3 t ; 18:00:00.001 clear M5/register t alarm
# the band of a released person read by chance opens no stay
@vol ; 10:00 stay.released stay=s reason=released ; 10:30 tag.read tag=b room=waiting-1
11:00 tag.gone tag=b room=waiting-1 ; 11:30 wristband.battery band=b percent=2 ; until 12:00
=> nothing
# an entry after the release: a new stay by the same reference is refused
@vol ; 10:00 stay.released stay=s reason=released ; 10:30 person.arrived stay=s
10:31 wristband.bound stay=s band=b ; until 11:00
=> 10:30 refuse M1 person.arrived ; 10:31 refuse WB wristband.bound
# approval on behalf of a stay whose register row arrives later
@guard g1 guard 08:50 ; @heads 08:00 ; @seen s b waiting-1 09:00
09:10 stay.registered stay=s measure=public_order_questioning case=c arrives=12:00
10:00 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
18:00 stay.released stay=s reason=released
=> 09:15 ALARM M5/register S3 s ; 10:00 refuse T5 extension.approved
   12:00 clear M5/register s alarm withdrawn
# power cut twice over one limit: told once
@po ; 16:55 env:power.cut ; 17:05 env:boot ; 17:10 env:power.cut ; 17:20 env:boot
17:30 stay.released stay=s reason=released
=> @pre8 ; 16:55:30 ALARM SYS/gateway S1 gateway:gw-a1 late=570 ; 17:00 ALARM T5/questioning S1 s late=300
   17:05 clear SYS/gateway gateway:gw-a1 alarm ; 17:10:30 ALARM SYS/gateway S1 gateway:gw-a1 late=570
   17:20 clear SYS/gateway gateway:gw-a1 alarm ; 17:30 clear T5/questioning s alarm
# withdrawn officer does not count as second officer for a search either
@vol ; @heads 08:00 ; 09:30 officer.withdrawn officer=duty ; 10:00 person.arrived stay=t
10:00 area.entered stay=t ; 10:00 wristband.bound stay=t band=b2 ; 10:00 tag.read tag=b2 room=reception
10:00 tag.read tag=head room=reception ; 10:00 stay.registered stay=t measure=voluntary case=c
10:01 search.signed stay=t officers=duty ; 10:02 search.signed stay=t officers=head,g1 ; until 10:20
=> 10:01 refuse M2a search.signed
# life cycle: in order, then again after it is closed
@vol ; @heads 08:00 ; 10:00 tag.gone tag=g1 room=guard ; 10:02 tag.read tag=g1 room=guard
10:01:10 alarm.taken alarm=$1 officer=g1 ; 10:01:20 alarm.acknowledged alarm=$1 officer=duty
10:05 alarm.rectified alarm=$1 officer=g1 cause=c action=a ; 10:06 alarm.verified alarm=$1 officer=duty
10:07 alarm.taken alarm=$1 officer=duty ; 10:08 alarm.rectified alarm=$1 officer=g1 cause=c action=a
10:09 alarm.verified alarm=$1 officer=duty
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:02 clear M3/guard s alarm
10:07 refuse SYS alarm.taken ; 10:08 refuse SYS alarm.rectified ; 10:09 refuse SYS alarm.verified
# life cycle: acknowledged without being taken, verified by the same person, then by another
@vol ; @heads 08:00 ; 10:00 tag.gone tag=g1 room=guard ; 10:02 tag.read tag=g1 room=guard
10:01:20 alarm.acknowledged alarm=$1 officer=duty ; 10:04 alarm.verified alarm=$1 officer=g1
10:05 alarm.rectified alarm=$1 officer=duty cause=c action=a ; 10:06 alarm.verified alarm=$1 officer=duty
10:07 alarm.verified alarm=$1 officer=g1
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:02 clear M3/guard s alarm
10:04 refuse M3 alarm.verified ; 10:06 refuse M3 alarm.verified
# life cycle: rectified and verified while the breach stands
@vol ; @heads 08:00 ; 10:00 tag.gone tag=g1 room=guard ; 10:01:05 alarm.acknowledged alarm=$1 officer=duty
10:01:10 alarm.rectified alarm=$1 officer=g1 cause=c action=a
10:01:20 alarm.verified alarm=$1 officer=duty ; 10:02 tag.read tag=g1 room=guard
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:01:20 refuse M3 alarm.verified
10:02 clear M3/guard s alarm
# acknowledging does not stop the ladder
@vol ; @heads 08:00 ; 10:00 tag.gone tag=g1 room=guard ; 10:01:05 alarm.acknowledged alarm=$1 officer=duty
until 10:04
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:03 ALARM M3/nobody S1 s
# a tier said in other words: 720min, 1d
@po ; 10:00 extension.approved stay=s rule=T5 limit=720min approver=head ground=identity_unknown
11:00 extension.approved stay=s rule=T5 limit=1d approver=head ground=complex_and_detention_possible
22:00 stay.released stay=s reason=released
=> nothing
# approval dated before the person came
@po
08:30 extension.approved stay=s rule=T5 limit=24h approver=head ground=complex_and_detention_possible
17:00:01 stay.released stay=s reason=released
=> 08:30 refuse T5 extension.approved ; @pre8 ; 17:00 ALARM T5/questioning S1 s
   17:00:01 clear T5/questioning s alarm
# recorder never known: initial unknown, one officer questions
@unknown ; @po ; 08:30 node.restored node=n1 ; 08:30 node.restored node=n2 ; 08:30 node.restored node=n3
08:30 node.restored node=n4 ; 08:30 recorder.started recorder=rec-east
08:30 recorder.started recorder=rec-west ; 08:30 recorder.started recorder=rec-south
08:30 recorder.started recorder=rec-interrogation-1 ; 08:30 recorder.started recorder=rec-interrogation-2
@guard o1 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1 ; 10:05 tag.read tag=b room=waiting-1
=> 08:00:05 ALARM SYS/node S2 node:n1 ; 08:00:05 ALARM SYS/node S2 node:n2 ; 08:00:05 ALARM SYS/node S2 node:n3
08:00:05 ALARM SYS/node S2 node:n4 ; 08:30 clear SYS/node node:n1 alarm ; 08:30 clear SYS/node node:n2 alarm
08:30 clear SYS/node node:n3 alarm ; 08:30 clear SYS/node node:n4 alarm ; 08:30:30 ALARM SYS/door S2 door:door-property
08:30:30 ALARM SYS/door S2 door:door-sobering ; 08:30:30 ALARM SYS/door S2 door:door-waiting-1 ; 08:30:30 ALARM SYS/door S2 door:door-waiting-2
08:30:30 ALARM SYS/door S2 door:door-waiting-f ; 08:30:30 ALARM SYS/door S2 door:exit ; 08:30:30 ALARM SYS/door S2 door:gate
08:30:30 ALARM SYS/input S2 input:duress-interrogation-1 ; 08:30:30 ALARM SYS/input S2 input:duress-interrogation-2
08:30:30 ALARM SYS/input S2 input:emergency-release ; 08:30:30 ALARM SYS/input S2 input:smoke-waiting-1
08:30:30 ALARM SYS/input S2 input:temperature-sobering ; 08:30:30 ALARM SYS/input S2 input:water-property
08:30:30 ALARM SYS/recorder S2 recorder:rec-interview-1 ; 10:00:30 pre I2/single s due 10:01 ; 10:01 ALARM I2/single S1 s
10:05 clear I2/single s alarm
# recorder: flapping between stopped and unknown each 4 s records nothing all the time
@po ; @guard o1 interview-1 09:30 ; @guard o2 interview-1 09:30 ; 10:00 tag.read tag=b room=interview-1
10:00:00 recorder.lost recorder=rec-interview-1 ; 10:00:04 recorder.stopped recorder=rec-interview-1
10:00:08 recorder.lost recorder=rec-interview-1 ; 10:00:12 recorder.stopped recorder=rec-interview-1
10:00:16 recorder.lost recorder=rec-interview-1 ; 10:00:20 recorder.started recorder=rec-interview-1
until 10:05
=> 10:00:09 ALARM M4/interview S1 room:interview-1 ; 10:00:09 ALARM R3/questioning S1 s
   10:00:20 clear M4/interview room:interview-1 alarm ; 10:00:20 clear R3/questioning s alarm
# person moves from one unrecorded interview room to another every 4 s
@po ; @guard o1 interview-1 09:30 ; @guard o2 interview-1 09:30 ; @guard o3 interrogation-1 09:30
@guard o4 interrogation-1 09:30 ; 09:40 recorder.stopped recorder=rec-interview-1
09:40 recorder.stopped recorder=rec-interrogation-1 ; 10:00 tag.read tag=b room=interview-1
10:00:04 tag.read tag=b room=interrogation-1 ; 10:00:08 tag.read tag=b room=interview-1
10:00:12 tag.read tag=b room=waiting-1
=> 10:00:05 ALARM R3/questioning S1 s ; 10:00:12 clear R3/questioning s alarm
# I1 led from one interrogation room with one officer to another with one officer every 50 s
@cs ; @guard o1 interrogation-1 09:30 ; @guard o2 interrogation-2 09:30
10:00 tag.read tag=b room=interrogation-1 ; 10:00:50 tag.read tag=b room=interrogation-2
10:01:40 tag.read tag=b room=waiting-1
=> 10:00:30 pre I1/criminal s due 10:01 ; 10:01 ALARM I1/criminal S2 s ; 10:01:40 clear I1/criminal s alarm
# I1 none, then one, then none: fewer than two all along
@cs ; @guard o1 corridor 09:30 ; 10:00 tag.read tag=b room=interrogation-1
10:00:50 tag.read tag=o1 room=interrogation-1 ; 10:01:40 tag.read tag=b room=waiting-1
=> 10:00:30 pre I1/criminal s due 10:01 ; 10:00:30 pre M3/guard s due 10:01 ; 10:00:50 clear M3/guard s pre-warning
10:01 ALARM I1/criminal S2 s ; 10:01:40 clear I1/criminal s alarm
# two persons in one interrogation room, guards counted for each
@cs ; @in t b2 waiting-2 criminal_summons 09:00 ; @guard o1 interrogation-1 09:30
@guard o2 interrogation-1 09:30 ; 10:00 tag.read tag=b room=interrogation-1
10:00 tag.read tag=b2 room=interrogation-1 ; 10:10 tag.gone tag=o2 room=interrogation-1
10:11:00.001 tag.read tag=o2 room=interrogation-1
=> 10:10:30 pre I1/criminal s due 10:11 ; 10:10:30 pre I1/criminal t due 10:11 ; 10:11 ALARM I1/criminal S2 s
   10:11 ALARM I1/criminal S2 t ; 10:11:00.001 clear I1/criminal s alarm
   10:11:00.001 clear I1/criminal t alarm
# guard moves: late order of gone and read at the same instant
@vol ; 10:00 tag.read tag=g1 room=waiting-1 ; 10:00 tag.gone tag=g1 room=guard
10:05 tag.gone tag=g1 room=waiting-1 ; 10:05 tag.read tag=g1 room=guard ; until 10:10
=> nothing
# network down: sensors do not wait
@vol ; 10:00 env:network.down ; 10:00:10 tag.gone tag=g1 room=guard ; 10:01:20 tag.read tag=g1 room=guard
10:05 env:network.up
=> 10:00:30 ALARM SYS/server S3 server:gw-a1 ; 10:00:40 pre M3/guard s due 10:01:10 ; 10:01:10 ALARM M3/guard S2 s
10:01:20 clear M3/guard s alarm ; 10:05 clear SYS/server server:gw-a1 alarm
# node down exactly at the border: five seconds
@vol ; 10:00 env:node.down node=n4 ; 10:00:05 env:node.up node=n4 ; 11:00 env:node.down node=n4
11:00:05.001 env:node.up node=n4 ; until 11:10
=> 11:00:05 ALARM SYS/node S2 node:n4 ; 11:00:05.001 clear SYS/node node:n4 alarm
# alarm that stands when the node goes: stands, cleared by what the node saw when it is back
@vol ; 10:00 tag.gone tag=g1 room=guard ; 10:02 env:node.down node=n3 ; 10:10 tag.read tag=g1 room=guard
10:20 env:node.up node=n3 ; until 10:30
=> 10:00:30 pre M3/guard s due 10:01 ; 10:01 ALARM M3/guard S2 s ; 10:02:05 ALARM SYS/node S2 node:n3
10:03 ALARM M3/nobody S1 s ; 10:10 clear M3/guard s alarm ; 10:10 clear M3/nobody s alarm
10:20 clear SYS/node node:n3 alarm
# port of the gateway lost for exactly ten seconds, then longer
10:00 port.lost port=p1 ; 10:00:10 port.restored port=p1 ; 11:00 port.lost port=p1
11:00:10.001 port.restored port=p1
=> 11:00:10 ALARM SYS/port S3 port:p1 ; 11:00:10.001 clear SYS/port port:p1 alarm
# certificate five hours later than the gate
@guard g1 guard 08:50 ; 09:00 area.entered stay=s ; 09:00 wristband.bound stay=s band=b
09:00 search.signed stay=s officers=g1 ; 09:00 tag.read tag=b room=waiting-1
09:10 stay.registered stay=s measure=public_order_questioning case=c arrived_at=09:09
17:05 stay.released stay=s reason=released
=> 15:39 pre T5/questioning s due 17:09 ; 16:09 pre T5/questioning s due 17:09
   16:39 pre T5/questioning s due 17:09 ; 16:59 pre T5/questioning s due 17:09
   17:05 clear T5/questioning s pre-warning
# power cut during network down over an approval by the server
@po ; 16:45 env:network.down
16:50 extension.approved stay=s rule=T5 limit=12h approver=head ground=identity_unknown
16:55 env:power.cut ; 17:05 env:boot ; 17:15 env:network.up ; 18:00 stay.released stay=s reason=released
=> @pre8 ; 16:45:30 ALARM SYS/server S3 server:gw-a1 ; 16:55:30 ALARM SYS/gateway S1 gateway:gw-a1 late=570
   17:00 ALARM T5/questioning S1 s late=300 ; 17:05 clear SYS/gateway gateway:gw-a1 alarm
   17:15 clear SYS/server server:gw-a1 alarm ; 17:15 clear T5/questioning s alarm withdrawn
# clock lost while a guard is away 40 s: at once uncertain, then withdrawn
@vol ; 10:00 tag.gone tag=g1 room=guard ; 10:00:40 env:clock.lost ; 10:00:50 env:clock.trusted
10:00:55 tag.read tag=g1 room=guard ; until 10:10
=> 10:00:30 pre M3/guard s due 10:01 ; 10:00:40 ALARM SYS/clock S2 clock:gw-a1 ; 10:01 ALARM M3/guard S2 s uncertain
10:03 ALARM M3/nobody S1 s uncertain ; 10:00:50 clear M3/guard s alarm withdrawn ; 10:00:50 clear M3/nobody s alarm withdrawn
10:00:50 clear SYS/clock clock:gw-a1 alarm ; 10:00:55 clear M3/guard s pre-warning
# both bands cut: swap of bands between two persons by way of the cut
@vol ; @in t b2 waiting-2 voluntary 09:00 ; 10:00 wristband.cut band=b ; 10:00 wristband.cut band=b2
10:01 wristband.bound stay=s band=b8 ; 10:01 wristband.cleaned band=b ; 10:01 wristband.bound stay=t band=b
10:01:05 tag.read tag=b8 room=waiting-1 ; 10:01:05 tag.read tag=b room=waiting-2
10:02 wristband.cut band=b2 ; until 10:05
=> 10:00 ALARM WB/cut S1 s ; 10:00 ALARM WB/cut S1 t ; 10:01 clear WB/cut s alarm
   10:01 clear WB/cut t alarm
# a fact more than a day late still counts: release told the day after
@po ; 16:00 stay.released stay=s reason=released arrives=2026-03-20T09:00
=> @pre8 ; 17:00 ALARM T5/questioning S1 s ; 16:00 clear T5/questioning s pre-warning
   2026-03-20T09:00 clear T5/questioning s alarm withdrawn
# released person banded anew under a new stay keeps nothing of the old clock
@po ; 10:00 stay.released stay=s reason=released ; 10:10 wristband.cleaned band=b
@in t b waiting-1 public_order_questioning 10:30
18:30 stay.released stay=t reason=released
=> 17:00 pre T5/questioning t due 18:30 ; 17:30 pre T5/questioning t due 18:30
   18:00 pre T5/questioning t due 18:30 ; 18:20 pre T5/questioning t due 18:30
   18:30 clear T5/questioning t pre-warning
# late read at an earlier room order: person was in sobering between
@vol ; 10:00 tag.read tag=b room=corridor arrives=10:20 ; 10:05 tag.read tag=b room=waiting-1
until 10:30
=> 10:00:30 pre M3/guard s due 10:01 late=1170 ; 10:01 ALARM M3/guard S2 s late=1140 ; 10:03 ALARM M3/nobody S1 s late=1020
10:05 clear M3/guard s alarm ; 10:05 clear M3/nobody s alarm
# T5 24 h asked for after the 12 h ran out
@po ; 10:00 extension.approved stay=s rule=T5 limit=12h approver=station ground=many_persons_involved
21:00:00.001 extension.approved stay=s rule=T5 limit=24h approver=station ground=complex_and_detention_possible
21:01 stay.released stay=s reason=released
=> @pre12 T5/questioning ; 21:00 ALARM T5/questioning S1 s ; 21:00:00.001 refuse T5 extension.approved
   21:01 clear T5/questioning s alarm
# late 12 h approval lets a 24 h that had been too late stand
@po
16:00 extension.approved stay=s rule=T5 limit=12h approver=station ground=many_persons_involved arrives=18:00
17:30 extension.approved stay=s rule=T5 limit=24h approver=station ground=complex_and_detention_possible
22:00 stay.released stay=s reason=released
=> @pre8 ; 17:00 ALARM T5/questioning S1 s ; 17:30 refuse T5 extension.approved
   18:00 clear T5/questioning s alarm withdrawn
# M1 outside for a person not yet in: band bound outside counts as entry, reading outside alarms
08:59 person.arrived stay=s ; 09:00 wristband.bound stay=s band=b ; 09:00:05 tag.read tag=b room=outside
09:00:30 tag.read tag=b room=reception ; 09:00:31 stay.released stay=s reason=other
=> 09:00:05 ALARM M1/outside S1 s ; 09:00:30 clear M1/outside s alarm
# node down one second before the power cut, still down after the boot
@vol ; 10:00 env:node.down node=n3 ; 10:00:01 env:power.cut ; 10:05 env:boot
10:20 env:node.up node=n3 ; until 10:30
=> 10:00:31 ALARM SYS/gateway S1 gateway:gw-a1 late=269 ; 10:05 clear SYS/gateway gateway:gw-a1 alarm
   10:00:05 ALARM SYS/node S2 node:n3 late=298 ; 10:20 clear SYS/node node:n3 alarm
# network down one second before the power cut, still down after the boot
@vol ; 10:00 env:network.down ; 10:00:01 env:power.cut ; 10:05 env:boot
10:20 env:network.up ; until 10:30
=> 10:00:31 ALARM SYS/gateway S1 gateway:gw-a1 late=269 ; 10:05 clear SYS/gateway gateway:gw-a1 alarm
   10:00:30 ALARM SYS/server S3 server:gw-a1 late=300 ; 10:20 clear SYS/server server:gw-a1 alarm
# guard already gone 50 s when the node goes: the minute runs out unseen
@vol ; 10:00 tag.gone tag=g1 room=guard ; 10:00:50 env:node.down node=n3
10:20 env:node.up node=n3 ; 10:21 tag.read tag=g1 room=guard
=> 10:00:30 pre M3/guard s due 10:01 ; 10:00:55 ALARM SYS/node S2 node:n3 ; 10:01 ALARM M3/guard S2 s
10:03 ALARM M3/nobody S1 s ; 10:20 clear SYS/node node:n3 alarm ; 10:21 clear M3/guard s alarm
10:21 clear M3/nobody s alarm
"""

FIRST = '{"at": "2026-03-18T09:00:00+08:00", "fact": "person.arrived", "stay": "s-1"}'
NINE = '"at": "2026-03-18T09:00:00+08:00"'
MALFORMED = [
    ('{"at": "2026-02-29T09:00:00+08:00", "fact": "person.arrived", "stay": "s"}', "its offset", "2026-02-29"),
    ('{"at": "2026-03-18T25:00:00+08:00", "fact": "person.arrived", "stay": "s"}', "its offset", "T25:00"),
    ('{"at": 5, "fact": "person.arrived", "stay": "s"}', "its offset", "5"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": "s", "arrives": "2026-03-18T00:59:59Z"}}', "not before", "00:59:59Z"),
    (f"{{{NINE}}}", "fact, env", "neither"),
    (f'{{{NINE}, "fact": 7}}', "a fact type", "7"),
    (f'{{{NINE}, "fact": ["person.arrived"], "stay": "s"}}', "a fact type", "person.arrived"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": ""}}', "1 to 64 characters", "''"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": "{"a" * 65}"}}', "1 to 64 characters", "aaa"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": null}}', "stay", "nothing"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": "s", "by": "angel"}}', "kiosk", "angel"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": "s", "id": 5}}', "text as id", "5"),
    (f'{{{NINE}, "fact": "person.arrived", "stay": "s"', "JSON", "delimiter"),
    (f'{{{NINE}, "fact": "stay.registered", "stay": "s", "measure": "torture", "case": "c"}}', "arrest", "torture"),
    (f'{{{NINE}, "fact": "stay.registered", "stay": "s", "measure": "arrest", "case": "c", "arrived_at": "09:00"}}',
     "its offset", "09:00"),
    (f'{{{NINE}, "fact": "stay.registered", "stay": "s", "measure": "arrest", "case": "c", "minor": "yes"}}',
     "true or false", "yes"),
    (f'{{{NINE}, "fact": "stay.released", "stay": "s", "reason": "bored"}}', "hospital", "bored"),
    (f'{{{NINE}, "fact": "officer.registered", "officer": "o", "service": "army", "roles": []}}', "sworn", "army"),
    (f'{{{NINE}, "fact": "officer.registered", "officer": "o", "service": "sworn", "roles": ["king"]}}', "roles", "king"),
    (f'{{{NINE}, "fact": "officer.registered", "officer": "o", "service": "sworn", "roles": "guard"}}', "list", "guard"),
    (f'{{{NINE}, "fact": "wristband.battery", "band": "b", "percent": true}}', "whole number", "True"),
    (f'{{{NINE}, "fact": "alarm.rectified", "alarm": "a", "officer": "o", "cause": "", "action": "x"}}', "1 to 200", "''"),
    (f'{{{NINE}, "env": "boot", "node": "n1"}}', "no other key", "node"),
    (f'{{{NINE}, "env": "clock.step"}}', "by", "none"),
    (f'{{{NINE}, "env": "clock.step", "by": 5}}', "by", "5"),
    (f'{{{NINE}, "env": {{}}}}', "power.cut", "{}"),
    ('{"scenario": "a second header"}', "first line", "second header"),
    ('{"at": NaN}', "JSON", "NaN"),
    ("null", "JSON object", "None"),
]  # fmt: skip


def stories():
    for block in re.split(r"(?m)^# ", SCENARIOS)[1:]:
        title, _, body = block.partition("\n")
        told, _, printed = body.partition("=>")
        yield pytest.param(expand(told), Counter(expand(printed.replace("nothing", ""))), id=title)


def expand(text):
    """The lines of a side, its macros opened."""
    lines = []
    for line in filter(None, map(str.strip, re.split(r";|\n", text))):
        name, *words = line.split()
        macro = "\n".join(MACROS.get(name, []))
        lines += expand(macro.format(*words) if words else macro) if macro else [line]
    return lines


def instant(text):
    """'09:00', '09:00:05.001', '2026-03-19T09:00', '2026-03-18T01:00:00Z' as an instant with offset."""
    day, _, clock = (text if "T" in text else f"{DAY}T{text}").partition("T")
    hour, zone = re.fullmatch(r"([\d:.]+)(.*)", clock).groups()
    return f"{day}T{hour if hour.count(':') == 2 else hour + ':00'}{zone or '+08:00'}"


def json_line(line):
    if line.startswith("{"):
        return line
    moment, what, *pairs = line.split()
    row = {"at": instant(moment)} | ({"env": what[4:]} if what.startswith("env:") else {"fact": what})
    for key, _, value in (pair.partition("=") for pair in pairs):
        row[key] = value.split(",") if key in LISTS else instant(value) if key in INSTANTS else value
        row[key] = int(value) if key == "percent" else row[key]
    return json.dumps(row)


def short(text):
    day, clock = re.fullmatch(r"(.{10})T(.{12})\+08:00", text).groups()
    return ("" if day == DAY else f"{day}T") + re.sub(r"(:00)?\.000$", "", clock)


def told(row):
    """A printed row as the scenarios say it."""
    event, rule = row["event"], "/".join(filter(None, (row["rule"], row.get("variant"))))
    words = [
        short(row["time"]),
        {"alarm": "ALARM", "pre-warning": "pre", "clearing": "clear"}.get(event, "refuse"),
        rule,
    ]
    if event == "refusal":
        return " ".join([*words, row["fact"]])
    words += [row["severity"]] if event == "alarm" else []
    words += [row["subject"].removeprefix("stay:")]
    words += ["due", short(row["due"])] if event == "pre-warning" else []
    words += (
        [row["of"], *(["withdrawn"] if row["reason"] == "late_evidence" else [])]
        if event == "clearing"
        else []
    )
    words += [f"late={row['late_ms'] / 1000:g}"] if row.get("late_ms") else []
    words += ["uncertain"] if row.get("certain") is False else []
    return " ".join(words)


# The rules there were when these stories were written; others may speak too, and have their own tests.
RULES = {"M1", "M2a", "M3", "M4", "R3", "T1", "T5", "I1", "I2", "WB", "DR", "SYS"}
LATER = {("WB", "return"), ("WB", "unknown")}
"""Rules that came after the stories were written: tests/custody/test_bands.py has them."""


def is_of_these_stories(row):
    return (
        row["event"] == "refusal"
        or (row["rule"] in RULES and (row["rule"], row["variant"]) not in LATER)
        or (row["rule"], row["variant"]) == ("M5", "register")
    )


def replay(tmp_path, capsys, text, *options):
    file = tmp_path / "story.jsonl"
    file.write_text(text + "\n", encoding="utf-8")
    code = main(["replay", str(file), "--rulebook", "cn-2026", "--json", *options])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(("lines", "expected"), list(stories()))
def test_the_command_tells_what_the_law_and_the_documents_say(tmp_path, capsys, lines, expected):
    until = [part for line in lines if line.startswith("until ") for part in ("--until", instant(line[6:]))]
    facts = [json_line(line) for line in lines if not line.startswith("until ")]
    without = "\n".join(fact for fact in facts if "$1" not in fact)
    code, out, err = replay(tmp_path, capsys, without, *until)
    if len(facts) > without.count("\n") + 1:
        rows = filter(is_of_these_stories, map(json.loads, out.splitlines()))
        first = next(row["alarm"] for row in rows if row["event"] == "alarm")
        code, out, err = replay(tmp_path, capsys, "\n".join(facts).replace("$1", first), *until)
    assert (code, err) == (0, "")
    rows = filter(is_of_these_stories, map(json.loads, out.splitlines()))
    assert Counter(map(told, rows)) == expected


@pytest.mark.parametrize(("line", "expected", "found"), MALFORMED)
def test_a_line_that_cannot_be_used_prints_nothing_and_names_itself(tmp_path, capsys, line, expected, found):
    code, out, err = replay(tmp_path, capsys, f"{FIRST}\n\n{line}")
    assert (code, out) == (2, "")
    assert err.startswith(f"{tmp_path / 'story.jsonl'}: line 3: expected ")
    wanted, _, came = err.partition(", found ")
    assert expected in wanted
    assert found in came


def test_what_fell_due_in_the_dark_is_told_before_what_waited(tmp_path, capsys):
    lines = expand("@po\n16:40 env:power.cut\n16:59 stay.released stay=s reason=released\n17:30 env:boot")
    _, out, _ = replay(tmp_path, capsys, "\n".join(map(json_line, lines)))
    rows = [told(json.loads(line)) for line in out.splitlines()]
    assert rows.index("17:00 ALARM T5/questioning S1 s late=1800") < rows.index(
        "17:30 clear T5/questioning s alarm withdrawn"
    )


def test_an_alarm_says_its_law_and_the_steps_of_one_ladder_share_an_id(tmp_path, capsys):
    lines = expand("@po\n16:40 person.arrived stay=t")
    _, out, _ = replay(tmp_path, capsys, "\n".join(map(json_line, lines)), "--until", instant("17:00:01"))
    rows = [row for row in map(json.loads, out.splitlines()) if row["event"] == "alarm"]
    rows = [row for row in rows if is_of_these_stories(row)]
    assert [(r["rule"], r["basis"], r["number_basis"], r["article"]) for r in rows] == [
        ("M1", "law", "local", rows[0]["article"]),
        ("M1", "law", "local", rows[0]["article"]),
        ("T5", "law", "law", "PSAPL 97"),
    ]
    assert rows[0]["alarm"] == rows[1]["alarm"] != rows[2]["alarm"]
