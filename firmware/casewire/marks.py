"""What the fields of a Panel mean: a module of its own, which a node without a panel does not load.

occupied         0..254 persons, or OCCUPIED_UNKNOWN
marks            four of two bits each, from the lowest: straight in, searched, guarded, recorded
flags            PANEL_ALARM, PANEL_CLOCK_DOUBT
remaining_s      to the next limit, rounded down, or SECONDS_UNKNOWN, or SECONDS_NONE
share_permille   of that limit gone, 0..1000, or SHARE_UNKNOWN
"""

OCCUPIED_UNKNOWN = 0xFF

MARK_NOT_ASKED = 0  # nobody asks for it here
MARK_KEPT = 1
MARK_BROKEN = 2
MARK_UNSEEN = 3  # not seen (yet): never to be shown as kept

PANEL_ALARM = 1  # an alarm stands
PANEL_CLOCK_DOUBT = 2

SECONDS_UNKNOWN = 0xFFFFFFFE
SECONDS_NONE = 0xFFFFFFFF  # no limit runs
SHARE_UNKNOWN = 0xFFFF
