"""TLS with client certificates: who is who at the broker, by a mosquitto configured as in production."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from casegateway.adapters.mqtt import BrokerConfig, MqttLink
from casegateway.events import BrokerUp, Event
from tests.gateway.program import Mosquitto, wait_for
from tests.tools.certificates import Authority

pytestmark = pytest.mark.real


class TlsMosquitto(Mosquitto):
    """Certificates are asked for, the name in them is the user, each user has its own topics."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        certificate, key = authority.issue("broker")
        acl = folder / "acl"
        acl.write_text("pattern write caseward/v1/%u/up/#\npattern read caseward/v1/%u/down/#\n")
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\ncafile {authority.file}\ncertfile {certificate}\nkeyfile {key}\n"
            f"require_certificate true\nuse_identity_as_username true\nallow_anonymous false\nacl_file {acl}\n"
            "persistence false\ntls_version tlsv1.2\n" + ("user root\n" if os.geteuid() == 0 else "")
            # started by root it would become another user, who may not read the files of this test
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "station")


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[TlsMosquitto]:
    broker = TlsMosquitto(tmp_path, authority)
    broker.start()
    yield broker
    broker.stop()


def link_of(broker: Mosquitto, ca: Path, files: tuple[Path, Path], events: list[Event]) -> MqttLink:
    config = BrokerConfig(
        "127.0.0.1", broker.port, ca_file=str(ca), cert_file=str(files[0]), key_file=str(files[1])
    )
    link = MqttLink("gw-t1", config, events.append)
    link.start()
    return link


def is_up(events: list[Event]) -> bool:
    return any(isinstance(event, BrokerUp) for event in events)


def test_gateway_with_its_certificate_is_let_in(broker: TlsMosquitto, authority: Authority) -> None:
    events: list[Event] = []
    link = link_of(broker, authority.file, authority.issue("gw-t1"), events)
    wait_for("the broker", lambda: is_up(events))
    assert link.publish("hb", b"1")
    wait_for("the broker to take it", lambda: link._taken == 1)
    link.stop()


def test_certificate_of_another_authority_is_not_let_in(
    broker: TlsMosquitto, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    events: list[Event] = []
    link = link_of(broker, authority.file, stranger.issue("gw-t1"), events)
    with pytest.raises(AssertionError, match="the broker"):
        wait_for("the broker", lambda: is_up(events), 1.5)
    link.stop()


def test_broker_of_another_authority_is_not_spoken_to(
    broker: TlsMosquitto, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    events: list[Event] = []
    link = link_of(broker, stranger.file, authority.issue("gw-t1"), events)
    with pytest.raises(AssertionError, match="the broker"):
        wait_for("the broker", lambda: is_up(events), 1.5)
    link.stop()
