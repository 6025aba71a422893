"""Job `import_emg`: read an EMG file, process it, keep the envelopes and the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.record import RecordKind
from core.emg.importing import process_emg
from core.emg.naming import suggested_sites
from core.emg.presets import options_of
from core.emg.readers import read_emg
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """Params: visit_id, file, sites {channel: [muscle, side]} (suggested when absent), mvc_file, mvc_files (of
    several contractions), rate_hz, processing (a chain by its name, or {preset, changed values})."""
    visit_id, path = str(params["visit_id"]), Path(str(params["file"]))
    rate_hz = params.get("rate_hz")
    rate = None if rate_hz is None else float(cast(float, rate_hz))
    context.progress(0.1, f"Reading {path.name}")
    raw = read_emg(path, rate)
    options = options_of(params.get("processing"))
    mvc_files = [name for name in (params.get("mvc_file"), *cast(list[str], params.get("mvc_files") or [])) if name]
    mvc = [read_emg(Path(str(name)), rate) for name in mvc_files] or None
    chosen = params.get("sites")
    sites = _sites(cast(dict[str, list[str]], chosen)) if chosen else suggested_sites(raw.channels)
    context.check_cancelled()
    context.progress(0.4, f"Filtering {len(sites)} channels")
    envelopes = process_emg(raw, sites, mvc, options)
    good = sum(channel.verdict == "good" for channel in envelopes.channels)
    counted = f"{good} of {len(envelopes.channels)} channels good"
    with open_store(context.spec.data_dir) as store:
        context.progress(0.9, "Saving")
        return store.save(
            RecordKind.EMG,
            envelopes,
            visit_id=visit_id,
            summary=f"{counted}; normalised to {envelopes.normalised_to}",
            operator=context.spec.operator,
            settings={"sites": {name: [site.muscle, site.side] for name, site in sites.items()}},
            files=(path,),
        )


def _sites(chosen: dict[str, list[str]]) -> dict[str, ChannelSite]:
    sites: dict[str, ChannelSite] = {}
    for channel, (muscle, side) in chosen.items():
        if muscle not in tuple(EmgMuscle) or side not in tuple(Side):
            raise refuse(
                "EMG-007",
                f"“{muscle}, {side}” is not a muscle this program knows.",
                f"Channel {channel} is mapped to it.",
                "Choose muscle and side from the lists.",
            )
        sites[channel] = ChannelSite(EmgMuscle(muscle), Side(side))
    return sites
