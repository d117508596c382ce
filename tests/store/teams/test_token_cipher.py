"""Ciphertext hides the token, and keys can be changed."""

import pytest

from store.teams.token_cipher import TokenCipher, TokenCipherError, new_key

SECRET = "xoxb-1-secret"


def test_ciphertext_hides_the_token_and_is_decrypted_again() -> None:
    cipher = TokenCipher([new_key()])
    one, two = cipher.encrypt(SECRET), cipher.encrypt(SECRET)
    assert SECRET not in one
    assert one != two
    assert cipher.decrypt(one) == cipher.decrypt(two) == SECRET


def test_a_token_is_encrypted_again_with_the_newest_key() -> None:
    before, after = new_key(), new_key()
    ciphertext = TokenCipher([before]).encrypt(SECRET)
    renewed = TokenCipher([after, before]).renew(ciphertext)
    assert TokenCipher([after]).decrypt(renewed) == SECRET
    assert TokenCipher([after]).renew(renewed) == renewed


def test_another_key_decrypts_nothing() -> None:
    cipher = TokenCipher([new_key()])
    for ciphertext in (TokenCipher([new_key()]).encrypt(SECRET), "", "xoxb-plain", "é"):
        for decrypt in (cipher.decrypt, cipher.renew):
            with pytest.raises(TokenCipherError, match="another ENCRYPTION_KEY"):
                decrypt(ciphertext)


@pytest.mark.parametrize("key", ["", "short", "é" * 44, "=" * 44])
def test_a_key_that_is_not_valid_is_refused(key: str) -> None:
    with pytest.raises(TokenCipherError, match="python -m bot key"):
        TokenCipher([key])
