"""Changes of the keys that count here: only by who looks after them. What a key is: `core.deploy.keys`."""

from __future__ import annotations

from core.deploy.keys.signature import PublicKey
from core.deploy.keys.site_key import make_site_key, trust
from core.domain.people import Action
from core.store.repository import Store
from core.vault.key_store import KeyStore

KEYS = "keys"  # what is signed for who changes them


def make_key(
    store: Store, key_store: KeyStore | None, passphrase: str = "", *, by: str = "", replace: bool = False
) -> PublicKey:
    """As `make_site_key`. Refuses PPL-001 to PPL-003 where people have accounts."""
    person = store.people.check(Action.MANAGE_KEYS, by=by, about=KEYS)
    key = make_site_key(store.data_dir, key_store, passphrase, replace=replace)
    store.log(by if person is None else person.name, "key made", "", key.key_id)
    return key


def trust_key(store: Store, key: PublicKey, *, by: str = "") -> None:
    """As `trust`. Refuses PPL-001 to PPL-003 where people have accounts."""
    person = store.people.check(Action.MANAGE_KEYS, by=by, about=KEYS)
    trust(store.data_dir, key)
    store.log(by if person is None else person.name, "key trusted", "", key.key_id)
