"""The README of an export: whose data these are, which file holds what, units and signs."""

from __future__ import annotations

from collections.abc import Sequence

from core.session.export_record import OSIM_FILE, ExportFile

README = "README.txt"

UNITS_AND_SIGNS = """\
Units
  time: seconds; on the motion's clock in every file of a recording
  angles: degrees in files (.csv, .mot, .c3d); lengths: metres, markers in mm (.trc, .c3d)
  forces: newtons; moments: newton metres; powers: watts; "/kg": over body mass
  EMG: envelopes as a fraction of what the column or this file names (1 = 100 %)
  sd: standard deviation over strides (n - 1); low_95, high_95: 95 % interval over simulated seeds
  empty cell, NaN: not known

Signs
  hip: flexion, adduction and inward rotation positive; knee: flexion positive
  ankle: dorsiflexion positive; subtalar: inversion positive; toes: flexion (downward) positive
  toes on which nothing was seen are held at 0, and have no measures
  hip angles are those of the thigh against the model's pelvis
  moments are internal (what muscles and ligaments do) and have the sign of the angle
  exo torque: flexion or dorsiflexion positive
  names end in _l or left and _r or right: the person's own left and right

Axes
  OpenSim files (.trc, .mot, .sto): x forward, y up, z to the person's right
  .c3d and ground forces of simulated walks: x to the person's left, y backward, z up

Measured, estimated, simulated
  names begin with what a file is. "measured": from cameras, a laboratory or electrodes;
  "estimated": forces and moments found without force plates, an assistance force read off a curve
  through EMG; "synthetic": a made-up patient;
  "simulated": walks of a computer model. Simulated numbers are not measurements.
  twin_measures.csv and scaled_model.osim are a model scaled to the person: estimated, too.
  In tables of measures the columns "simulated" and "estimated" say it of every number.
"""


def readme_text(title: str, files: Sequence[ExportFile], *, notes: Sequence[str] = ()) -> str:
    """`notes` say what is not there, and why."""
    width = max((len(file.name) for file in files), default=0)
    lines = [f"  {file.name:<{width}}  {file.about}{_source(file)}" for file in files]
    told = list(notes)
    if not any(file.name == OSIM_FILE for file in files):
        told.append(NO_OSIM)
    missing = "Not in here\n" + "".join(f"  {note}\n" for note in told) + "\n" if told else ""
    return (
        f"{title}\n\nFiles\n" + "\n".join(lines) + f"\n\n{UNITS_AND_SIGNS}\n{missing}"
        "SHA256SUMS.txt has the SHA-256 of every file (sha256sum -c SHA256SUMS.txt).\n"
        "ExoTwin is a research prototype, not a cleared medical device.\n"
    )


def _source(file: ExportFile) -> str:
    visit = f"; {file.visit}" if file.visit else ""
    return f"{visit}; record {file.record_id[:8]}" if file.record_id else visit


NO_OSIM = (
    "No scaled model (.osim): it is exported with the twin. Twins of earlier versions kept none; the command "
    "`exotwin export` makes it of those too."
)
