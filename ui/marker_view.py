"""A laboratory trial to look at: there is no film, so its markers are drawn as a skeleton, from the left."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.laboratory import LaboratoryTrial
from core.domain.recording import LANDMARK_COUNT, Landmark, LandmarkTrack
from core.errors import UserError
from core.motion.joint_centres import leg_centres, pelvis_axes
from core.motion.marker_places import Place
from core.motion.marker_sets import LabelledMarkers, recognise
from ui.recording_view import RecordingView

_PX_PER_M, _MARGIN_M = 400.0, 0.5
_HEADROOM = 1.3  # of the height of the shoulders
_FLOOR = 0.94  # of the height, where a view without pictures draws the floor
_USUAL_HEIGHT_M = 1.7  # for the half breadths of joints: a centimetre at most on the screen


def marker_view(trial: LaboratoryTrial) -> RecordingView | None:
    """The skeleton that the markers tell, at every frame; None where the set is not known."""
    try:
        labelled = recognise(trial.marker_names)
    except UserError:
        return None
    place_m = _landmarks_m(labelled, np.asarray(trial.marker_m))
    along = place_m[..., 1]
    if not np.isfinite(along).any():
        return None
    low, high = float(np.nanmin(along)) - _MARGIN_M, float(np.nanmax(along)) + _MARGIN_M
    width = max(1, round((high - low) * _PX_PER_M))
    height = max(1, round(_HEADROOM * float(np.nanmax(place_m[..., 2])) / _FLOOR * _PX_PER_M))
    image = np.stack([(along - low) * _PX_PER_M, _FLOOR * height - place_m[..., 2] * _PX_PER_M], axis=2)
    hips = [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value]
    seen = np.asarray(np.isfinite(image[:, hips]).all(axis=(1, 2)))
    visibility = np.repeat(seen[:, None].astype(np.float64), LANDMARK_COUNT, axis=1)
    nowhere = np.full((len(image), LANDMARK_COUNT, 3), np.nan)
    track = LandmarkTrack(trial.time_s, image, nowhere, visibility, width, height)
    return RecordingView((track,), 0, width, height, tuple(trial.time_s.tolist()))


def _landmarks_m(labelled: LabelledMarkers, marker_m: FloatArray) -> FloatArray:
    """Places (T, 33, 3) of the landmarks that markers tell, NaN elsewhere."""
    found = np.full((len(marker_m), LANDMARK_COUNT, 3), np.nan)
    pelvis = pelvis_axes(labelled, marker_m)
    for side in SIDES:
        leg = leg_centres(labelled, marker_m, pelvis, side, _USUAL_HEIGHT_M)
        for part, place in (
            ("HIP", leg.hip_m),
            ("KNEE", leg.knee_m),
            ("ANKLE", leg.ankle_m),
            ("HEEL", labelled.mean_m(marker_m, Place.HEEL, side)),
            ("FOOT_INDEX", labelled.forefoot_m(marker_m, side)),
            ("SHOULDER", labelled.mean_m(marker_m, Place.SHOULDER, side)),
        ):
            found[:, _landmark(side, part)] = place
    return found


def _landmark(side: Side, part: str) -> int:
    return int(Landmark[f"{side.name}_{part}"].value)
