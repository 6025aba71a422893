"""What became of each camera of several, in words: its clock, how far it is off, whether it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.capture.same_person import Together
from core.capture.synchronise import FAR_APART, Agreement
from core.domain.findings import Finding, Severity
from core.domain.recording import CameraVerdict, Person, VideoFile
from core.errors import Advice, UserError, refuse

SAW_NOBODY = "It saw nobody."
AGREES_WITH_NONE = "Its film agrees with no other."
NOT_THE_PATIENT = "It did not see the patient."
_HARDLY_AGREES = 0.7 * FAR_APART  # of the body size: a bumped stand does this, a detector's noise does not


def camera_verdicts(
    patient: Person, videos: Sequence[VideoFile], known: Mapping[int, str]
) -> tuple[CameraVerdict, ...]:
    """One per video; none for a single one. `known` says of some videos why they are left out."""
    if len(videos) < 2:
        return ()
    return tuple(
        _verdict(patient, number, video.fps_hz, known.get(number, NOT_THE_PATIENT), video.camera)
        for number, video in enumerate(videos)
    )


def camera_verdicts_again(patient: Person, verdicts: Sequence[CameraVerdict]) -> tuple[CameraVerdict, ...]:
    """The same for another person as the patient: who saw nobody, or another walk, did so for this one."""
    return tuple(
        _verdict(patient, number, verdict.rate_hz, verdict.left_out or NOT_THE_PATIENT, verdict.name)
        for number, verdict in enumerate(verdicts)
    )


def _verdict(patient: Person, number: int, rate_hz: float, left_out: str, name: str) -> CameraVerdict:
    track = patient.track_in(number)
    if track is None:
        return CameraVerdict(0.0, None, rate_hz, left_out, name)
    if track.camera is not None:
        name = track.camera.name
    return CameraVerdict(track.detected_fraction, track.sync, rate_hz, "", name)


def together_findings(together: Together, *, calibrated: bool) -> tuple[Finding, ...]:
    """Findings about how the films of several cameras go together."""
    found = [_stranger(number, calibrated=calibrated) for number in together.strangers]
    if together.unclear:
        found.append(_who_is_who())
    for number, agreement in sorted(together.agreements.items()):
        if calibrated and not agreement.sync.is_sure:
            found.append(_unsure(number, agreement))
        if agreement.apart > _HARDLY_AGREES:
            found.append(_far(number, agreement))
        if agreement.exchanged:
            found.append(_exchanged(number))
    return tuple(found)


def check_one_walk(together: Together, videos: int) -> None:
    """Refuses (CAP-050) calibrated films of which no two show one person at one time."""
    if videos < 2 or any(len(person.tracks) > 1 for person in together.people):
        return
    if together.strangers:
        raise _different_walks()


def one_camera_left(patient: Person) -> tuple[Finding, ...]:
    """Calibrated cameras of which one only saw the patient: nothing can be placed in space (CAP-052)."""
    if len(patient.tracks) > 1:
        return ()
    what = f"Only camera {patient.videos[0] + 1 if patient.videos else 1} can be used for the patient."
    why = "A place in space needs two cameras that see the patient at the same time."
    step = "Angles are those of one camera. Record again with the walk in view of two cameras for more."
    return (Finding(Severity.WARNING, Advice(what, why, step, "CAP-052")),)


def _different_walks() -> UserError:
    return refuse(
        "CAP-050",
        "The videos do not show the same walk.",
        "At no time shift do two of them see one person in the same place. Either they were filmed at "
        "different times, or the calibration is not that of these cameras, or their order is another one.",
        "Choose the videos of one walk, named like their cameras, and the calibration made for them.",
    )


def _stranger(number: int, *, calibrated: bool) -> Finding:
    what = f"Camera {number + 1} is left out: its film agrees with no other."
    why = "The movement in it fits that of the other films at no time shift"
    why += ", or the camera does not stand where the calibration says." if calibrated else "."
    step = "Check that it shows the same walk" + (" and has not been moved." if calibrated else ".")
    return Finding(Severity.WARNING, Advice(what, why, step, "CAP-051"))


def _who_is_who() -> Finding:
    return Finding(
        Severity.STOP,
        Advice(
            "It is not clear which person in one video is which in another.",
            "Two of them move so alike, or so near each other, that both could be meant.",
            "Choose the patient in the picture.",
            "CAP-022",
        ),
    )


def _unsure(number: int, agreement: Agreement) -> Finding:
    what = f"The clock of camera {number + 1} is not sure."
    why = f"Films agree best {_shift(agreement.sync.offset_s)}, but hardly better than at another time shift."
    step = "Next time let the patient raise an arm before walking, in view of all cameras."
    return Finding(Severity.WARNING, Advice(what, why, step, "CAP-053"))


def _far(number: int, agreement: Agreement) -> Finding:
    what = f"Camera {number + 1} is {agreement.sync.residual_px:.0f} px off from the others."
    why = f"That is {100 * agreement.apart:.0f} % of the body; it may have been moved since the calibration."
    step = "Calibrate again before the next recording if the camera was touched."
    return Finding(Severity.WARNING, Advice(what, why, step, "CAP-054"))


def _exchanged(number: int) -> Finding:
    what = (
        f"Left and right of camera {number + 1} were exchanged: they are the other way round in the others."
    )
    why = "Only so do the cameras see the same points in space. Which of them is right is not told by that."
    step = "Check on the Motion page which leg is the left one."
    return Finding(Severity.WARNING, Advice(what, why, step, "CAP-055"))


def _shift(offset_s: float) -> str:
    if abs(offset_s) < 5e-4:
        return "without a time shift"
    return f"when it starts {abs(offset_s):.2f} s {'later' if offset_s > 0 else 'earlier'} than the first"
