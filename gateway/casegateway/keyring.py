"""The gateway's keys: which of them signs what, and the change from one to the next.

The log says which key is in force (`KeyChain`); this says which of them the gateway holds. A key that was
handed over is kept: a server restored from an old backup asks again for batches of its time.
"""

from collections.abc import Iterable
from typing import Any

from caselog import records
from caselog.errors import KeyFileError
from caselog.keychain import KeyChain
from caselog.keys import Signer, SigningKey


class Keyring:
    """Keys of the log `origin`: the present one, one that is to take over, those of before."""

    def __init__(
        self,
        origin: str,
        present: SigningKey,
        coming: SigningKey | None = None,
        former: Iterable[SigningKey] = (),
    ) -> None:
        """`present` signs until the log says that `coming` does."""
        self.name = origin
        self.present = present
        self.coming = coming
        self._chain = KeyChain(origin, present.public)
        self._keys = {key.public: key for key in (*former, *((coming,) if coming else ()), present)}

    @property
    def publics(self) -> list[bytes]:
        """Every key of this log that is here, 32 bytes each."""
        return list(self._keys)

    def follow(self, chain: KeyChain | None) -> None:
        """Sign by what the log says; None: it says nothing yet. Raises `KeyFileError` when its key is not here."""
        if chain is None:
            return
        if chain.origin != self.name:
            raise KeyFileError(f"the log {self.name}", f"in its leaf 0 {chain.origin}")
        held = self._keys.get(chain.newest)
        if held is None:
            expected = f"the key the log is signed with, {chain.newest.hex()}"
            raise KeyFileError(expected, f"{self.present.public.hex()}; a lost key ends its log: begin-anew")
        self._chain, self.present = chain, held
        if self.coming is not None and self.coming.public == held.public:
            self.coming = None

    def change(self, index: int) -> dict[str, Any] | None:
        """Body of the `log.key_changed/1` that is to stand at `index`, None when no key waits to take over."""
        if self.coming is None:
            return None
        return records.key_changed(self.name, index, self.present, self.coming)

    def signers(self, first: int, size: int) -> list[Signer]:
        """Who signs a checkpoint of `size` leaves sent with those from `first` on.

        A key of before that is no longer here leaves its place to the present one: the server then refuses
        that batch and says why.
        """
        wanted = [self._keys.get(public, self.present) for public in self._chain.over(first, size)]
        return [Signer(self.name, key) for key in dict.fromkeys(wanted)]
