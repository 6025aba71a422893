"""Job `remove_original`: remove the video in which heads are visible; a copy with hidden heads is kept."""

from __future__ import annotations

from fnmatch import fnmatchcase

from core.domain.audit import AuditEvent, AuditStep
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import Recording
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.store.repository import Store, open_store

PICTURES = ("frames*.bin", "frames*.json")
_VIDEOS = ("camera-*",)
_ENDED_JOBS = "*/outcome.json"


def run(params: Params, context: JobContext) -> str:
    """Params: `recording_id`, of the recording with hidden heads. Returns the same id.

    Removes the videos of the recordings that it was made from, and the small pictures of them that came with
    landmarks; numbers stay. Who removed what goes into the audit trail. Refuses CAP-037 when the heads of the
    recording are not hidden, and CAP-038 when there is nothing to remove.
    """
    return remove_originals(str(params["recording_id"]), context)


def remove_originals(kept_id: str, context: JobContext) -> str:
    """See `run`."""
    with open_store(context.spec.data_dir) as store:
        if not store.load(kept_id, Recording).heads_hidden:
            raise refuse(
                "CAP-037",
                "The original was not removed.",
                "There is no copy of it with hidden heads; the video would be lost.",
                "Hide the heads first.",
            )
        context.progress(0.2, "Removing the original video")
        originals = originals_of(store, kept_id)
        if not originals:
            raise refuse(
                "CAP-038",
                "There is no original to remove.",
                "The heads were hidden on the way in, or the original was removed before.",
                "Nothing to do. The file that was imported is not ExoTwin's to delete.",
            )
        _remove(store, kept_id, originals, context)
    for outcome in context.work_dir.parent.glob(_ENDED_JOBS):  # left by earlier versions
        for pattern in PICTURES:
            for picture in outcome.parent.glob(pattern):
                picture.unlink(missing_ok=True)
    return kept_id


def originals_of(store: Store, kept_id: str) -> dict[str, tuple[str, ...]]:
    """Record id -> names of its files in which heads are visible: earlier recordings and pictures of them."""
    visit_id = store.info(kept_id).visit_id
    records = {record.id: record for record in store.records(visit_id)}
    visible = {
        name
        for name in _made_from(records, kept_id)
        if records[name].kind is RecordKind.RECORDING and not store.load(name, Recording).heads_hidden
    }
    found = {}
    for record in records.values():
        patterns: tuple[str, ...]
        if record.id in visible:
            patterns = _VIDEOS
        elif record.kind is RecordKind.LANDMARKS and _shows(records, record.id, visible):
            patterns = PICTURES
        else:
            continue
        there = store.file_names(record.id)
        names = tuple(name for name in there if any(fnmatchcase(name, pattern) for pattern in patterns))
        if names:
            found[record.id] = names
    return found


def _made_from(records: dict[str, RecordInfo], record_id: str) -> set[str]:
    """All records of the visit from which this one was made."""
    found: set[str] = set()
    to_look_at = [record_id]
    while to_look_at:
        for name, _digest in records[to_look_at.pop()].provenance.inputs:
            if name in records and name not in found:
                found.add(name)
                to_look_at.append(name)
    return found


def _shows(records: dict[str, RecordInfo], landmarks_id: str, visible: set[str]) -> bool:
    """Whether the pictures that came with these landmarks are of one of the visible recordings.

    They are of the nearest recording: that a copy was made from another one does not count.
    """
    for name, _digest in records[landmarks_id].provenance.inputs:
        if name in visible:
            return True
        if name in records and records[name].kind is RecordKind.LANDMARKS:
            return _shows(records, name, visible)
    return False


def _remove(store: Store, kept_id: str, files: dict[str, tuple[str, ...]], context: JobContext) -> None:
    """Audited first: a trace of what may not have happened is better than a removal without one."""
    who, visit_id = context.spec.operator or "unknown", store.info(kept_id).visit_id
    for record_id, names in files.items():
        detail = f"{', '.join(names)} removed; a copy with hidden heads is {kept_id}"
        store.audit(
            AuditEvent(AuditStep.ORIGINAL_REMOVED, who, visit_id=visit_id, record_id=record_id, detail=detail)
        )
        store.remove_files(record_id, names, by=who)
