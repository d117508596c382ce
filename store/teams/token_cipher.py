"""The vault: what is secret is written down as ciphertext only (Fernet, the extra `teams`)."""

from collections.abc import Sequence

from store.types import ParleyError


class VaultError(ParleyError):
    """Say why nothing can be sealed, or what was sealed cannot be opened."""


class Vault:
    """Seals with the first of its keys, and opens what any of them has sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take *keys*, the newest first; raises `VaultError` for one that is no key, or none."""
        try:
            from cryptography.fernet import Fernet, InvalidToken, MultiFernet
        except ImportError as error:
            raise _not_installed() from error
        try:
            self._newest = Fernet(keys[0])
            self._any = MultiFernet([self._newest, *map(Fernet, keys[1:])])
        except (IndexError, ValueError):
            raise VaultError("ENCRYPTION_KEY: `python -m bot key` makes one.") from None
        self._mismatch = InvalidToken

    def seal(self, secret: str) -> str:
        """Give the ciphertext of *secret*, another one each time."""
        return self._newest.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Give the secret; raises `VaultError` where none of the keys opens it."""
        try:
            return self._any.decrypt(sealed.encode()).decode()
        except self._mismatch:
            raise VaultError("That was sealed with another ENCRYPTION_KEY.") from None

    def renew(self, sealed: str) -> str:
        """Give *sealed*, anew where an older key has sealed it; raises as `unseal` does."""
        secret = self.unseal(sealed)
        try:
            self._newest.decrypt(sealed.encode())
        except self._mismatch:
            return self.seal(secret)
        return sealed


def new_key() -> str:
    """Make a key."""
    try:
        from cryptography.fernet import Fernet
    except ImportError as error:
        raise _not_installed() from error
    return Fernet.generate_key().decode()


def _not_installed() -> VaultError:
    return VaultError("Many workspaces need `pip install -c constraints.txt '.[teams]'`.")
