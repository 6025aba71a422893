"""`exotwin emg`: what an import would do, without a record; and the options of a session's EMG."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Advice, UserError, refuse
from core.jobs.values import JsonValue

if TYPE_CHECKING:
    from app.terminal import Terminal

_NOTHING_MAPPED = "EMG-005"


def add_emg(commands: Any, add_data_dir: Callable[[argparse.ArgumentParser], None]) -> None:
    parser = commands.add_parser("emg", help="look into an EMG file; keeps nothing")
    parser.add_argument("file", type=Path, help="CSV, TXT, XLSX, EDF, BDF, STO, MOT or C3D")
    parser.add_argument("--mvc", type=Path, action="append", default=[], help="maximum contractions")
    add_reading(parser, "")
    parser.add_argument("--map", type=Path, help="JSON file: channel to muscle and side")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    add_data_dir(parser)
    parser.set_defaults(command=_emg)


def add_emg_options(parser: argparse.ArgumentParser) -> None:
    """The EMG of a whole session."""
    parser.add_argument(
        "--emg", type=Path, help="EMG file of this walk; default: --trial's, where it has EMG"
    )
    parser.add_argument("--emg-mvc", type=Path, action="append", default=[], help="maximum contractions")
    add_reading(parser, "emg-")
    parser.add_argument("--emg-map", type=Path, help="JSON file: channel to muscle and side")


def emg_files(args: argparse.Namespace) -> tuple[Path | None, ...]:
    """The files that a session's EMG options name."""
    return args.emg, *args.emg_mvc, args.emg_map


def emg_options(args: argparse.Namespace) -> dict[str, JsonValue]:
    """What the options of `add_emg_options` add to the parameters of `import_emg`."""
    return emg_params(args, "emg_", args.emg_mvc, args.emg_map)


def add_reading(parser: argparse.ArgumentParser, prefix: str, *, placed: bool = True) -> None:
    """How files are read; with `placed` also their place in the time of a motion."""
    for name, kind, what in (
        ("rate", float, "sampling rate in Hz, where the file has no good time column"),
        ("sheet", str, "sheet of a workbook that has several"),
        ("header-line", int, "line that names the columns, from 1; 0: there is none"),
        ("unit", str, "V, mV, uV or nV, where the file names none"),
        ("mvc-unit", str, "the same for the maximum contractions"),
        ("mvc-rate", float, "sampling rate of the maximum contractions in Hz"),
        ("mvc-sheet", str, "their sheet"),
        (
            "offset",
            float,
            "seconds by which the EMG began after the motion; negative: before it",
        ),
        ("trigger", str, "channel that rises when the motion begins"),
        ("processing", str, "study (the usual one), seniam, rms-50, rms-100, winter, notch-50 or notch-60"),
    ):
        if name in ("offset", "trigger") and not placed:
            continue
        metavar = {float: "NUMBER", int: "N", str: "NAME"}[kind]
        parser.add_argument(f"--{prefix}{name}", type=kind, metavar=metavar, help=what)
    if not placed:
        return
    parser.add_argument(
        f"--{prefix}event",
        nargs=2,
        type=float,
        metavar=("EMG_S", "MOTION_S"),
        help="the same event in seconds of the EMG and of the motion",
    )


# What advice tells to do on the EMG page, and the option that does it.
_IN_A_TERMINAL = (
    ("Enter the rate at which the EMG was sampled", "Run again with {}rate HZ"),
    ("Leave the rate empty to use the time column", "Leave {}rate out to use the time column"),
    ("Choose the sheet", "Run again with {}sheet NAME"),
    ("Choose one of these sheets", "Run again with {}sheet NAME for one of these"),
    (
        "Choose the header line that names the columns",
        "Run again with {}header-line N of the line with the names",
    ),
    ("Choose the header line if", "Run again with {}header-line N if"),
    ("Choose muscle and side on the EMG page", "Run again with {}map FILE"),
    ("Choose one of them in the channel map", "Choose one of them with {}map FILE"),
    ("Map the channels again for this file", "Correct the file given with {}map"),
    ("Give the unit of both recordings", "Give {0}unit and {0}mvc-unit"),
    (
        "Enter the start of the EMG, a common event or the trigger channel",
        "Give {0}offset, {0}event or {0}trigger",
    ),
    ("Correct the start of the EMG", "Correct {}offset"),
)


def emg_advice(advice: Advice, prefix: str = "--") -> Advice:
    """Advice of an import with a next step that a terminal can do; `prefix` is `--emg-` in a session."""
    step = advice.next_step
    for on_the_page, option in _IN_A_TERMINAL:
        step = step.replace(on_the_page, option.format(prefix))
    return replace(advice, next_step=step)


def import_emg(terminal: Terminal, visit_id: str, file: Path, options: Mapping[str, JsonValue]) -> str:
    """The job in a session; what it refuses names the session's options."""
    params: dict[str, JsonValue] = {"visit_id": visit_id, "file": str(file), **options}
    try:
        return terminal.run("import_emg", params, visit_id=visit_id)
    except UserError as error:
        raise UserError(emg_advice(error.advice, "--emg-")) from error


_OPTIONS = {
    "rate": "rate_hz",
    "sheet": "sheet",
    "header_line": "header_line",
    "unit": "unit",
    "mvc_unit": "mvc_unit",
    "mvc_rate": "mvc_rate_hz",
    "mvc_sheet": "mvc_sheet",
    "offset": "offset_s",
    "trigger": "trigger_channel",
    "processing": "processing",
}


def emg_params(
    args: argparse.Namespace, prefix: str, mvc: list[Path], map_file: Path | None
) -> dict[str, JsonValue]:
    told = {param: getattr(args, prefix + option, None) for option, param in _OPTIONS.items()}
    params: dict[str, JsonValue] = {param: value for param, value in told.items() if value is not None}
    if event := getattr(args, f"{prefix}event", None):
        params |= {"event_emg_s": event[0], "event_motion_s": event[1]}
    if mvc:
        params["mvc_files"] = [str(path.absolute()) for path in mvc]
    if map_file is not None:
        params["sites"] = _read_map(map_file)
    return params


def _read_map(path: Path) -> JsonValue:
    """A channel map as `import_emg` takes it. Values may be written out: {"EMG 1": "left soleus"}."""
    from core.domain.outside_json import read_json_file
    from core.emg.file_access import MOST_CHANNELS
    from core.emg.naming import suggest_site

    try:
        entries = read_json_file(path)
        if len(entries) > MOST_CHANNELS:
            raise ValueError(
                f"It has {len(entries)} entries, and no file has more than {MOST_CHANNELS} channels"
            )
        sites: dict[str, JsonValue] = {}
        for channel, told in entries.items():
            site = suggest_site(told) if isinstance(told, str) else None
            sites[channel] = [site.muscle.value, site.side.value] if site else list(told)
            if len(sites[channel]) != 2 or (isinstance(told, str) and site is None):  # type: ignore[arg-type]
                raise ValueError(f"“{told}” is no muscle and side")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise refuse(
            "EMG-052",
            f"The channel map {path.name} cannot be read.",
            f"{error}.",
            'Write a JSON file like {"EMG 1": "left tibialis anterior", "EMG 2": ["soleus", "right"]}.',
        ) from error
    return sites


def _emg(args: argparse.Namespace) -> int:
    from app.jobs.guarded import guarded
    from app.session_request import check_files
    from core.emg.requests import request_of

    check_files(args.file, *args.mvc, args.map)
    params = {"file": str(args.file), **emg_params(args, "", args.mvc, args.map)}
    try:
        request, processing = request_of(params), params.get("processing")
        summary = guarded((args.file, *args.mvc), emg_summary, request, processing)
    except UserError as error:
        raise UserError(emg_advice(error.advice)) from error
    if args.as_json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(summary)))
    return 0


def emg_summary(request: Any, processing: object = None) -> dict[str, Any]:
    """What importing this would give, as JSON values. Raises UserError as the import does."""
    from core.emg.importing import process_emg
    from core.emg.naming import naming_findings, suggestions
    from core.emg.presets import options_of

    raw = request.recording()
    maxima = request.maxima(raw)
    found = suggestions(raw)
    sites = found.sites if request.sites is None else dict(request.sites)
    offset = request.offset(raw)
    emg, findings = None, (*raw.findings, *naming_findings(found, tuple(sites.values())))
    try:
        emg = process_emg(raw, sites, maxima or None, options_of(processing))
        findings = emg.findings
    except UserError as error:
        if error.advice.code != _NOTHING_MAPPED:
            raise
        from core.domain.findings import Finding, Severity

        if not found.doubled:  # else their names tell it well, and the choice has been asked for
            findings = (*findings, Finding(Severity.WARNING, error.advice))
    return {
        "file": raw.source_name,
        "sheet": raw.sheet or None,
        "rate_hz": round(raw.rate_hz, 6),
        "duration_s": round(raw.duration_s, 3),
        "samples": len(raw.signal),
        "mvc": [one.source_name for one in maxima],
        "normalised_to": None if emg is None else emg.normalised_to,
        "processing": None if emg is None else emg.processing,
        "offset": None if offset is None else {"seconds": offset.seconds, "from": offset.source},
        "channels": [_channel(number, raw, sites, emg) for number in range(len(raw.channels))],
        "findings": [_told(finding) for finding in findings],
    }


def _told(finding: Any) -> dict[str, str]:
    advice = emg_advice(finding.advice)
    return {
        "severity": finding.severity.value,
        "code": advice.code,
        "what": advice.what,
        "why": advice.why,
        "next_step": advice.next_step,
    }


def _channel(number: int, raw: Any, sites: Mapping[str, Any], emg: Any) -> dict[str, Any]:
    from core.emg.naming import is_other_signal

    name = raw.channels[number]
    site = sites.get(name)
    judged = None if emg is None else next((c for c in emg.channels if c.name == name), None)
    at = None if judged is None else emg.channels.index(judged)
    return {
        "number": number + 1,
        "name": name,
        "unit": raw.units[number] or None,
        "description": raw.descriptions[number] or None,
        "may_be_emg": not is_other_signal(name, raw.units[number]),
        "muscle": None if site is None else site.muscle.value,
        "side": None if site is None else site.side.value,
        "quality": None if judged is None else judged.verdict,
        "signal_to_noise_db": None if judged is None else judged.signal_to_noise_db,
        "normalised_to": None if at is None else emg.reference(at),
        "peak": None if at is None else round(float(emg.envelope[:, at].max()), 4),
    }


def _lines(summary: dict[str, Any]) -> list[str]:
    sheet = f", sheet {summary['sheet']}" if summary["sheet"] else ""
    lines = [f"{summary['file']}{sheet}: {summary['rate_hz']:g} Hz, {summary['duration_s']:g} s"]
    for channel in summary["channels"]:
        where = f"{channel['side']} {channel['muscle']}" if channel["muscle"] else "not used"
        unit = f" [{channel['unit']}]" if channel["unit"] else ""
        quality = f", {channel['quality']}" if channel["quality"] else ""
        lines.append(f"{channel['number']:3d}  {channel['name']}{unit}: {where}{quality}")
    if summary["normalised_to"]:
        lines.append(f"100 % is the {summary['normalised_to']}.")
    lines += [
        f"{f['severity']}: {f['what']} {f['why']} {f['next_step']} [{f['code']}]" for f in summary["findings"]
    ]
    return lines
