"""Changes of the keys that count here: only by who looks after them. What a key is: `core.deploy.keys`."""

from __future__ import annotations

from contextlib import suppress

from core.deploy.keys.signature import PublicKey
from core.deploy.keys.site_key import laid_keys, make_site_key, site_public_key, trust
from core.domain.people import Action
from core.errors import UserError
from core.store.accepted_keys import KEY_RETIRED, KEY_TRUSTED, accepted_keys
from core.store.repository import Store
from core.vault.key_store import KeyStore

KEYS = "keys"  # what is signed for who changes them


def make_key(
    store: Store, key_store: KeyStore | None, passphrase: str = "", *, by: str = "", replace: bool = False
) -> PublicKey:
    """As `make_site_key`. Refuses PPL-001 to PPL-003 where people have accounts."""
    person = store.people.check(Action.MANAGE_KEYS, by=by, about=KEYS)
    who = by if person is None else person.name
    before = _present(store) if replace else None
    key = make_site_key(store.data_dir, key_store, passphrase, replace=replace)
    if before is not None:
        store.log(who, KEY_RETIRED, "", before.key_id)  # what it signed stays valid
    store.log(who, "key made", "", key.key_id)
    return key


def _present(store: Store) -> PublicKey | None:
    with suppress(UserError):  # a damaged one is only replaced
        return site_public_key(store.data_dir)
    return None


def trust_key(store: Store, key: PublicKey, *, by: str = "") -> None:
    """As `trust`. Refuses PPL-001 to PPL-003 where people have accounts."""
    person = store.people.check(Action.MANAGE_KEYS, by=by, about=KEYS)
    store.log(by if person is None else person.name, KEY_TRUSTED, "", key.key_id)  # by which it counts
    trust(store.data_dir, key)


def keys_nobody_accepted(store: Store) -> tuple[str, ...]:
    """Ids of other sites' keys whose files lie here though the log does not say who accepted them.

    They were laid there by hand, or by a version that logged none. In single-user mode they count
    nevertheless. Raises UserError KEY-006.
    """
    accepted = accepted_keys(store.data_dir)
    if accepted is None:
        words = (KEY_TRUSTED, KEY_RETIRED)
        accepted = frozenset(entry.detail for entry in store.log_entries() if entry.action in words)
    return tuple(key.key_id for key in laid_keys(store.data_dir) if key.key_id not in accepted)
