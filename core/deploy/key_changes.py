"""Changes of the keys that count here: only by who looks after them. What a key is: `core.deploy.keys`."""

from __future__ import annotations

from core.deploy.keys.signature import PublicKey
from core.deploy.keys.site_key import KeyKind, make_site_key, trust, trusted_keys
from core.domain.people import Action
from core.store.repository import Store
from core.vault.key_store import KeyStore

KEYS = "keys"  # what is signed for who changes them
_TRUSTED = "key trusted"  # the log's word


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
    store.log(by if person is None else person.name, _TRUSTED, "", key.key_id)


def keys_nobody_accepted(store: Store) -> tuple[str, ...]:
    """Ids of other sites' keys that count here though no entry of the log says who accepted them.

    Their file was laid there by hand, or by a version that logged none. Raises UserError KEY-006.
    """
    logged = {entry.detail for entry in store.log_entries() if entry.action == _TRUSTED}
    others = (key_id for key_id, key in trusted_keys(store.data_dir).items() if key.kind is KeyKind.TRUSTED)
    return tuple(key_id for key_id in others if key_id not in logged)
