"""Encryption of bot tokens, so that the database stores only ciphertext.

Uses Fernet, which the extra `teams` installs.
"""

from collections.abc import Sequence

from store.types import ParleyError


class TokenCipherError(ParleyError):
    """Raised when a key is not valid, or when no key decrypts a token."""


class TokenCipher:
    """Encrypts with its newest key, and decrypts with any of its keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Set the Fernet keys, the newest first.

        Raises `TokenCipherError` if *keys* is empty or has a key that is not valid.
        """
        try:
            from cryptography.fernet import Fernet, InvalidToken, MultiFernet
        except ImportError as error:
            raise _not_installed() from error
        try:
            self._newest = Fernet(keys[0])
            self._any = MultiFernet([self._newest, *map(Fernet, keys[1:])])
        except (IndexError, ValueError):
            raise TokenCipherError("ENCRYPTION_KEY: `python -m bot key` makes one.") from None
        self._mismatch = InvalidToken

    def encrypt(self, token: str) -> str:
        """Return the ciphertext of *token*; it differs each time."""
        return self._newest.encrypt(token.encode()).decode()

    def decrypt(self, ciphertext: str) -> str:
        """Return the token; raises `TokenCipherError` if no key decrypts *ciphertext*."""
        try:
            return self._any.decrypt(ciphertext.encode()).decode()
        except self._mismatch:
            raise TokenCipherError("The token was encrypted with another ENCRYPTION_KEY.") from None

    def renew(self, ciphertext: str) -> str:
        """Return *ciphertext*, encrypted again with the newest key if it has an older one.

        Raises `TokenCipherError` if no key decrypts *ciphertext*.
        """
        token = self.decrypt(ciphertext)
        try:
            self._newest.decrypt(ciphertext.encode())
        except self._mismatch:
            return self.encrypt(token)
        return ciphertext


def new_key() -> str:
    """Return a new random key."""
    try:
        from cryptography.fernet import Fernet
    except ImportError as error:
        raise _not_installed() from error
    return Fernet.generate_key().decode()


def _not_installed() -> TokenCipherError:
    return TokenCipherError("Many workspaces need `pip install -c constraints.txt -e '.[teams]'`.")
