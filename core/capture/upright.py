"""Whether people stand upright in the picture: videos are filmed sideways, and not every file says so."""

from __future__ import annotations

import numpy as np

from core.domain.findings import Finding, Severity
from core.domain.recording import Landmark, LandmarkTrack
from core.errors import Advice

_WITHIN_DEG = 40.0  # of a quarter turn; who bends, or a camera held askew, is none
_MOST = 0.9  # of the frames; who lies down and gets up again was filmed upright
_POINTS_TO = {90: "to the right", 180: "down", 270: "to the left"}

TURNED = "CAP-032"


def needed_turn_deg(track: LandmarkTrack) -> int:
    """By how many degrees clockwise the picture must be turned so that the person stands: 0, 90, 180, 270.

    0 also where nobody is seen, and where the person does not lie the same way throughout.
    """
    image = track.image_px
    head = image[:, [Landmark.LEFT_SHOULDER.value, Landmark.RIGHT_SHOULDER.value]].mean(axis=1)
    feet = image[:, [Landmark.LEFT_ANKLE.value, Landmark.RIGHT_ANKLE.value]].mean(axis=1)
    up = (head - feet)[np.isfinite(head - feet).all(axis=1)]
    if not len(up):
        return 0
    points_to = np.degrees(np.arctan2(up[:, 0], -up[:, 1])) % 360.0  # clockwise from up
    for turned in _POINTS_TO:
        away = np.abs((points_to - turned + 180.0) % 360.0 - 180.0)
        if np.mean(away <= _WITHIN_DEG) >= _MOST:
            return 360 - turned
    return 0


def turned_findings(track: LandmarkTrack) -> tuple[Finding, ...]:
    """A finding that stops the session when the picture must be turned first."""
    turn = needed_turn_deg(track)
    if turn == 0:
        return ()
    how = "stands on the head" if turn == 180 else "lies on the side"
    what = f"The patient {how} in the picture for the whole recording."
    why = f"The head points {_POINTS_TO[360 - turn]}: the camera was turned, and the file does not say so."
    step = f"Turn the video by {turn} degrees clockwise: on the Capture page, or with --turn {turn}."
    return (Finding(Severity.STOP, Advice(what, why, step, TURNED)),)
