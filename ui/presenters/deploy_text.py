"""What the Deploy page says about packages, exos, provisional controllers and walks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.devices.exo_faults import PLACEMENT, WAITING_TO_STAND, WAITING_TO_WALK, safety_row_text
from core.domain.controller import Deployment, Handover, Package
from core.domain.declarations import NOBODY
from core.domain.exo_walk import MIN_STRIDES, ExoWalk, TorqueMatch
from ui.pages.deploy_trial import SHOWN_S, Mark, ProvisionalStep, WalkView
from ui.theme import Tone

BOOT, SAFE, READY, ARMED, ACTIVE, FAULT = range(6)  # of core.devices.exo_protocol.DeviceState
ARMED_STATES = (ARMED, ACTIVE)
STATE_WORDS = {
    BOOT: ("The exo is starting.", Tone.NEUTRAL),
    SAFE: ("Safe: zero torque. No tested controller.", Tone.NEUTRAL),
    READY: ("Ready: zero torque until it is armed.", Tone.OK),
    ARMED: ("Armed: the assistance is growing.", Tone.WARN),
    ACTIVE: ("Active: the exo assists.", Tone.OK),
}
VIRTUAL_TO_STAND = "Waiting: the simulated wearer stands for a moment, then walks five steps."
VIRTUAL_TO_WALK = "Waiting: the simulated wearer stood and walks five steps now."
GOOD_R = 0.9  # below it the delivered torque is not what was predicted
GOOD_OFF = 0.45  # nor above it: what r 0.9 leaves over at the same size


@dataclass(frozen=True, slots=True)
class ProvisionalController:
    """The state of a provisional controller (MCUboot: a test image before confirm or revert)."""

    connected: bool
    state: int | None
    strides: tuple[int, int]
    may_keep: bool
    patient: str
    device: str
    virtual: bool = False  # nobody wears it


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an exo that is not ready waits for."""

    row: int = PLACEMENT  # of the safety table; 0: for no row
    stood: bool = False
    virtual: bool = False  # its wearer is simulated

    @property
    def sentence(self) -> str:
        if self.row == PLACEMENT and self.virtual:
            return VIRTUAL_TO_WALK if self.stood else VIRTUAL_TO_STAND
        if self.row == PLACEMENT:
            return WAITING_TO_WALK if self.stood else WAITING_TO_STAND
        return safety_row_text(self.row, virtual=self.virtual).sentence


def exo_words(state: int, stream_sentence: str, waiting: Waiting | None) -> tuple[str, Tone]:
    """`stream_sentence` is its newest sentence; `waiting`: a controller is on the exo that may be armed."""
    if state == FAULT:
        return stream_sentence if stream_sentence.startswith("Fault") else "Fault: zero torque.", Tone.STOP
    if state == SAFE and waiting is not None and waiting.row:
        return waiting.sentence, Tone.WARN
    return STATE_WORDS.get(state, (stream_sentence, Tone.NEUTRAL))


def provisional_steps(provisional: ProvisionalController) -> tuple[ProvisionalStep, ...]:
    """The steps from upload to confirmation; the first that is not done is the current one."""
    walked = min(provisional.strides) >= MIN_STRIDES
    armed = provisional.state in ARMED_STATES
    placed = provisional.state in (READY, *ARMED_STATES) or provisional.may_keep
    left, right = provisional.strides
    counted = f": {left} left, {right} right so far" if max(provisional.strides) else ""
    wearer, device = "The person", provisional.device
    walk = f"Walk {MIN_STRIDES} strides with each leg{counted}"
    if provisional.virtual:
        wearer, device = "The simulated wearer", f"the virtual {device}"
        walk = f"{MIN_STRIDES} simulated strides of each leg{counted}"
    acts = (
        ("Sent, read back and found equal; self-test passed", True),
        (
            f"{wearer} stands still, then walks five steps" + (": sensors sit right" if placed else ""),
            placed,
        ),
        (f"Hold to arm {device}", armed or max(provisional.strides) > 0 or provisional.may_keep),
        (walk, provisional.may_keep or (walked and armed)),
        (_last_act(provisional), False),
    )
    now = next((number for number, (_words, done) in enumerate(acts) if not done), len(acts))
    return tuple(
        ProvisionalStep(words, _mark(number, done, now)) for number, (words, done) in enumerate(acts)
    )


def _last_act(provisional: ProvisionalController) -> str:
    if provisional.may_keep:
        return "Keep the controller, or take it back"
    return "Stop the exo; keep the controller or take it back"


def _mark(number: int, done: bool, now: int) -> Mark:
    if number == now:
        return Mark.NOW
    return Mark.DONE if done else Mark.LATER


def why_not_keep(provisional: ProvisionalController) -> str:
    """Why it cannot be kept yet, and what to do; "" when it can."""
    if provisional.may_keep:
        return ""
    if not provisional.connected:
        return "Connect the exo; the controller waits on trial."
    if provisional.state == FAULT:
        return "Acknowledge the fault first."
    return next(line.words for line in provisional_steps(provisional) if line.mark is Mark.NOW)


def headline(deployment: Deployment, code: str) -> tuple[str, Tone]:
    """Where the controller stands, as a verdict."""
    kind = "virtual exo" if deployment.virtual else "exo"
    if not deployment.equal:
        return f"The {kind} holds other bytes than were approved.", Tone.STOP
    match deployment.handover:
        case Handover.PROVISIONAL:
            return f"On trial on the {kind} at half torque.", Tone.WARN
        case Handover.CONFIRMED:
            return f"The {kind} runs the approved controller of {code}.", Tone.OK
        case Handover.ROLLED_BACK:
            return f"The {kind} runs the earlier controller of {code} again.", Tone.OK
        case Handover.REVERTED:
            return "The controller was taken back. Transfer it to try again.", Tone.WARN


def trial_title(*, virtual: bool) -> str:
    return "Simulated walk at half torque" if virtual else "Supervised walk at half torque"


def device_words(device: str, *, virtual: bool) -> str:
    """ "virtual Hippo hip exo": never told as if somebody wore it."""
    return f"virtual {device}" if virtual else device


def packing(for_a_person: bool, address: str) -> tuple[str, Tone, str, str]:
    """Headline, tone, main action and why it cannot be taken, before there is a package."""
    missing = for_a_person and not address
    why_not = "It was released for a person: choose the exo that the person will wear." if missing else ""
    return "The controller is approved. Pack it for the exo.", Tone.NEUTRAL, "Pack controller", why_not


def packed(package: Package, code: str) -> tuple[str, Tone]:
    """Headline and tone of a package that waits for its transfer."""
    if outdated(package):
        return outdated(package), Tone.WARN
    return f"Packed for {code}. Choose the exo and transfer.", Tone.NEUTRAL


def outdated(package: Package) -> str:
    """Why an earlier version's package goes onto no exo, as a headline; "" where it may."""
    if package.envelope is None:
        return "Packed by an earlier version. Train the controller again."
    return "" if package.purpose else "Packed by an earlier version. Pack the controller again."


def why_outdated(package: Package) -> str:
    """The same where the transfer is greyed."""
    if package.envelope is None:
        return "No exo takes a controller without the limits of its person's gait. Go back to Train."
    told = bool(package.purpose)
    return (
        "" if told else "No exo takes a controller that does not say what it was released for. Pack it again."
    )


def package_lines(package: Package) -> tuple[str, ...]:
    limits = package.limits
    return (
        f"For {_exo(package)}, {package.size_bytes / 1024:.0f} kB",
        f"At most {limits.peak_nm:g} N·m, changing at most {limits.rate_nm_s:g} N·m/s",
        _gait_line(package),
        f"Fingerprint {package.sha256[:8]}…{package.sha256[-8:]}",
        _signature_line(package),
    )


def _exo(package: Package) -> str:
    kind = package.device_id.replace("_", " ")
    return f"{kind} {package.serial} alone" if package.serial else kind


def _gait_line(package: Package) -> str:
    if package.envelope is None:
        return "Without the limits of this person's gait: made by an earlier version. Train again."
    return package.gait_sentence


def _signature_line(package: Package) -> str:
    if not package.key_id:
        return "Not signed: made by an earlier version."
    if package.practice:
        return "Signed for practice: good for a virtual exo only"
    if package.virtual_only:
        return f"Good for a virtual exo only. {package.virtual_only}"
    if not package.purpose:
        return "Made by an earlier version, which did not say for whom."
    return f"Signed for supervised walks, good until {package.expires_utc[:10]}"


def deployed_lines(deployment: Deployment) -> tuple[str, ...]:
    kind = "Virtual exo" if deployment.virtual else "Exo"
    version = f", version {deployment.version}" if deployment.version else ""
    where = f", {NOBODY}" if deployment.virtual else f" at {deployment.address}"
    lines = [
        f"{kind} {deployment.device_serial}{where}",
        "Read back: equal to what was approved"
        if deployment.equal
        else "Read back: DIFFERENT from what was approved",
        f"{deployment.handover.value.capitalize()}{version}",
    ]
    if deployment.kept_by is not None:
        lines.append(f"Answered for by {deployment.kept_by.name}, {deployment.kept_by.role}")
    return tuple(lines)


def deployed_tone(deployment: Deployment) -> Tone:
    if not deployment.equal:
        return Tone.STOP
    return Tone.OK if deployment.confirmed else Tone.WARN


def badges(package: Package | None, deployment: Deployment | None) -> tuple[str, ...]:
    practice = ("Practice",) if package is not None and package.practice else ()
    return (*practice, "Virtual exo") if deployment is not None and deployment.virtual else practice


def walk_view(record_id: str, walk: ExoWalk) -> WalkView:
    """The last seconds of full assistance, or of the walk where it never assisted fully."""
    ends = np.flatnonzero(walk.assisting)
    end_s = float(walk.time_s[ends[-1]]) if len(ends) else walk.seconds
    shown = (walk.time_s >= end_s - SHOWN_S) & (walk.time_s <= end_s)
    sentence, tone = walk_sentence(walk)
    return WalkView(
        record_id,
        sentence,
        tone,
        walk.time_s[shown] - (end_s - SHOWN_S),
        walk.predicted_nm[shown],
        walk.delivered_nm[shown],
        walk.limit_nm,
        (_likeness(walk.match, 0), _likeness(walk.match, 1)),
    )


def walk_sentence(walk: ExoWalk) -> tuple[str, Tone]:
    strides = f"{walk.strides[0]} left and {walk.strides[1]} right {walk.strides_word}"
    if walk.fault:
        return f"The walk ended with a fault after {strides}: {walk.end}", Tone.STOP
    if not walk.match.known:
        return f"{strides}; too short to compare the torque.", Tone.NEUTRAL
    r, off = min(walk.match.correlation), torque_off(walk)
    numbers = f"(r {r:.2f}, {100.0 * off:.0f} % of it off on average)"
    if r < GOOD_R or not off <= GOOD_OFF:
        return f"{strides}. The exo did not give the torque that was predicted {numbers}.", Tone.WARN
    return f"{strides}. The exo gave the torque that was predicted {numbers}.", Tone.OK


def torque_off(walk: ExoWalk) -> float:
    """Root mean square of delivered minus predicted torque over that of the predicted, on the worse side.

    Where the exo assisted fully; NaN where nothing was predicted.
    """
    apart = (walk.delivered_nm - walk.predicted_nm)[walk.assisting]
    wanted = walk.predicted_nm[walk.assisting]
    size = np.sqrt(np.nanmean(wanted**2, axis=0))
    if not (size > 0.0).all():
        return float("nan")
    return float((np.sqrt(np.nanmean(apart**2, axis=0)) / size).max())


def _likeness(match: TorqueMatch, side: int) -> str:
    if not match.known:
        return ""
    return f"r {match.correlation[side]:.2f} · {match.rmse_nm_kg[side]:.3f} N·m/kg off"


def limit_nm(package: Package | None, *, on_trial: bool) -> float:
    """The most torque that the exo gives, N·m: half of the package's limit on trial; 0 without one."""
    return 0.0 if package is None else package.limits.peak_nm * (0.5 if on_trial else 1.0)


def lasting_address(deployment: Deployment | None) -> str:
    """Where the exo is found again; a virtual one has another address each time."""
    return "" if deployment is None or deployment.virtual else deployment.address


def of_both_sides(values: dict[str, float], name: str) -> tuple[float, float]:
    """Numbers of an exo by name, left and right; NaN where it does not tell them."""
    return values.get(f"{name}_left", math.nan), values.get(f"{name}_right", math.nan)
