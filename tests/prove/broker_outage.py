"""Ten minutes of the station without a broker: outputs act, and afterwards both logs are the same bytes."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caselog import canonical
from tests.e2e.chain import DAY_US, Chain
from tests.e2e.hour import AREA, UNTIL_US, hour
from tests.e2e.test_outage import BACK_US, CUT_US, SOUNDER_LINE, gpio_changes

SPEED = 60.0


def run(say: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        chain = Chain(Path(folder), speed=SPEED)
        try:
            chain.begin(hour(chain.station.areas), UNTIL_US)
            chain.wait_until(CUT_US)
            kill = chain.kill("broker")
            held = len(chain.server_log(AREA))
            say(f"broker_outage: broker {kill.pid} killed")
            chain.wait_until(BACK_US)
            written, still_held = len(chain.gateway_log(AREA)), len(chain.server_log(AREA))
            chain.restart("broker")
            begun = time.monotonic()
            while len(chain.server_log(AREA)) < written:
                time.sleep(0.01)
            caught_up_s = time.monotonic() - begun
            chain.finish()
            chain.heal()
            return _figures(chain, held, written, still_held, caught_up_s)
        finally:
            chain.close()


def _figures(chain: Chain, held: int, written: int, still_held: int, caught_up_s: float) -> dict[str, Any]:
    leaves = [canonical.loads(data) for data in chain.gateway_log(AREA)]
    during = [leaf for leaf in leaves if CUT_US < leaf["recorded"]["earliest_us"] - DAY_US < BACK_US]
    alarms = [leaf for leaf in during if leaf["type"] == "alarm.raised/1"]
    sounded = [at_us for at_us, line, level in gpio_changes(chain) if line == SOUNDER_LINE and level == 1]
    lamps = [
        (leaf["type"].removesuffix("/1"), leaf["body"]["output"], leaf["body"]["active"])
        for leaf in during
        if leaf["type"] in ("output.commanded/1", "output.confirmed/1")
    ]
    confirmed = [lamp for lamp in lamps if lamp[0] == "output.confirmed" and lamp[2]]
    is_equal = chain.is_equal(AREA)
    return {
        "speed": SPEED,
        "station_minutes_without_broker": (BACK_US - CUT_US) / 60e6,
        "leaves_at_server_when_cut": held,
        "leaves_at_server_before_heal": still_held,
        "leaves_at_gateway_before_heal": written,
        "alarms_raised_without_broker": [f"{a['body']['rule']} {a['body']['subject']}" for a in alarms],
        "sounder_switched_on_without_broker": sum(CUT_US < at_us < BACK_US for at_us in sounded),
        "node_lamps_confirmed_on_without_broker": len(confirmed),
        "caught_up_s_after_broker_back": round(caught_up_s, 2),
        "leaves": len(leaves),
        "server_log_equals_gateway_log": is_equal,
        "holds": is_equal and written > still_held and bool(alarms) and bool(confirmed)
        and any(CUT_US < at_us < BACK_US for at_us in sounded),
    }  # fmt: skip
