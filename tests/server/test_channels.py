"""The ways out by themselves: what each takes for accepted, and that no receiver can hold one up for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caselog.keys import SoftKey
from caseserver.notify.channels import Apprise, ChannelError, Mail, channels_of, post, tls_context
from caseserver.notify.message import Message
from caseserver.notify_settings import AppriseReceiver, MailReceiver
from tests.tools.ports import free_port
from tests.tools.receivers import Hook, MailBox

MESSAGE = Message("0" * 32, "讯问室2 0412 录像已停", "现在：停止讯问", {"attempt": 1, "because": "first"})


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    made = MailBox(tmp_path_factory.mktemp("mail"))
    yield made
    made.close()


def mail(mailbox: MailBox, folder: Path, password: str, *, is_trusted: bool = True) -> Mail:
    (folder / "password").write_text(password, encoding="utf-8")
    return Mail(
        MailReceiver(
            kind="smtp", host="127.0.0.1", port=mailbox.port, ca_file=mailbox.ca_file if is_trusted else None,
            user=mailbox.user, password_file=folder / "password", sender="a@station.example", to="b@station.example",
            timeout_s=30,
        ),
        folder,
    )  # fmt: skip


@pytest.mark.real
def test_a_mail_leaves_only_to_a_server_whose_certificate_is_known_and_with_the_right_password(
    mailbox: MailBox, tmp_path: Path
) -> None:
    wrong = mail(mailbox, tmp_path, "of another").send(MESSAGE)
    stranger = mail(mailbox, tmp_path, mailbox.password, is_trusted=False).send(MESSAGE)
    assert not wrong.is_accepted
    assert "SMTPAuthenticationError" in wrong.problem
    assert not stranger.is_accepted
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.problem
    assert mailbox.mails == []
    assert mail(mailbox, tmp_path, mailbox.password).send(MESSAGE).is_accepted
    mailbox.refuses = True
    assert "451" in mail(mailbox, tmp_path, mailbox.password).send(MESSAGE).problem


@pytest.mark.real
def test_apprise_reaches_what_its_address_names_and_says_no_where_it_does_not(
    hook: Hook, tmp_path: Path
) -> None:
    (tmp_path / "address").write_text(f"json://127.0.0.1:{hook.port}/alarms\n", encoding="utf-8")
    channel = Apprise(AppriseReceiver(kind="apprise", url_file=Path("address")), tmp_path)
    assert channel.send(MESSAGE).is_accepted
    assert hook.taken[-1].body["message"] == MESSAGE.text
    hook.mode = "refuse"
    assert not channel.send(MESSAGE).is_accepted
    (tmp_path / "address").write_text("pigeon://loft", encoding="utf-8")
    with pytest.raises(ChannelError, match="leader: address: expected one address that apprise knows"):
        channels_of(
            {"leader": AppriseReceiver(kind="apprise", url_file=Path("address"))},
            SoftKey.generate(),
            tmp_path,
            time.time,
        )


def test_a_receiver_that_drips_its_answer_byte_by_byte_is_cut_off_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line:
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1_500:
                    try:
                        line.sendall(bytes([byte]))
                    except OSError:
                        return
                    time.sleep(0.02)

        threading.Thread(target=drip, daemon=True).start()
        begun_s = time.monotonic()
        outcome = post(
            f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, 0.4, tls_context(Path(), None)
        )
        assert not outcome.is_accepted
        assert time.monotonic() - begun_s < 20  # of the thirty seconds that its answer would take


def test_a_dead_receiver_is_a_problem_in_one_line_and_never_an_exception() -> None:
    outcome = post(f"http://127.0.0.1:{free_port()}/", b"{}", {}, 1, tls_context(Path(), None))
    assert not outcome.is_accepted
    assert outcome.problem.startswith("ConnectionRefusedError")
    assert "\n" not in outcome.problem
