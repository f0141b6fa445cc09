"""What kiosks send: opened, checked against its commitment, sealed under the key of its stay, gone with that key. And their PINs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from casekiosk.enclosures import Enclosure, enclose
from casekiosk.pins import PinDesk, provision_of
from caselog.clock import Instant
from caselog.keys import SoftKey
from caseserver.commands import CommandError
from caseserver.people.enclosures import FILE, EnclosureError, header_of
from caseserver.people.keyring import BOX_FILE, KeyRing, KeyRingError
from caseserver.people.people import People
from caseserver.people.sealed import key_mark
from caseserver.pin_command import pin_main
from caseserver.pins import OFFICERS_MAX, PinError, PinFile, digest_of, weakness
from caseserver.signed import signed_kiosk
from caseserver.worker import Worker
from tests.server.station_kit import MINUTE_US, Kit, morning

PICTURE = b"\xff\xd8\xff a very particular picture \xff\xd9"


class Clock:
    def now(self) -> Instant:
        return Instant(1, 1, 5_000, 5_000)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir()
    KeyRing.create(keys)
    return data, keys


@pytest.fixture
def people(folders: tuple[Path, Path]) -> Iterator[People]:
    made = People(*folders)
    yield made
    made.close()


def sent(
    people: People, field: str = "photo", value: bytes = PICTURE, stay: str = "S-1", case: str = ""
) -> Enclosure:
    return enclose(people.enclosures.public, field, value, stay=stay, case=case, item="i-1")


def keep(people: People, enclosure: Enclosure, area: str = "a1") -> None:
    people.enclosures.keep(area, *header_of(enclosure.message), 1_000)


def test_a_picture_is_kept_under_the_key_of_its_stay_and_read_again(people: People, folders) -> None:
    one, other = sent(people), sent(people, "title", "手机".encode(), stay="", case="c-1")
    keep(people, one)
    keep(people, one)  # a gateway that has not heard sends it again
    keep(people, other)
    assert people.enclosures.read("a1", one.commitment) == ("photo", PICTURE)
    assert people.enclosures.read("a1", other.commitment) == ("title", "手机".encode())
    assert [e.commitment for e in people.enclosures.of_owner("a1", "S-1")] == [one.commitment]
    assert [(e.field, e.item) for e in people.enclosures.of_owner("a1", "case:c-1")] == [("title", "i-1")]
    assert people.enclosures.read("a2", one.commitment) is None
    assert b"particular picture" not in one.message
    assert b"particular picture" not in (folders[0] / FILE).read_bytes()


def test_a_box_for_another_label_key_or_value_is_not_kept(people: People) -> None:
    good, other = sent(people), sent(people, value=b"another")
    header, box = header_of(good.message)
    moved = good.message.replace(b'"S-1"', b'"S-2"')
    swapped = other.message.partition(b"\n")[0] + b"\n" + box
    lying = enclose(people.enclosures.public, "photo", PICTURE, stay="S-1", case="")
    lied = lying.message.replace(lying.commitment.encode(), good.commitment.encode())
    for message in (moved, swapped, lied, good.message[:-1], good.message[:200]):
        with pytest.raises(EnclosureError):
            people.enclosures.keep("a1", *header_of(message), 1)
    for message in (
        b"",
        b"{}\n",
        b'{"v":1,"field":"face"}\n',
        header.line.replace(b"S-1", b"S 1") + b"\n" + box,
    ):
        with pytest.raises(EnclosureError):
            header_of(message)
    assert people.enclosures.of_owner("a1", "S-1") == []


def test_what_is_enclosed_goes_with_the_key_to_the_last_byte(
    people: People, folders: tuple[Path, Path]
) -> None:
    one, other = sent(people), sent(people, stay="S-2")
    keep(people, one)
    keep(people, other)
    row = people.erasures.key_of("a1", "S-1")
    assert row is not None
    copy = (folders[0] / FILE).read_bytes()
    assert people.settle([row.mark]) == 1
    assert people.enclosures.read("a1", one.commitment) is None
    assert people.enclosures.of_owner("a1", "S-1") == []
    assert people.enclosures.read("a1", other.commitment) == ("photo", PICTURE)
    people.close()
    (folders[0] / FILE).write_bytes(copy)
    again = People(*folders)
    try:
        assert again.enclosures.read("a1", one.commitment) is None, "an old copy opens no more"
    finally:
        again.close()
    assert row.mark != key_mark(b"")


def test_a_box_key_that_others_may_read_is_refused(folders: tuple[Path, Path]) -> None:
    People(*folders).close()
    (folders[1] / BOX_FILE).chmod(0o644)
    with pytest.raises(KeyRingError, match="0600"):
        People(*folders)


# --- PINs --------------------------------------------------------------------------------------


def test_a_pin_is_set_by_its_command_told_as_a_hash_and_judged_at_a_kiosk(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text("")
    answers = iter(["271828", "271828", "271828", "314159", "12345", "12345"])
    arguments = ["--data", str(tmp_path), "0540"]
    assert pin_main(arguments, Clock(), lambda _: next(answers)) == 0
    with pytest.raises(CommandError, match="the same PIN twice"):
        pin_main(arguments, Clock(), lambda _: next(answers))
    with pytest.raises(CommandError, match="6 digits"):
        pin_main(arguments, Clock(), lambda _: next(answers))
    at_us, pins = PinFile(tmp_path).read()
    key = SoftKey.generate().named("caseward.local/server")
    word = json.loads(signed_kiosk(key, at_us, None, pins))["kiosk"]
    assert "271828" not in (tmp_path / "pins.json").read_text()
    desk = PinDesk()
    assert desk.take(provision_of(word))
    assert desk.judge("0540", digest_of("271828", desk.salt("0540")), 1)
    assert not desk.judge("0540", digest_of("271829", desk.salt("0540")), 1)
    assert not desk.judge("0999", digest_of("271828", desk.salt("0999")), 1)
    assert pin_main(["--data", str(tmp_path), "--remove", "0540"], Clock()) == 0
    assert PinFile(tmp_path).read() == (5_001, {})


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("12345", "digits"), ("1234567", "digits"), ("27182x", "digits"), ("２７１８２８", "digits"), ("777777", "repeated"),
        ("383838", "repeated"), ("725725", "repeated"), ("234567", "run"), ("890123", "run"), ("543210", "run"),
        ("850229", ""), ("840229", "date"), ("991231", "date"), ("054099", "own_number"), ("990540", "own_number"),
        ("271828", ""),
    ],
)  # fmt: skip
def test_a_pin_that_is_easily_guessed_is_not_taken_and_why_is_said(
    tmp_path: Path, pin: str, why: str
) -> None:
    assert weakness(pin, "0540") == why
    if why:
        with pytest.raises(PinError) as refused:
            PinFile(tmp_path).change("0540", pin, 1)
        assert refused.value.why == why
        assert pin not in str(refused.value)
        assert not PinFile(tmp_path).has("0540")


def test_a_word_holds_so_many_pins_and_a_spoilt_file_is_said_to_be_one(tmp_path: Path) -> None:
    pins = {f"o{number}": {"digest": "0" * 64, "salt": "0" * 32} for number in range(OFFICERS_MAX)}
    (tmp_path / "pins.json").write_text(json.dumps({"at_us": 3, "pins": pins}))
    with pytest.raises(PinError, match=f"at most {OFFICERS_MAX}"):
        PinFile(tmp_path).change("one-more", "271828", 1)
    key = SoftKey.generate().named("caseward.local/server")
    assert len(signed_kiosk(key, 3, bytes(32), pins)) < 65_536, "one message of the broker"
    (tmp_path / "pins.json").write_text("{")
    with pytest.raises(PinError, match="caseward server pin"):
        PinFile(tmp_path).read()


def test_the_worker_tells_kiosks_their_key_keeps_what_comes_and_not_after_an_erasure(
    kit: Kit, people: People, folders: tuple[Path, Path]
) -> None:
    at_us = morning(kit.gateway)
    pins = PinFile(folders[0])
    pins.change("0540", "271828", 7)
    worker = Worker(
        kit.station, kit.inbox, kit.database, kit.limits, kit.sent.append, people=people, pins=pins
    )
    kit.inbox.set_connected(is_connected=True)
    worker.turn()
    (word,) = [json.loads(message.payload)["kiosk"] for message in kit.sent if message.topic == "kiosk"]
    told = provision_of(word)
    assert told.box == people.enclosures.public
    assert set(told.pins) == {"0540"}
    people.enter("a1", "S-1", "p-1", {"name": "欧阳试验"}, "1001", 1_000)
    (person,) = people.stays_of("p-1")

    def turn(*messages: bytes) -> list[bool]:
        kit.sent.clear()
        for message in messages:
            kit.inbox.put_enclosure(kit.area.gateway, message)
        worker.turn()
        answers = [json.loads(m.payload)["enclosure"] for m in kit.sent if m.topic == "enclosure"]
        return [answer["held"] for answer in answers]

    early, late = sent(people), sent(people, "signature", b"<svg/>")
    assert turn(early.message, b"no enclosure", early.message) == [True, True]
    assert kit.station.refused_enclosures == 1
    erased = {
        "stay": "S-1",
        "person": "p-1",
        "key": person.mark,
        "officers": ["1", "2"],
        "ground": "ordered",
        "fields": 2,
    }
    kit.gateway.fact("stay.released", at_us + MINUTE_US, stay="S-1", reason="released")
    kit.gateway.fact("person.erased", at_us + 2 * MINUTE_US, **erased)
    kit.inbox.put_log(kit.area.gateway, kit.gateway.batch())
    worker.turn()
    assert people.enclosures.read("a1", early.commitment) is None
    assert turn(late.message) == [False]
    assert people.enclosures.of_owner("a1", "S-1") == []
    assert people.erasures.key_of("a1", "S-1") is None, "no new key for who was erased"
