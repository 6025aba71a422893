"""Job `import_emg`: read an EMG file, process it, keep the envelopes and the file itself."""

from __future__ import annotations

from dataclasses import replace

from core.domain.emg import EmgEnvelopes
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.emg.alignment import SAME_FILE, Offset, coverage_findings
from core.emg.importing import process_emg
from core.emg.naming import suggestions
from core.emg.presets import options_of
from core.emg.requests import EmgRequest, request_of
from core.emg.signals import RawEmg
from core.jobs.values import JobContext, Params
from core.store.files import Attachment
from core.store.repository import Store, open_store


def run(params: Params, context: JobContext) -> str:
    """Params: visit_id, file; rate_hz, sheet, header_line, unit where the file tells none; mvc_file or
    mvc_files (of several contractions) with mvc_rate_hz, mvc_sheet, mvc_header_line, mvc_unit likewise; sites
    {channel: [muscle, side]} (suggested when absent); processing (a chain by its name, or {preset, changed
    values}).

    When the EMG began: offset_s (added to its time it gives the motion's), or trigger_channel whose rising
    edge marks trigger_motion_s (default 0) of the motion, or an event at event_emg_s and event_motion_s.
    """
    visit_id, request = str(params["visit_id"]), request_of(params)
    context.progress(0.1, f"Reading {request.file.name}")
    raw = request.recording()
    maxima = request.maxima(raw)
    sites = suggestions(raw).sites if request.sites is None else dict(request.sites)
    context.check_cancelled()
    context.progress(0.4, f"Filtering {len(sites)} channels")
    envelopes = process_emg(raw, sites, maxima or None, options_of(params.get("processing")))
    good = sum(channel.verdict == "good" for channel in envelopes.channels)
    counted = f"{good} of {len(envelopes.channels)} channels good"
    with open_store(context.spec.data_dir) as store:
        context.progress(0.9, "Saving")
        placed = with_offset(store, visit_id, envelopes, _offset(store, visit_id, request, raw))
        return store.save(
            RecordKind.EMG,
            placed,
            visit_id=visit_id,
            summary=f"{counted}; normalised to {envelopes.normalised_to}",
            operator=context.spec.operator,
            settings={"sites": {name: [site.muscle, site.side] for name, site in sites.items()}},
            files=(Attachment(f"emg{request.file.suffix.lower()}", request.file),),
        )


def with_offset(store: Store, visit_id: str, emg: EmgEnvelopes, offset: Offset) -> EmgEnvelopes:
    """The EMG at its place in the time of the visit's motion, with what is to be said about that."""
    length_s = len(emg.time_s) and float(emg.time_s[-1])
    told = coverage_findings(emg.source_name, offset, length_s, motion_span(store, visit_id))
    kept = tuple(finding for finding in emg.findings if finding.advice.code not in ("EMG-046", "EMG-048"))
    return replace(emg, offset_s=offset.seconds, offset_from=offset.source, findings=(*kept, *told))


def motion_span(store: Store, visit_id: str) -> tuple[float, float] | None:
    """First and last time of the newest motion of a visit, or of the recording that it will be made from."""
    motion = store.latest(visit_id, RecordKind.MOTION)
    if motion is not None:
        time_s = store.load(motion.id, Motion).kinematics.time_s
    elif (trial := store.latest(visit_id, RecordKind.LABORATORY_TRIAL)) is not None:
        time_s = store.load(trial.id, LaboratoryTrial).time_s
    elif (landmarks := store.latest(visit_id, RecordKind.LANDMARKS)) is not None:
        time_s = store.load(landmarks.id, Landmarks).patient.tracks[0].time_s
    else:
        return None
    return (float(time_s[0]), float(time_s[-1])) if len(time_s) else None


def _offset(store: Store, visit_id: str, request: EmgRequest, raw: RawEmg) -> Offset:
    """As the person said; else zero, which is known where markers and EMG are in one file."""
    said = request.offset(raw)
    if said is not None:
        return said
    trial = store.latest(visit_id, RecordKind.LABORATORY_TRIAL)
    if trial is not None and store.load(trial.id, LaboratoryTrial).source_name == request.file.name:
        return Offset(0.0, SAME_FILE)
    return Offset()
