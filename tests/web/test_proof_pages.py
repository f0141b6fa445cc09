"""The pages that say how far the logs are witnessed, and what the server wrote down of its own users."""

from __future__ import annotations

import re

from caselog import checkpoint
from caselog.keys import SoftKey
from caseserver.settings import Witness
from caseserver.witness import NAME_PREFIX
from tests.web.house import House
from tests.web.test_pages import client_of


def test_each_log_says_until_when_it_is_witnessed_and_how_long_its_tail_is(house: House) -> None:
    gateway = house.gateways["a1"]
    text = client_of(house, "0312").get("/witness?lang=en").text
    assert re.search(r"log witnessed to <b class=\"t\">Wed 18 Mar 14:22:\d\d</b>", text)
    assert "no tail left unwitnessed" in text
    assert "There is no second witness yet" in text
    gateway.say("door.opened", house.clock.now().earliest_us, door="gate")
    gateway.say("door.closed", house.clock.now().earliest_us, door="gate")
    gateway.beat()  # the gateway says it has more than the server has seen
    behind = house.station.area("a1").health().behind
    assert behind >= 2
    assert (
        f"Entries after it, not yet witnessed: {behind}"
        in client_of(house, "0312").get("/witness?lang=en").text
    )


def test_a_second_witness_stands_on_the_page_with_its_time_and_what_came_since(house: House) -> None:
    key = SoftKey.from_seed(b"w" * 32)
    witnesses = house.station.witnesses
    witnesses.known = {"bureau": Witness(public_key=key.public.hex())}
    client = client_of(house, "0312")
    assert re.search(r"bureau</dt><dd><b class=\"t\">not yet", client.get("/witness?lang=en").text)
    note = house.station.area("a1").checkpoint().encode()
    cosigned = checkpoint.cosign(
        note, key.named(NAME_PREFIX + "bureau"), house.clock.now().earliest_us // 1_000_000
    )
    assert witnesses.take("bureau", cosigned, house.clock.now()) is None
    text = client.get("/witness?lang=en").text
    assert re.search(r"bureau</dt><dd><b class=\"t\">Wed 18 Mar 14:22:08", text)
    assert "There is no second witness yet" not in text


def test_the_wall_and_a_record_lead_to_what_witnessed_means(house: House) -> None:
    client = client_of(house, "0312")
    for path in ("/", "/stays/a1/0409"):
        assert 'href="/witness"' in client.get(path).text
    text = client.get("/witness?lang=zh").text
    assert "第二见证方在别人手里" in text
    assert "/own-log" not in text, "only who may read it is led there"


def test_who_watches_over_others_reads_the_servers_own_log_and_that_is_an_entry_too(house: House) -> None:
    client_of(house, "0312").get("/stays/a1/0409")
    client = client_of(house, "0200")
    assert 'href="/own-log"' in client.get("/witness").text
    text = client.get("/own-log?lang=en").text
    assert "a1/0409" in text
    assert "Signed in" in text
    text = client.get("/own-log?lang=en&words=0409&action=record.read").text
    assert "a1/0409" in text
    assert text.count("<tr>") == 1 + 1, "the read itself"
    text = client.get("/own-log?lang=en&words=own_log&action=record.read").text
    assert text.count("<tr>") == 1 + 3, "that somebody searched, each time, and not for what"
    refused = client.get("/own-log?lang=zh&words=&action=record.read").text
    assert "<code>内容</code> 服务器日志" in refused, "in words, not in codes"
    assert "Nothing found" in client.get("/own-log?lang=en&words=nobody-has-this&action=export.made").text


def test_nobody_else_reads_it(house: House) -> None:
    assert client_of(house, "0312").get("/own-log").status_code == 403
    assert client_of(house).get("/own-log").status_code == 303


def test_odd_questions_are_answered_calmly(house: House) -> None:
    client = client_of(house, "0200")
    for query in ("before=-5", "before=99999999999999999999", "action=<script>", "words=%25%5C_"):
        answer = client.get(f"/own-log?{query}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text.replace('<script type="module"', "")
