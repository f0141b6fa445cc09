"""The server's line to the broker waits for nothing."""

from __future__ import annotations

import socket

from caseserver.inbox import Inbox
from caseserver.link import Link
from caseserver.settings import Broker


def test_the_connection_to_the_broker_is_opened_without_nagles_wait() -> None:
    link = Link(Broker(), frozenset({"gw-a1"}), Inbox(8))
    with socket.socket() as line:
        link._client.on_socket_open(link._client, None, line)
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
