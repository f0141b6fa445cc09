"""docs/gateway.md and docs/mqtt.md say what the code does, name by name."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from casegateway import limits
from casegateway.adapters.mqtt import ROOT, WORDS
from casegateway.main import arguments
from caselog.repair import FILL_BYTES_MAX
from tests.gateway.bench import Bench

DOCS = Path(__file__).parents[2] / "docs"
GATEWAY = (DOCS / "gateway.md").read_text(encoding="utf-8")
MQTT = (DOCS / "mqtt.md").read_text(encoding="utf-8")


def test_every_option_of_the_command_line_is_in_the_document_and_no_other() -> None:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        arguments(["--help"])
    options = set(re.findall(r"--[a-z-]+", shown.getvalue())) - {"--help"}
    assert options == set(re.findall(r"`(--[a-z-]+)", GATEWAY))


def test_every_topic_is_in_the_document() -> None:
    topics = set(re.findall(r"^## (.*)$", MQTT, re.M))
    text = " ".join(topics).replace("&lt;", "<").replace("&gt;", ">")
    assert f"{ROOT}/<gw>/up/log" in text
    for word in ("up/hb", "up/birth", *(f"down/{word}" for word in WORDS)):
        assert word in text, word


def test_every_key_of_health_is_in_the_document() -> None:
    bench = Bench()
    bench.open()
    bench.node.power_up()
    bench.run(2_000)
    health = bench.core.health(bench.moment())
    for key in [*health, *health["queues"], *health["log"], *health["sources"]["recorder:rec-1"]]:
        assert f"`{key}`" in MQTT or f'"{key}"' in MQTT, key


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (limits.INPUT_QUEUE_MAX, "events from the adapters | 1,024"),
        (limits.BATCH_EVENTS_MAX, "events under one fsync | 64"),
        (limits.SERIAL_UNSENT_BYTES_MAX // 1_024, "bytes to a serial port | 8 kB"),
        (limits.HELD_FRAMES_MAX, "held for order | 64"),
        (limits.SEEN_SEQS_MAX, "remembered of a node | 4,096"),
        (limits.EARLIER_BOOTS_MAX, "for what it kept | 16 before the present one"),
        (limits.OFFICER_IDS_MAX, "officers' facts | 65,536"),
        (limits.BATCHES_IN_FLIGHT_MAX, "in flight | 8 of 64 leaves or 256 kB"),
        (limits.MQTT_UNACKED_MAX, "MQTT client | 64"),
        (limits.MQTT_PAYLOAD_BYTES_MAX // 1_024, "from the broker | 64 kB"),
        (limits.SPACE_LOW_MIB, "free room on the disk | 256 MiB"),
        (limits.RESERVE_MIB, "kept back for facts | 32 MiB"),
        (FILL_BYTES_MAX >> 20, "mended while it runs | 64 MiB"),
        (limits.INTERIM_MISSING_MAX, "in an interim log | 1,000,000"),
        (limits.MEND_PAYLOAD_BYTES_MAX >> 10, "for lost leaves | 512 kB"),
        (limits.REFUSALS_PER_MINUTE_MAX, "refusals | 20 a minute"),
        (limits.OPEN_ALARMS_IN_HEARTBEAT_MAX, "in a heartbeat | 64"),
        (limits.NODE_SILENT_MS / 1_000, "3.5 s without an authentic frame"),
        (limits.SERVER_SILENT_MS // 1_000, "30 s without a verified ack"),
        (limits.HOLE_MS // 1_000, "waited for 2 s"),
        (limits.TAG_RECHECK_MS // 1_000, "within 5 s of a snapshot"),
        (limits.LINE_DELAY_MS, "allows 20 ms for the line"),
        (limits.CRYSTAL_PPM, "100 ppm for two crystals"),
        (limits.COMMAND_VALID_MS // 1_000, "a validity of 5 s"),
        (limits.RELEASE_VALID_MS // 1_000, "void 10 s after it was given"),
        (limits.COMMAND_RESEND_MS, "resent each 500 ms"),
        (limits.COMMAND_RETRY_MS_MAX // 1_000, "most 60 s"),
    ],
)
def test_limit_stands_in_the_document_as_it_is_in_the_code(value: float, words: str) -> None:
    flat = " ".join(GATEWAY.split())
    assert words in flat
    assert f"{value:,}".removesuffix(".0") in words
