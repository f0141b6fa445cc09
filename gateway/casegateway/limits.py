"""Every bound of the gateway, in one place. docs/gateway.md repeats each with what is lost first."""

from typing import Final

# --- what comes in ----------------------------------------------------------------------------
INPUT_QUEUE_MAX: Final = 1_024
"""Events between the adapters' threads and the main loop."""
BATCH_EVENTS_MAX: Final = 64
"""Events under one fsync: enough to drain a burst, few enough not to delay an alarm."""
SERIAL_READ_BYTES_MAX: Final = 4_096
SERIAL_UNSENT_BYTES_MAX: Final = 8_192
"""Bytes waiting for a serial port that does not take them: 0.7 s at 115200 baud."""
MQTT_PAYLOAD_BYTES_MAX: Final = 65_536
"""A larger message from the broker is none of ours."""

# --- nodes ------------------------------------------------------------------------------------
NODE_SILENT_MS: Final = 3_500
"""Three heartbeats of one second, and half of one for a busy line."""
NODE_SIGN_MS: Final = 1_000
"""How often a node hears from us; it gives up after `link_lost_ms` (5000)."""
SNAPSHOT_RESEND_MS: Final = 2_000
SNAPSHOT_DUE_MS: Final = 12_000
"""A node that is heard but has not told its whole state by then, asked every two seconds, counts as lost."""
TAG_RECHECK_MS: Final = 5_000
"""A tag that a node does not tell again this long after a snapshot is gone."""
HELD_FRAMES_MAX: Final = 64
"""Frames of one node waiting for an earlier one, or for its first heartbeat."""
HOLE_MS: Final = 2_000
"""A missing sequence number is given up after four resends of the node."""
SEEN_SEQS_MAX: Final = 4_096
"""Sequence numbers remembered of one node: 64 times its longest queue."""
BANDS_TOLD_MAX: Final = 1_024
"""Wristbands remembered that told of a cut strap or a low battery, so that it is one fact until they are bound anew."""
TAGS_ORDERED_MAX: Final = 256
"""Tags, over all readers, whose newest report is known, so that one which was overtaken does not undo it: four queues of a node."""
EARLIER_BOOTS_MAX: Final = 16
"""Boots of a node before its present one whose messages and uptime are remembered, for what it kept over a reset."""
LINE_DELAY_MS: Final = 20
"""Most that the quickest frame of a minute needs from the node's pin to our clock."""
CRYSTAL_PPM: Final = 100
"""Two crystals of 50 ppm, one fast, one slow."""
OFFSET_WINDOW_MS: Final = 60_000
ERROR_WINDOW_MS: Final = 60_000
ERROR_PERCENT_MAX: Final = 1

# --- outputs ----------------------------------------------------------------------------------
COMMAND_VALID_MS: Final = 5_000
COMMAND_RESEND_MS: Final = 500
COMMAND_RETRY_MS_MAX: Final = 60_000
"""An output that never confirms is ordered again after 5, 10, 20 … at most this many ms."""
RELEASE_VALID_MS: Final = 10_000
"""An officer's order to release a door is void this long after it was given; within it, opening the door is no forcing (DR)."""

# --- compartments -----------------------------------------------------------------------------
LOCKER_WAIT_MS: Final = 60_000
"""A request for a compartment is void when whoever has to be there was not read at its cabinet by then."""
BADGE_VALID_MS: Final = 30_000
"""One reading of a badge or band at a cabinet opens one compartment, and only so long after it."""
LOCKER_VALID_MS: Final = 5_000
"""An order to a lock board is void this long after everybody was there."""
LOCKER_MOVE_MS: Final = 2_000
"""A hook that takes an order in its last moment is seen to move so long after it: 1.5 s of the driver, and the line."""
BADGES_MAX: Final = 64
"""Fresh readings kept of one cabinet; the oldest go first."""

# --- panels -----------------------------------------------------------------------------------
PANEL_RESEND_MS: Final = 2_000
PANEL_VALID_MS: Final = 6_000
"""A picture outlives two that were lost, and is hatched by the node after this."""
PANEL_CHANGE_MS: Final = 250
"""At most so often pictures are made anew, whatever comes."""

# --- server -----------------------------------------------------------------------------------
BATCH_LEAVES_MAX: Final = 64
BATCH_BYTES_MAX: Final = 256 * 1024
BATCHES_IN_FLIGHT_MAX: Final = 8
RESEND_AFTER_MS: Final = 3_000
SERVER_SILENT_MS: Final = 30_000
PROBE_AFTER_MS: Final = 10_000
"""With nothing to send, the last leaf is sent again this long after the last ack."""
HEARTBEAT_MS: Final = 1_000
CURSOR_SAVE_MS: Final = 1_000
OFFICER_IDS_MAX: Final = 65_536
"""Ids of officers' facts remembered against doubles."""
FACT_ID_CHARS_MAX: Final = 128
COUNTS_PER_MINUTE_MAX: Final = 20
"""Stays counted in the log because the server asked; further requests are only counted."""
COUNT_AGE_US_MAX: Final = 600_000_000
"""A request to count a stay that is older or newer than this is said again by somebody else."""
FUTURE_US_MAX: Final = 600_000_000
"""An officer's fact may claim to be at most this far in our future."""
REASON_CHARS_MAX: Final = 200
REFUSALS_PER_MINUTE_MAX: Final = 20
"""Refusals written to the log; further ones are only counted."""
OPEN_ALARMS_IN_HEARTBEAT_MAX: Final = 64

# --- the log's disk ---------------------------------------------------------------------------
SPACE_LOW_MIB: Final = 256
"""Less free room than this: nothing but evidence is written, and it is alarmed."""
RESERVE_MIB: Final = 32
"""Kept back for facts: a week of a busy area."""
RESERVE_CHUNK_BYTES: Final = 256 * 1024
"""Of it, written and synced at once: 25 ms on a slow card."""
SPACE_CHECK_MS: Final = 10_000
SCRUB_HOUR: Final = 3
SCRUB_SLICE_BYTES: Final = 65_536
SCRUB_SLICE_MS: Final = 50
"""At most a slice of the scrub each 50 ms: 1.3 MB/s, and never longer in a turn than one slice takes."""
PATCH_LEAVES_AT_ONCE: Final = 64
MEND_RESEND_MS: Final = 3_000
INTERIM_COMMIT_LEAVES: Final = 1_024
INTERIM_MISSING_MAX: Final = 1_000_000
"""More leaves missing than this: no log to go on with is made."""
MEND_PAYLOAD_BYTES_MAX: Final = 512 * 1024
"""Leaves that come back: as many as go up in a batch, one leaf at least, and a note."""

# --- time -------------------------------------------------------------------------------------
CLOCK_STEP_US: Final = 1_000_000
CLOCK_AGREES_US: Final = 5_000_000
"""A doubted clock is trusted again when it is this near to a time the server has signed."""
TIME_US_MIN: Final = 1_767_225_600_000_000
"""2026-01-01 UTC: whatever shows an earlier time is not set."""
DRIFT_PPM: Final = 50
"""The machine's own crystal, with temperature and age."""
DISCIPLINE_PPM: Final = 500
"""Most that a time service slews the steady clock with the wall clock (MAXFREQ of the kernel's discipline)."""
NTP_ERROR_US_MIN: Final = 500_000
"""systemd-timesyncd tells the kernel no error, and slews offsets up to 0.4 s."""
SERVER_ERROR_US: Final = 100_000
"""How far the server's clock may be off: it is kept by a time service on a wire."""
RTC_PPM: Final = 5
"""DS3231M, all temperatures (0.432 s a day); DS3231 is within 2 from 0 to 40 degrees and 3.5 beyond."""
RTC_UNSET_DAYS_MAX: Final = 180
"""A battery clock is set at least this often: by the kernel each 11 minutes while it is synchronised, else by hand."""
RTC_SET_ERROR_US: Final = 1_000_000
DISPUTE_US_MAX: Final = 600_000_000
"""Sources further apart than this leave no upper bound."""
STALL_MS: Final = 2_000
"""More real time than this from one turn of the loop to the next is told; a turn is wanted each second."""
MQTT_UNACKED_MAX: Final = 64
"""Messages handed to the MQTT client and not yet taken by the broker."""
MQTT_RECONNECT_S_MAX: Final = 5
SERIAL_REOPEN_MS: Final = 500
NET_CONNECTIONS_MAX: Final = 64
"""Of nodes at one port: twice what an area may have, so that one that comes back finds a place."""
NET_HANDSHAKE_MS: Final = 5_000
NET_IDLE_MS: Final = 30_000
"""A node beats each second."""
NET_TURN_MS: Final = 200
LOOP_WAIT_MS_MAX: Final = 200
LOOP_WAIT_MS_MIN: Final = 5
