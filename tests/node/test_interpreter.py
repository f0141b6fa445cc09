"""Getting MicroPython: what fails, what skips, and where it is looked for."""

from pathlib import Path

import pytest

from tests.node import micropython

DEB822 = """\
Types: deb
# http://snapshot.example/archive/debian
URIs: http://mirror.example/debian-security
Suites: bookworm-security

Types: deb
URIs: http://mirror.example/debian/
Suites: bookworm
"""
ONE_LINE = "# deb http://old.example/debian buster main\ndeb [signed-by=/k] https://mirror.example/debian bookworm main\n"


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """An empty folder as the whole PATH, and an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(micropython, "CACHE", tmp_path / "cache")
    return folder


def program(path: Path, name: str, text: str) -> None:
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o755)


def test_a_machine_without_apt_has_no_way_to_it_and_may_skip(path) -> None:
    with pytest.raises(
        micropython.NoInterpreterError, match="apt-get and dpkg-deb to unpack it; found neither"
    ):
        micropython.find_interpreter()


def test_a_machine_with_apt_that_does_not_bring_it_fails(path, monkeypatch) -> None:
    monkeypatch.setattr(micropython, "_mirror", lambda: "http://mirror.example/debian")
    program(path, "dpkg-deb", "exit 0")
    program(path, "apt-get", "echo no such mirror >&2; exit 100")
    with pytest.raises(RuntimeError, match="no such mirror") as failed:
        micropython.find_interpreter()
    assert not isinstance(failed.value, micropython.NoInterpreterError)


def test_an_installed_one_is_taken(path) -> None:
    program(path, "micropython", "")
    assert micropython.find_interpreter() == [str(path / "micropython")]


@pytest.mark.parametrize(
    ("name", "text", "mirror"),
    [
        ("sources.list.d/debian.sources", DEB822, "http://mirror.example/debian"),
        ("sources.list", ONE_LINE, "https://mirror.example/debian"),
    ],
)
def test_the_mirror_is_the_machines_own(tmp_path, name, text, mirror) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)
    assert micropython._mirror(tmp_path) == mirror


def test_a_machine_without_a_debian_mirror_is_told_so(tmp_path) -> None:
    with pytest.raises(RuntimeError, match="expected a source whose address ends in /debian, found none"):
        micropython._mirror(tmp_path)
