"""Short scenes in an area of one node, one cell, two doors: each is there for what its disk has to hold at that moment.

A line of `SCENES` is `name: why | seconds verb words, seconds verb words …`. Verbs are those of `actors.Actors`, of
`_macro` below, and `fault <kind> [<seconds>s] key=value …` for something that goes wrong by itself. The gateway is at
work from the second second on. `CONDITIONS` are circumstances in which `CORE` scenes are played once more.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from custody.times import parse_instant_us
from tests.simulation import cabinets
from tests.simulation.plan import Act, Fault, Plan

SECOND_US = 1_000_000
START_US = parse_instant_us("2026-03-18T09:00:00+08:00")
BAND, BADGE = "0A00000001", "0B00000002"
TAIL_S = 4
"""After the last act of a scene."""
SETTINGS: dict[str, Any] = {
    "area": "small", "server": "plain", "wants_oracle": False, "boot_us": (900_000, 1_100_000),
    "dark_us": (300_000, 2_500_000), "ntp_found_us": (100_000, 800_000), "ppm": {"n1": 30.0, "gateway": -20.0},
}  # fmt: skip

SCENES = """
nothing: a start, and nobody does anything |
gate forced: the gate opens with no release, alarm and sounder in the same turn | 4 open gate, 6 shut gate
gate released: a lawful way through the gate, no alarm | 4 release gate, 5 open gate, 7 shut gate
gate held: a gate that stays open falls due by time alone, twice | 4 release gate, 4.5 open gate, 21 shut gate
gate held on: the alarm of a held gate stands when all is over | 4 release gate, 4.5 open gate, 21 button gate
cell forced: the cell door, another severity than the gate | 4 open door-waiting-1, 6 shut door-waiting-1
both doors: two doors in one turn of the loop | 4 open gate, 4 open door-waiting-1, 6 shut gate, 6 shut door-waiting-1
quick door: open and shut before anything is written | 4 open gate, 4.2 shut gate, 4.4 open gate, 4.6 shut gate
exit button: the button makes a fact of its own | 4 button gate, 5 release gate, 6 open gate, 8 shut gate
chatter: a contact that bounces fills a batch | 4 chatter gate 8, 8 shut gate
long chatter: more messages than the node says at once | 4 chatter gate 24, 8 shut gate
loose wire: a contact that is never still is told as unknown, and as what it is when it rests | 6 chatter gate 400 8
tag laid: a tag is read and stays | 4 tag band
tag lifted: a tag is read and goes | 4 tag band, 7 untag band
tag stays: tags lie on their reader while its board starts anew | 4 tag band, 4.1 tag badge, 4.2 tag stray, 6 fault node_reset node=n1, 16 open gate ! whole_tags
two tags: band and badge on one reader | 4 tag band, 4 tag badge, 8 untag band
unknown tag: a tag that is nobody's | 4 tag stray, 7 untag stray
recorder stops: a recorder goes off and on | 4 off rec-1, 7 on rec-1
smoke: a detector trips and falls back | 4 trip smoke, 7 rest smoke
smoke stays: a detector trips, its board starts anew, and it still says smoke | 4 trip smoke, 6 fault node_reset node=n1, 16 open gate
interview dark: questioning without recording falls due after five seconds | 3 crew, 4 person, 6 off rec-1, 7 say interview.started stay=s1 kind=interrogation room=interrogation-1 officers=o1+o2, 16 on rec-1
interview sound: questioning that is recorded | 3 crew, 4 person, 6 say interview.started stay=s1 kind=interrogation room=interrogation-1 officers=o1+o2, 9 say interview.ended stay=s1
alone: one officer questions, told ahead and then due | 3 crew, 4 person, 6 say interview.started stay=s1 kind=interrogation room=interrogation-1 officers=o1, 8 say interview.ended stay=s1
crew: forms only, no sensor | 3 crew
person in: arrival, entry, band in three forms | 3 crew, 4 person
person seen: a bound band is seen in the cell before the search | 3 crew, 4 person, 6 tag band
searched: the search is signed before the cell | 3 crew, 4 person, 6 say search.signed stay=s1 officers=o1+o2, 7 tag band
guarded: an officer comes to the cell and leaves again | 3 crew, 4 person, 5 tag badge, 6 tag band, 10 untag badge
unguarded: nobody guards for a minute: told ahead and due by time alone | 3 crew, 4 person, 5 tag band, 70 untag band
registered: the register row with its measure starts the clocks | 3 crew, 4 person, 6 register criminal_summons
limit in sight: the twelve hours of a summons end in eight seconds | 3 crew, 4 came -43188, 5 register criminal_summons
limit past: they ended an hour ago, told as the form comes | 3 crew, 4 came -46800, 5 register criminal_summons
eight hours: the questioning limit of another measure ends now | 3 crew, 4 came -28792, 5 register public_order_questioning
limit ahead: a gate is held open while the network is away and much waits to be told; then everything comes late | 4 release gate, 4.5 open gate, 5.5 fault network 40s name=one_way_up, 8 chatter door-waiting-1 250, 45.5 fault network 20s name=late p=1.0 ms=2500, 50 shut gate
extended: the longer limit is approved before the shorter one ends | 3 crew, 4 came -43186, 5 register criminal_summons, 6 say extension.approved stay=s1 rule=T1 limit=24h approver=o3 ground=grave_or_complex_custody_needed
extended late: it is approved after the limit | 3 crew, 4 came -43194, 5 register criminal_summons, 11 say extension.approved stay=s1 rule=T1 limit=24h approver=o3 ground=grave_or_complex_custody_needed
extended, told late: it was approved before the limit, and the form comes after it | 3 crew, 4 came -43194, 5 register criminal_summons, 14 say extension.approved stay=s1 rule=T1 limit=24h approver=o3 ground=grave_or_complex_custody_needed -8
extended by nobody: who approves has no such role | 3 crew, 4 came -43192, 5 register criminal_summons, 6 say extension.approved stay=s1 rule=T1 limit=24h approver=o1 ground=grave_or_complex_custody_needed
meal due: six hours without a meal end now | 3 crew, 4 came -21590, 14 say meal.given stay=s1
meal given: a meal in time moves the limit | 3 crew, 4 came -21588, 6 say meal.given stay=s1
entry due: brought in and not yet in the area for five minutes | 3 crew, 4 say person.arrived stay=s1 -296
entry late: the entry is told after the alarm, of a time before it | 3 crew, 4 say person.arrived stay=s1 -304, 7 say area.entered stay=s1 -200
search due: ten minutes in the area without a search | 3 crew, 4 came -594, 10 say search.signed stay=s1 officers=o1+o2
restrained: a device with a watch that falls due | 3 crew, 4 came -1200, 5 say restraint.started stay=s1 device=handcuffs ground=violence -893, 12 say restraint.checked stay=s1, 14 say restraint.ended stay=s1
on paper: forms filled in by hand of the day before | 3 crew, 4 paper person.arrived stay=s1 -80000, 5 paper area.entered stay=s1 -79000
doubled form: the same form twice is two forms | 3 crew, 4 say person.arrived stay=s1, 5 say person.arrived stay=s1
bad form: a form whose body is none is refused, once | 3 crew, 4 say person.arrived stay=7, 5 say room.assigned stay=s1 room=nowhere
unknown stay: forms of a stay that nobody opened | 3 crew, 4 say effects.returned stay=s9, 5 say interview.ended stay=s9
future form: a time that is not yet | 3 crew, 4 say person.arrived stay=s1 300
acknowledged: an alarm is acknowledged | 3 crew, 4 open gate, 6 shut gate, 7 handle acknowledged
handled: an alarm goes its whole way | 3 crew, 4 open gate, 5 shut gate, 6 handle acknowledged, 7 handle taken, 8 handle rectified, 9 handle verified
shelved: a held gate is put aside for a minute and comes back by itself, in a quiet time | 3 crew, 4 release gate, 4.5 open gate, 22 handle acknowledged, 24 aside shelved reason=repair minutes=1, 92 button gate
shelved and dark: mains away when it should come back | 3 crew, 4 release gate, 4.5 open gate, 22 aside shelved reason=works minutes=1, 78 fault gateway_power 9s, 95 button gate
unshelved: it is taken back before its time, and put aside again | 3 crew, 4 release gate, 4.5 open gate, 22 aside shelved reason=test minutes=2, 24 aside unshelved, 26 aside shelved reason=test minutes=1, 28 shut gate
shelved too long: more than a site may set, and what was not put aside comes back | 3 crew, 4 release gate, 4.5 open gate, 22 aside removed_from_service reason=repair hours=25, 23 aside unshelved, 24 shut gate
out of service: a shelved gate is taken out of service, and back | 3 crew, 4 release gate, 4.5 open gate, 22 aside shelved reason=repair minutes=1, 24 aside removed_from_service reason=repair hours=1, 90 aside returned_to_service, 92 button gate
never shelved: a forced gate, a detector and a limit of the law are not put aside | 3 crew, 4 open gate, 5 aside shelved reason=works minutes=1, 6 trip smoke, 7 aside shelved reason=test minutes=1, 8 person, 9 off rec-1, 10 say interview.started stay=s1 kind=interrogation room=interrogation-1 officers=o1+o2, 17 aside shelved reason=test minutes=1, 19 on rec-1
silenced: the sounder is silent for three minutes about what sounds, and sounds again | 3 crew, 4 release gate, 4.5 open gate, 22 say alarm.silenced officer=o2, 209 button gate
silenced and more: what is raised in the silence sounds | 3 crew, 4 release gate, 4.5 open gate, 22 say alarm.silenced officer=o2, 24 open door-waiting-1, 27 button gate
handled by one: who rectified may not verify | 3 crew, 4 open gate, 5 shut gate, 6 handle acknowledged, 7 handle rectified, 8 handle verified
handled twice: the same step by two officers | 3 crew, 4 open gate, 5 shut gate, 6 handle acknowledged, 6 handle acknowledged
handled again: the same door again after its alarm was dealt with | 3 crew, 4 open gate, 5 shut gate, 6 handle acknowledged, 7 handle rectified, 8 open gate, 9 shut gate
released: a stay ends and its leaves are counted in the log | 3 crew, 4 came -600, 5 register criminal_summons, 6 say effects.returned stay=s1, 7 say stay.released stay=s1 reason=released officer=o1
released at the limit: the stay ends in the second of its limit | 3 crew, 4 came -43191, 5 register criminal_summons, 9 say stay.released stay=s1 reason=released officer=o1
released and in: it ends and its band is still in the cell | 3 crew, 4 came -600, 5 tag band, 6 say stay.released stay=s1 reason=released officer=o1
two people: two stays side by side | 3 crew, 4 came -600, 5 say person.arrived stay=s2, 6 say area.entered stay=s2, 7 register criminal_summons, 9 say stay.released stay=s2 reason=transferred officer=o1
away: an approved way out and the return | 3 crew, 4 came -600, 5 say exit.approved stay=s1 approver=o4 ground=hospital, 6 untag band, 9 say exit.returned stay=s1
node dies: the only board loses power, and comes back | 4 open gate, 5 fault node_power 9s node=n1, 18 shut gate
node gone in the dark: it died while the gateway was off, and nobody is there at the start | 4 open gate, 5 fault gateway_power 6s, 7 fault node_power 30s node=n1, 40 shut gate
node reset: its watchdog bites while a door is open | 4 open gate, 5 fault node_reset node=n1, 8 shut gate
node blind: it is off while a door moves | 4 fault node_power 4s node=n1, 5 open gate, 12 shut gate
node slow: its line is cut and everything comes late | 4 fault line 4s port=line1 name=cut, 5 open gate, 6 shut gate, 10 tag band
line one way: the gateway hears and is not heard: no ack arrives | 4 fault line 5s port=line1 name=cut_to_node, 5 open gate, 7 shut gate
line dirty: bits turn on the line | 4 fault line 6s port=line1 name=flip p=0.01, 5 open gate, 6 shut gate, 8 tag band
line very lossy: messages come after those that followed them | 3.5 fault line 45s port=line1 name=lose_to_gateway p=0.75, 4 chatter gate 24, 8 chatter door-waiting-1 24, 12 tag band, 20 untag band, 24 chatter gate 24
line double: chunks come twice | 4 fault line 6s port=line1 name=double p=0.5, 5 open gate, 6 shut gate, 8 tag band
port gone: the adapter is pulled out for longer than its limit | 4 fault port_gone 13s port=line1, 20 open gate, 22 shut gate
replay: somebody plays the line back | 4 open gate, 5 shut gate, 7 fault replay port=line1, 9 open gate, 10 shut gate
stranger: somebody speaks without the key | 4 fault stranger node=n1, 6 open gate, 8 shut gate
broker away: nothing is published for a while | 3 fault broker_down 6s, 4 open gate, 6 shut gate
broker forgets: it dies between batch and ack | 4 open gate, 4.1 fault broker_down 1s, 7 shut gate
ack lost: batches arrive, acks do not | 3 fault network 7s name=one_way_down, 4 open gate, 6 shut gate
batch lost: nothing arrives at the server, its words arrive | 3 fault network 7s name=one_way_up, 4 open gate, 6 shut gate
network double: everything comes twice | 2 fault network 20s name=double p=1.0, 4 open gate, 6 shut gate, 7 crew
network late: everything comes late and in another order | 2 fault network 20s name=late p=1.0 ms=2500, 4 open gate, 6 shut gate, 7 crew
server dies: it is away between two batches | 4 open gate, 5 fault server_kill 4s, 6 shut gate, 10 open gate, 12 shut gate
server long gone: its silence is alarmed | 3 fault server_kill 40s, 45 open gate, 47 shut gate
forged: somebody got into the broker | 4 open gate, 6 shut gate, 7 fault forge, 9 open gate
forged ack: somebody acks what the server has not got | 4 open gate, 5 fault network 8s name=one_way_up, 6 shut gate, 7 fault forge, 7.5 open door-waiting-1, 8 fault forge
old orders: it starts while the gateway is not heard and somebody plays back what that one said | 3 crew, 4 came -600, 5 tag band, 6 say stay.released stay=s1 reason=released officer=o1, 8 untag band, 9 tag band, 11 fault line 22s port=line1 name=lose p=1.0, 11.5 fault node_reset node=n1, 12 fault playback port=line1, 20 fault node_reset node=n1, 20.5 fault playback port=line1, 36 open gate
dead and replayed: its board is dead and somebody plays back what it said in an earlier life | 4 open gate, 5 shut gate, 6 fault node_reset node=n1, 9 fault replay 30s port=line1, 10 fault node_power 25s node=n1, 40 open gate
kept alive: the gateway is dead and somebody plays back its signs of life | 3 crew, 4 open gate, 6 fault gateway_power 25s, 6.5 fault playback port=line1, 9 fault playback port=line1, 12 fault playback port=line1, 15 fault playback port=line1, 18 fault playback port=line1, 36 shut gate
specks: a few bytes between two zeros, in both directions | 3 open gate, 4 fault line 8s port=line1 name=garbage p=0.5, 6 shut gate, 8 open gate, 10 shut gate, 15 open gate
gate unreadable: it is held open, and then its contact cannot be read for a while | 3 release gate, 3.5 open gate, 24 chatter gate 800 8, 40 shut gate, 45 open gate
doubt in a quiet time: one limit is to come; it is told as possible in a doubt, taken back after it, and comes | 3 fault no_ntp 4.5s, 3 fault broker_down 4.5s, 4 release gate, 4.5 open gate, 5.2 fault gateway_kill 0.8s, 9 tag band, 40 shut gate ! batteryless
late minute: everything comes seven seconds late for nearly a minute, an order too | 3 crew, 4 came -600, 50 tag band, 59.5 fault line 80s port=line1 name=slow ms=7000, 108 say stay.released stay=s1 reason=released officer=o1, 150 untag band
late again: an order that did not arrive is said again and comes after its end | 3 crew, 4 came -600, 5 tag band, 7 fault line 4s port=line1 name=cut_to_node, 7.5 say stay.released stay=s1 reason=released officer=o1, 10.9 fault line 10s port=line1 name=slow ms=4500, 25 untag band
killed: kill -9 in the middle of a door | 4 open gate, 5 fault gateway_kill 1s, 8 shut gate
killed twice: and again while it starts | 4 open gate, 5 fault gateway_kill 1s, 6.02 fault gateway_kill 1s, 9 shut gate
dark: mains away while a limit falls due | 4 release gate, 4.5 open gate, 6 fault gateway_power 12s, 22 shut gate
dark and torn: mains away with bytes on their way | 4 open gate, 5 fault gateway_cut_at_disk operations=1, 6 shut gate, 12 open gate
dark in recovery: and again in the first operation of the start after it | 4 open gate, 5 fault gateway_cut_at_disk operations=1, 6 shut gate, 9 fault gateway_cut_at_disk operations=0, 10 open gate, 14 shut gate
dark between acts: mains away between two acts of one turn | 3 fault gateway_cut_at_action actions=1, 4 open gate, 9 shut gate
frozen: the process stands still while a limit falls due | 4 release gate, 4.5 open gate, 6 fault gateway_freeze 12s, 22 shut gate
clock forward: somebody sets the clock an hour on | 3 crew, 4 came -43186, 5 register criminal_summons, 6 fault clock_step by_us=3600000000
clock back: and a day back | 3 crew, 4 came -43186, 5 register criminal_summons, 6 fault clock_step by_us=-86400000000
clock forward, killed: it starts again while its log doubts the clock, and the clock is right by then | 3 fault no_ntp 3.5s, 3 fault broker_down 9s, 4 open gate, 5 fault clock_step by_us=3600000000, 5.5 fault gateway_kill 3s, 10 shut gate
server slow, alone: a server whose clock is slow is the only source of time at a start | 0 fault no_ntp 3600s, 4 open gate, 6 fault server_clock_step by_us=-3600000000, 7 fault gateway_kill 1s, 10 shut gate, 14 open gate ! batteryless
doubt, then due: a limit told as possible in doubt is taken back, and then it comes | 3 fault no_ntp 4.5s, 3 fault broker_down 4.5s, 4 release gate, 4.5 open gate, 5.2 fault gateway_kill 0.8s, 30 shut gate ! batteryless
clock stopped: a battery clock that says that it stood, and no other source yet | 0 fault no_ntp 3600s, 0 fault broker_down 12s, 4 open gate, 6 shut gate, 16 open gate ! stopped
clock unsure: no time service, and a start meanwhile | 3 fault no_ntp 20s, 5 fault gateway_kill 1s, 8 open gate, 10 shut gate
clock dead: a start with a dead battery clock | 3 fault clock_at_boot rtc=dead, 4 fault gateway_power 3s, 10 open gate, 12 shut gate
clock ahead: a battery clock a day ahead | 3 fault clock_at_boot rtc=ahead, 4 fault gateway_power 3s, 10 open gate, 12 shut gate
clocks apart: time service and server contradict each other, and no battery clock decides | 0.2 fault server_clock_step by_us=10000000, 4 open gate, 9 shut gate ! batteryless
full: the disk has no room for the next leaf, then it has | 3.5 fault disk_full 3s spare_bytes=0, 4 open gate, 6 shut gate, 12 open gate
nearly full: half a batch fits | 3.5 fault disk_full 3s spare_bytes=700, 4 open gate, 6 shut gate, 12 open gate
full and killed: it starts while there is no room | 3.5 fault disk_full 5s spare_bytes=300, 4 open gate, 5 fault gateway_kill 1s, 9 shut gate
full at a limit: no room when a limit falls due: the sounder cries | 3 release gate, 3.5 open gate, 10 fault disk_full 8s spare_bytes=0, 22 shut gate
read-only: the system takes the disk away, and gives it back | 3.5 fault disk_read_only 7s, 4 open gate, 8 shut gate, 14 open gate
fsync fails: what was not synced is gone though the disk goes on | 3.5 fault disk_error operation=sync number=EIO after=0, 4 open gate, 8 shut gate, 12 open gate
append fails: the disk refuses a write | 3.5 fault disk_error operation=append number=EIO after=0, 4 open gate, 8 shut gate, 12 open gate
rot and start: an old byte turned, found at the next start: an interim log, and mended from the server | 3 chatter gate 12, 6 tag band, 8 untag band, 12 fault disk_rot, 12.1 fault gateway_kill 1s, 14 open gate, 16 shut gate ! roll late
rot at the end: a byte of the last file turned, with whole leaves after it | 3 chatter gate 12, 6 tag band, 8 untag band, 10 chatter gate 24, 11.98 fault disk_rot where=newest, 12 fault gateway_kill 1s, 14 open gate, 16 shut gate ! late
lied and forged: the card has not written what it said it had, and somebody else answers before the server | 0 fault mend_forger 60s, 3 chatter gate 3, 6 fault disk_lies 4.8s, 7 chatter gate 9, 10.5 fault gateway_power 1s, 16 open gate ! lost late
rot and facts: forms and limits while the log is an interim one | 3 chatter gate 12, 6 tag band, 8 untag band, 10 crew, 12 fault disk_rot, 12.05 fault network 5s name=one_way_down, 12.1 fault gateway_kill 1s, 14 open gate, 16 shut gate ! roll late
rot and dark: mains away while it is mended | 3 chatter gate 12, 6 tag band, 8 untag band, 12 fault disk_rot, 12.1 fault gateway_kill 1s, 13.5 fault gateway_power 1s, 14 open gate, 18 shut gate ! roll late
rot and scrub: the nightly reading finds it while all goes on | 3 chatter gate 12, 6 tag band, 8 untag band, 11 fault disk_rot, 12 fault gateway_kill 1s, 16 open gate, 18 shut gate ! roll scrub late
scrub: the nightly reading of a sound log | 4 open gate, 6 shut gate ! roll scrub
second disk: the first refuses a sync, the log goes on on the second | 3.5 fault disk_error operation=sync number=EIO after=0, 4 open gate, 6 shut gate, 9 open gate ! pair
second disk start: a start when the log already goes on there | 3.5 fault disk_error operation=sync number=EIO after=0, 4 open gate, 6 shut gate, 8 fault gateway_kill 1s, 11 open gate, 13 shut gate ! pair
second disk dark: mains away when it has just changed over | 3.5 fault disk_error operation=sync number=EIO after=0, 4 open gate, 5 fault gateway_power 2s, 9 shut gate ! pair
room kept: a reserve is made at the start | 4 open gate, 6 shut gate ! reserve
room given: the reserve is given up for facts and made again | 6 fault disk_full 7s spare_bytes=0, 7 open gate, 9 shut gate, 15 open gate ! reserve
stored: an exhibit is put into a compartment by a request and a badge | 2 keepers, 3 crew, 4 kept i1, 6 ask P-1 store i1, 8 badge k1, 8.6 pull P-1, 11 push P-1, 12 say item.stored item=i1 keeper=k1 compartment=P-1 ! cabinet
lent: what is valuable is stored and lent by two badges each time | 2 keepers, 3 crew, 4 gold i1, 6 ask P-1 store i1, 7 badge k1, 8 badge k2, 9 pull P-1, 11 push P-1, 12 say item.stored item=i1 keeper=k1 compartment=P-1, 14 ask P-1 lend i1, 15 badge k1, 16 badge k2, 17 pull P-1, 20 push P-1 ! cabinet
nobody came: a request that waits in vain, and one that is refused meanwhile | 2 keepers, 4 ask P-1 count, 6 badge k1, 8 ask P-2 count, 70 badge k2 ! cabinet
stale badge: one who was at the cabinet long before the request is not there any more | 2 keepers, 4 badge k1, 40 ask P-1 count, 42 badge k2, 44 pull P-1, 46 push P-1 ! cabinet
killed with a request: kill -9 while the badge is awaited | 2 keepers, 4 ask P-1 count, 6 badge k1, 6.5 fault gateway_kill 1s, 9 badge k2, 12 ask P-1 count, 14 badge k1, 15 badge k2, 16 pull P-1, 18 push P-1 ! cabinet
asked after a start: asked for in the first moments of a start, when it is known in wide bounds alone when a board saw something | 2 keepers, 4 fault gateway_kill 1s, 6.3 ask P-1 count, 6.4 badge k1, 6.5 badge k2, 7.5 pull P-1, 9.3 push P-1 ! cabinet
killed with an order: kill -9 between the order and the open door | 2 keepers, 4 ask P-1 count, 6 badge k1, 7 badge k2, 7.08 fault gateway_kill 1s, 7.6 pull P-1, 13 push P-1 ! cabinet
dark between order and act: mains away between two acts of the turn that orders | 2 keepers, 4 ask P-1 count, 6 badge k1, 7 badge k2, 7.01 fault gateway_cut_at_action actions=1, 7.6 pull P-1, 14 push P-1 ! cabinet
dark at an open locker: mains of all away while it stands open, and it is shut meanwhile | 2 keepers, 4 ask P-1 count, 6 badge k1, 7 badge k2, 8 pull P-1, 9 fault gateway_power 6s, 9 fault node_power 7s node=n1, 12 push P-1 ! cabinet
board gone at an open locker: its board is dead while it is shut | 2 keepers, 4 ask P-1 count, 6 badge k1, 7 badge k2, 8 pull P-1, 9 fault node_power 9s node=n1, 12 push P-1 ! cabinet
locker replayed: somebody plays the line back after it was shut | 2 keepers, 4 ask P-1 count, 6 badge k1, 7 badge k2, 8 pull P-1, 9 push P-1, 11 fault replay port=line1, 14 ask P-1 count, 18 fault playback port=line1 ! cabinet
order late on the line: the order is on its way longer than it is good for | 2 keepers, 4 ask P-1 count, 6 badge k1, 7 badge k2, 7.005 fault line 9s port=line1 name=cut_to_node, 20 pull P-1, 21 push P-1 ! cabinet
forced and wrong door: one is forced, then another beside an order | 2 keepers, 3 force P-2, 5 push P-2, 6 ask P-1 count, 8 badge k1, 9 badge k2, 10 force P-2, 10.5 pull P-1, 12 push P-2, 13 push P-1 ! cabinet
forced and shelved: a locker opened with no order stays an alarm, whatever an officer says of it | 2 keepers, 2.5 crew, 3 force P-2, 5 aside shelved reason=test minutes=1, 8 push P-2 ! cabinet
jammed locker: a hook that does not move, asked for again when it does | 2 keepers, 3 jam P-1, 4 ask P-1 count, 6 badge k1, 7 badge k2, 18 free P-1, 19 ask P-1 count, 20 badge k1, 21 badge k2, 22 pull P-1, 24 push P-1 ! cabinet
locker and a doubted clock: the badge is there, the time is not | 2 keepers, 3 fault no_ntp 3600s, 3 fault broker_down 40s, 4 ask P-1 count, 6 badge k1, 7 badge k2, 12 pull P-1 ! cabinet batteryless
locker and a full disk: everybody is there and the log has no room | 2 keepers, 4 ask P-1 count, 6 badge k1, 6.9 fault disk_full 6s spare_bytes=0, 7 badge k2, 16 pull P-1, 18 push P-1 ! cabinet
room low: only evidence is written, and it is alarmed | 4 open gate, 5 fault disk_full 14s spare_bytes=40000, 8 shut gate, 15 open gate ! low
"""

CORE = (
    "gate forced",
    "gate held",
    "limit in sight",
    "handled",
    "released",
    "killed",
    "dark and torn",
    "tag lifted",
)
CONDITIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "roll": ("a segment for each few leaves", {"segment_bytes_max": 2_000}, ""),
    "pair": ("with a second disk that is not needed", {"second_disk": True}, ""),
    "reserve": ("with room kept back", {"reserve_bytes": 20_000}, ""),
    "alone": ("with no network at all", {}, "0 fault network 3600s name=one_way_up, 0 fault network 3600s name=one_way_down"),
    "used": ("on a log that a torn start left", {"tail": "torn"}, "1.5 fault gateway_kill 1s, 1.6 fault gateway_power 1s"),
    "unsure": ("with no battery clock and no time service", {"rtc": "none"}, "0 fault no_ntp 3600s"),
}  # fmt: skip
_EXTRA: dict[str, dict[str, Any]] = {
    "cabinet": {"area": "cabinet"},
    "lost": {"tail": "lost"}, "whole_tags": {"judge_tags": True}, "batteryless": {"rtc": "none"}, "stopped": {"rtc": "dead"}, "scrub": {"scrub_hour": 9}, "late": {"since_s": 11}, "low": {"low_bytes": 50_000, "reserve_bytes": 20_000},
} | {name: settings for name, (_, settings, _) in CONDITIONS.items()}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """`name` and `why`; `text`: what happens; `settings`: beside those of every scene."""

    name: str
    why: str
    text: str
    settings: dict[str, Any] = field(default_factory=dict)

    def plan(self, **more: Any) -> Plan:
        """The decision tape of this scene."""
        acts: list[Act] = []
        faults: list[Fault] = []
        for item in filter(None, (part.strip() for part in self.text.split(","))):
            at, verb, *words = item.split()
            at_us = round(float(at) * SECOND_US)
            if verb == "fault":
                faults.append(_fault(at_us, words))
            else:
                acts += _macro(at_us, verb, words)
        end_us = (
            max([act.at_us for act in acts] + [f.at_us for f in faults] + [3 * SECOND_US])
            + TAIL_S * SECOND_US
        )
        return Plan(
            f"small/{self.name}", START_US, end_us, tuple(sorted(acts, key=lambda a: a.at_us)), tuple(faults),
            SETTINGS | self.settings | more,
        )  # fmt: skip


def scenes() -> list[Scene]:
    """All of them: each by itself, and those of `CORE` under each condition."""
    found = []
    for line in SCENES.strip().splitlines():
        name, _, rest = line.partition(": ")
        why, _, text = rest.partition(" |")
        text, _, wanted = text.partition(" ! ")
        settings: dict[str, Any] = {}
        for one in wanted.split():
            settings |= _EXTRA[one]
        found.append(Scene(name, why, text, settings))
    by_name = {scene.name: scene for scene in found}
    for condition, (why, settings, text) in CONDITIONS.items():
        for name in CORE:
            scene = by_name[name]
            both = f"{text}, {scene.text}" if text else scene.text
            found.append(Scene(f"{name}, {condition}", f"{scene.why}; {why}", both, settings))
    return found


def _fault(at_us: int, words: list[str]) -> Fault:
    kind, *rest = words
    for_us = 0
    if rest and rest[0].endswith("s") and "=" not in rest[0]:
        for_us = round(float(rest.pop(0)[:-1]) * SECOND_US)
    args = {key: _value(value) for key, value in (word.split("=") for word in rest)}
    if kind in ("line", "network"):
        settings = {key: args.pop(key) for key in ("p", "ms") if key in args}
        args["settings"] = settings
    return Fault(at_us, kind, for_us, args)


def _value(word: str) -> Any:
    if "+" in word:
        return word.split("+")
    try:
        return json.loads(word)
    except ValueError:
        return word


_TAGS = {"band": BAND, "badge": BADGE, "stray": "0CDEADBEEF"}
_CREW: tuple[dict[str, Any], ...] = (
    {"officer": "o1", "service": "sworn", "roles": ["case_officer"], "sex": "M"},
    {"officer": "o2", "service": "sworn", "roles": ["guard", "duty_officer"], "sex": "F", "badge": BADGE},
    {"officer": "o3", "service": "sworn", "roles": ["case_department_head", "legal_reviewer"]},
    {"officer": "o4", "service": "sworn", "roles": ["county_head", "station_head", "supervisor"]},
)  # fmt: skip


def _say(at_us: int, name: str, body: dict[str, Any], shift_s: int = 0, by: str = "server") -> Act:
    return Act(at_us, "say", {"type": name, "body": body, "shift_us": shift_s * SECOND_US, "by": by})


def _macro(at_us: int, verb: str, words: list[str]) -> list[Act]:
    """One verb of a scene as acts of actors.Actors."""
    if verb in cabinets.VERBS:
        return cabinets.acts_of(at_us, verb, words)
    match verb:
        case "open" | "shut":
            return [Act(at_us, "door", {"door": words[0], "is_open": verb == "open"})]
        case "on" | "off":
            return [Act(at_us, "recorder", {"recorder": words[0], "is_on": verb == "on"})]
        case "trip" | "rest":
            return [Act(at_us, "input", {"input": words[0], "is_active": verb == "trip"})]
        case "tag" | "untag":
            return [
                Act(
                    at_us,
                    "tag",
                    {"reader": "rd-waiting-1", "tag": _TAGS[words[0]], "is_there": verb == "tag"},
                )
            ]
        case "button" | "release":
            return [Act(at_us, verb, {"door": words[0]})]
        case "chatter":
            pause_us = int(words[2]) * 1_000 if len(words) > 2 else 80_000
            return [
                Act(at_us + n * pause_us, "door", {"door": words[0], "is_open": n % 2 == 0})
                for n in range(int(words[1]))
            ]
        case "crew":
            return [_say(at_us + n * 50_000, "officer.registered", body) for n, body in enumerate(_CREW)]
        case "person" | "came":
            shift_s = int(words[0]) if words else 0
            names = (
                ("person.arrived", {}),
                ("area.entered", {}),
                ("wristband.bound", {"band": BAND, "officer": "o1"}),
            )
            return [
                _say(at_us + n * 50_000, name, {"stay": "s1", **body}, shift_s)
                for n, (name, body) in enumerate(names)
            ]
        case "register":
            body = {
                "stay": "s1",
                "measure": words[0],
                "case": "c1",
                "sex": "M",
                "minor": False,
                "officer": "o1",
            }
            return [_say(at_us, "stay.registered", body)]
        case "handle":
            return [Act(at_us, "deal", {"step": words[0]})]
        case "aside":
            more = {key: _value(value) for key, value in (word.split("=") for word in words[1:])}
            return [Act(at_us, "aside", {"action": words[0], "more": more})]
        case "say" | "paper":
            return [_form(at_us, words, "server" if verb == "say" else "paper")]
    raise ValueError(f"expected a verb of a scene, found {verb!r}")


def _form(at_us: int, words: list[str], by: str) -> Act:
    name, *rest = words
    shift_s = 0
    if rest and "=" not in rest[-1]:
        shift_s = int(rest.pop())
    body = {key: _value(value) for key, value in (word.split("=") for word in rest)}
    if name.endswith((".started", ".signed")) and isinstance(body.get("officers"), str):
        body["officers"] = [body["officers"]]
    return _say(at_us, name, body, shift_s, by)
