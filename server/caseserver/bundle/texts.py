"""Every area.toml and rulebook the server ever ran, as files named by their hash: a bundle of next year needs them."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDER: Final = "texts"


class TextShelf:
    """Files `<sha-256>.toml` in one folder. Nothing is ever changed or removed."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first text is kept."""
        self._folder = folder

    def keep(self, text: str) -> str:
        """Keep a text; gives its hash. Durable when it returns."""
        data = text.encode()
        name = sha256(data).hexdigest()
        path = self._path(name)
        if self.get(name) is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside = path.with_suffix(".new")
            with aside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        return name

    def get(self, name: str) -> str | None:
        """The text with this hash; None when there is none, or when the file holds another."""
        try:
            data = self._path(name).read_bytes()
        except OSError:
            return None
        return data.decode() if sha256(data).hexdigest() == name else None

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.toml"
