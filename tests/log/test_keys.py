import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from caselog.errors import KeyFileError, NoteError
from caselog.keys import COSIGNATURE_ED25519, SoftKey, Verifier


def test_a_saved_key_signs_the_same_and_only_its_owner_may_read_it(tmp_path):
    key = SoftKey.generate()
    key.save(tmp_path / "key.pem")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    again = SoftKey.load(tmp_path / "key.pem")
    assert (again.public, again.sign(b"x")) == (key.public, key.sign(b"x"))


def test_a_key_file_is_never_replaced(tmp_path):
    SoftKey.generate().save(tmp_path / "key.pem")
    before = (tmp_path / "key.pem").read_bytes()
    with pytest.raises(FileExistsError):
        SoftKey.generate().save(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    SoftKey.generate().save(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(mode)
    with pytest.raises(KeyFileError, match=f"found mode 0{mode:o}"):
        SoftKey.load(tmp_path / "key.pem")


def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path):
    other = X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for name, data in (("text", b"not a key"), ("x25519", other)):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
        with pytest.raises(KeyFileError, match="Ed25519"):
            SoftKey.load(tmp_path / name)


def test_a_vkey_that_is_changed_cut_or_of_another_type_is_refused():
    vkey = SoftKey.from_seed(bytes(32)).named("example.com/log").verifier.vkey()
    assert Verifier.from_vkey(vkey).vkey() == vkey
    for at in range(len(vkey)):
        for text in (vkey[:at], vkey[at + 1 :], vkey[:at] + chr(ord(vkey[at]) ^ 1) + vkey[at + 1 :]):
            with pytest.raises(KeyFileError):
                Verifier.from_vkey(text)
    with pytest.raises(KeyFileError):
        Verifier.from_vkey(vkey, COSIGNATURE_ED25519)


def test_a_signature_of_another_message_key_or_length_is_not_valid():
    key = SoftKey.from_seed(bytes(32)).named("a")
    signature = key.key.sign(b"x")
    assert key.verifier.valid(b"x", signature)
    assert not key.verifier.valid(b"y", signature)
    assert not key.verifier.valid(b"x", signature[:-1])
    assert not SoftKey.generate().named("a").verifier.valid(b"x", signature)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_a_name_that_would_break_a_signature_line_is_refused(name):
    with pytest.raises(NoteError, match="key name"):
        Verifier(name, bytes(32))
