"""What the gateway says of itself: hashes and versions in config.loaded and up/birth."""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.facts import BodyValue


@dataclass(frozen=True, slots=True)
class Identity:
    """`gateway`: its id; hashes in hex, of area.toml and of the rulebook's texts."""

    gateway: str
    config_hash: str
    rulebook: str
    rulebook_hash: str
    version: str

    def loaded(self) -> dict[str, BodyValue]:
        """Body of config.loaded."""
        return {
            "config_hash": self.config_hash,
            "rulebook": self.rulebook,
            "rulebook_hash": self.rulebook_hash,
        }

    def is_law_of(self, before: Mapping[str, object]) -> bool:
        """The log goes on under the rooms and rules it was written under. `before`: its last config.loaded, or empty."""
        ours = {"config_hash": self.config_hash, "rulebook_hash": self.rulebook_hash}
        return not before or all(before.get(key) == value for key, value in ours.items())
