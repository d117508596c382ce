"""The vault: what is sealed tells nothing, and keys may change."""

import pytest

from store.teams.token_cipher import Vault, VaultError, new_key

SECRET = "xoxb-1-secret"


def test_what_is_sealed_is_opened_again_and_tells_nothing() -> None:
    vault = Vault([new_key()])
    one, two = vault.seal(SECRET), vault.seal(SECRET)
    assert SECRET not in one
    assert one != two
    assert vault.unseal(one) == vault.unseal(two) == SECRET


def test_a_new_key_takes_over_from_the_one_before() -> None:
    before, after = new_key(), new_key()
    sealed = Vault([before]).seal(SECRET)
    renewed = Vault([after, before]).renew(sealed)
    assert Vault([after]).unseal(renewed) == SECRET
    assert Vault([after]).renew(renewed) == renewed


def test_another_key_opens_nothing() -> None:
    vault = Vault([new_key()])
    for sealed in (Vault([new_key()]).seal(SECRET), "", "xoxb-plain", "é"):
        for opened in (vault.unseal, vault.renew):
            with pytest.raises(VaultError, match="another ENCRYPTION_KEY"):
                opened(sealed)


@pytest.mark.parametrize("key", ["", "short", "é" * 44, "=" * 44])
def test_what_is_no_key_is_not_taken(key: str) -> None:
    with pytest.raises(VaultError, match="python -m bot key"):
        Vault([key])
