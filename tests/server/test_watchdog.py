"""The dead man's switch: a real beat to a real watchdog, which tells others when it stops."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caselog.keys import SoftKey
from caseserver import watchdog as program
from caseserver.notify import signing
from caseserver.notify.beat import Beat
from caseserver.notify.channels import ChannelError, channels_of, tls_context
from caseserver.notify.silence import Silence
from caseserver.notify_settings import Watchdog as WatchdogSettings
from tests.tools.certificates import Authority
from tests.tools.receivers import SECRET_TEXT, Hook

SERVER = SoftKey.from_seed(b"s" * 32)


def test_a_server_is_silent_after_its_time_and_heard_again_at_the_next_beat() -> None:
    watch = Silence(60, now_s=0)
    assert [watch.look(at_s) for at_s in (0, 60, 61, 62)] == ["", "", "silent", ""]
    assert watch.beat(1_000, 70)
    assert watch.look(70) == "alive"
    assert not watch.beat(1_000, 500), "a copy of an old beat keeps a dead server alive"
    assert watch.look(131) == "silent"


class Rig:
    """A watchdog over TLS, the person's receiver behind it, and a server that beats while it is well."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder, "watchdog-authority")
        certificate, key = authority.issue("watchdog")
        self.hook = Hook()
        (folder / "hook.secret").write_text(SECRET_TEXT, encoding="ascii")
        file = folder / "watchdog.toml"
        file.write_text(
            f'listen = "127.0.0.1:0"\npublic_key = "{SERVER.public.hex()}"\nsilent_s = 60\nretry_s = 0.1\n'
            f'certificate_file = "{certificate}"\nkey_file = "{key}"\n'
            f'[receivers.duty]\nkind = "webhook"\nurl = "{self.hook.url}"\nsecret_file = "hook.secret"\nlanguage = "en"\n',
            encoding="utf-8",
        )
        config = program.load(file)
        self.later_s, self.is_well = 0.0, True
        channels = channels_of(config.receivers, SoftKey.generate(), folder, time.time)
        self.watchdog = program.Watchdog(
            config, channels, folder, steady_s=self.steady_s, posix_s=self.posix_s
        )
        threading.Thread(target=self.watchdog.run, daemon=True).start()
        settings = WatchdogSettings(
            url=f"https://127.0.0.1:{self.watchdog.address[1]}/", ca_file=authority.file
        )
        self.beat = Beat(settings, "station", SERVER, folder, lambda: self.is_well, self.posix_s)

    def steady_s(self) -> float:
        return time.monotonic() + self.later_s

    def posix_s(self) -> float:
        return time.time() + self.later_s

    def told(self, type_: str, answer: int, count: int = 1) -> None:
        """Until `count` messages of a type have got this answer from the receiver."""
        until_s = time.monotonic() + 60
        while sum((t.body["type"], t.answer) == (type_, answer) for t in self.hook.taken) < count:
            assert time.monotonic() < until_s, self.hook.taken
            time.sleep(0.02)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = Rig(tmp_path_factory.mktemp("watchdog"))
    yield made
    made.watchdog.stop()
    made.hook.close()


@pytest.mark.real
def test_a_server_that_does_not_do_its_work_holds_its_beat_back_and_others_are_told_until_one_takes_it(
    rig: Rig,
) -> None:
    rig.later_s += 2  # newer than the beats of the other test
    assert rig.beat.send(), rig.beat.problem
    assert rig.hook.taken == []
    rig.is_well = False
    rig.hook.mode = "refuse"
    rig.later_s += 65
    assert not rig.beat.send()
    rig.told("server.silent", 503, count=2)
    rig.hook.mode = "accept"
    rig.told("server.silent", 204)
    assert rig.hook.taken[-1].is_signed
    assert "Go to the duty desk at once" in rig.hook.taken[-1].body["data"]["text"]
    rig.is_well = True
    assert rig.beat.send(), rig.beat.problem
    rig.told("server.heard", 204)
    *refused, silent, heard = ((t.body["type"], t.answer) for t in rig.hook.taken)
    assert set(refused) == {("server.silent", 503)}, "a receiver that refuses is tried again"
    assert (silent, heard) == (("server.silent", 204), ("server.heard", 204)), (
        "and told once when it takes it"
    )
    assert len({t.id for t in rig.hook.taken}) == 2


def test_who_connects_and_says_nothing_keeps_no_beat_out(rig: Rig) -> None:
    with (
        socket.create_connection(rig.watchdog.address),
        socket.create_connection(rig.watchdog.address) as other,
    ):
        other.sendall(b"POST / HTTP/1.1\r\n\r\n")  # no TLS
        rig.later_s += 2
        assert rig.beat.send(), rig.beat.problem


def test_a_beat_of_another_key_or_an_old_one_or_one_that_was_changed_is_refused(rig: Rig) -> None:
    body = b'{"type":"server.alive","data":{"station":"station"}}'
    now_s = int(rig.posix_s()) + 1

    def headers(key: SoftKey, time_s: int) -> dict[str, str]:
        return signing.headers("beat", time_s, body, key, None)

    assert rig.watchdog.take(headers(SoftKey.generate(), now_s), body) == 403
    assert rig.watchdog.take(headers(SERVER, now_s - 400), body) == 403
    assert rig.watchdog.take(headers(SERVER, now_s), body.replace(b"alive", b"aliwe")) == 403
    other = b'{"type":"alarm.called","data":{}}'
    assert rig.watchdog.take(signing.headers("m", now_s, other, SERVER, None), other) == 400, (
        "a message is no beat"
    )
    good = headers(SERVER, now_s)
    assert [rig.watchdog.take(good, body) for _ in range(2)] == [204, 409]


def test_the_signature_is_that_of_the_open_scheme() -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks (libraries' own test vector)."""
    secret_text, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    import base64

    secret = base64.b64decode(secret_text.removeprefix("whsec_"))
    sent = signing.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body, SERVER, secret)
    assert sent["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signing.check(sent, body, 1_614_265_600, secret=secret) == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    for changed, what in ((sent, body + b" "), ({**sent, "webhook-id": "other"}, body), ({}, body)):
        with pytest.raises(signing.SignatureError):
            signing.check(changed, what, 1_614_265_600, secret=secret)
    with pytest.raises(signing.SignatureError, match="within 300 s"):
        signing.check(sent, body, 1_614_265_700, secret=secret)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("public_key = 'x'", "public_key: String should match pattern"),
        ("silent_s = 0", "silent_s"),
        ("certificate_file = 'a'", "expected both of certificate_file and key_file"),
        (
            "[receivers.a]\nkind = 'page'",
            "receivers.a: expected smtp, apprise, or a webhook with a secret_file",
        ),
        ("[receivers.a]\nkind = 'webhook'\nurl = 'https://a.example'", "a webhook with a secret_file"),
    ],
)
def test_what_is_wrong_in_watchdog_toml_is_named(tmp_path: Path, line: str, told: str) -> None:
    parts = {
        "public_key": f"public_key = '{'0' * 64}'",
        "receivers": "[receivers.b]\nkind = 'apprise'\nurl_file = 'b'",
    }
    text = "\n".join([line] + [part for key, part in parts.items() if key not in line]) + "\n"
    if line.startswith("[receivers"):
        text = parts["public_key"] + "\n" + line
    file = tmp_path / "watchdog.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ChannelError) as caught:
        program.load(file)
    assert told in str(caught.value)


def test_a_file_that_is_named_and_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="expected certificates in PEM"):
        tls_context(tmp_path, Path("none.pem"))
    (tmp_path / "short.secret").write_text("whsec_YWJj", encoding="ascii")
    with pytest.raises(signing.SignatureError, match="24 to 64 bytes in base64, found 3 bytes"):
        signing.read_secret(tmp_path / "short.secret")
