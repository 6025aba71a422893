"""Group 70: identity, slots, self-test, limits, arming, heartbeat, telemetry and faults."""

from __future__ import annotations

from core.deploy.virtual_exo.device import FIRMWARE, VirtualExo
from core.deploy.virtual_exo.dispatcher import (
    READ,
    WRITE,
    Answer,
    Handlers,
    Refusal,
    octets,
    real,
    text,
    truth,
    whole,
)
from core.deploy.virtual_exo.supervisor import ArmRequest
from core.devices.exo_protocol import (
    CONTROL_HZ,
    EXO_GROUP,
    PROTOCOL_VERSION,
    SLOT_NAMES,
    TELEMETRY_RECORDS_PER_ANSWER,
    TELEMETRY_SCHEMA,
    Command,
    Rc,
    SlotAction,
    SlotState,
)
from core.domain.controller import TorqueLimits


def exo_handlers(exo: VirtualExo) -> Handlers:
    group = _ExoGroup(exo)
    return {
        (EXO_GROUP, Command.INFO, READ): group.info,
        (EXO_GROUP, Command.SLOTS, READ): group.slots,
        (EXO_GROUP, Command.SLOT_SET, WRITE): group.slot_set,
        (EXO_GROUP, Command.SELFTEST, WRITE): group.selftest,
        (EXO_GROUP, Command.LIMITS, READ): group.limits,
        (EXO_GROUP, Command.LIMITS, WRITE): group.tighten,
        (EXO_GROUP, Command.ARM, WRITE): group.arm,
        (EXO_GROUP, Command.HEARTBEAT, WRITE): group.heartbeat,
        (EXO_GROUP, Command.TELEMETRY, READ): group.telemetry,
        (EXO_GROUP, Command.FAULTS, READ): group.faults,
        (EXO_GROUP, Command.FAULTS, WRITE): group.acknowledge,
    }


class _ExoGroup:
    def __init__(self, exo: VirtualExo) -> None:
        self._exo = exo

    def info(self, request: Answer) -> Answer:
        exo, slot = self._exo, self._exo.slots.active_slot
        return {
            "proto": PROTOCOL_VERSION,
            "fw": FIRMWARE,
            "device_id": exo.identity.serial,
            "profile_id": exo.identity.profile_id,
            "virtual": True,
            "ctrl_hz": CONTROL_HZ,
            **_limits(exo.supervisor.device_limits),
            "state": int(exo.supervisor.state),
            "active": exo.slots.active,
            "sha": bytes.fromhex(slot.sha256) if slot is not None else b"",
            "confirmed": slot is not None and slot.state is SlotState.CONFIRMED,
            "nonce": exo.supervisor.nonce,
            "late_ticks": exo.late_ticks,
            "tick_us": exo.slowest_tick_us,
        }

    def slots(self, request: Answer) -> Answer:
        slots = self._exo.slots
        entries = [
            {
                "name": name,
                "state": slots.slots[name].state.value,
                "sha": bytes.fromhex(slots.stored_sha256(name)),
                "version": slots.slots[name].version,
                "subject_tag": slots.slots[name].subject_tag,
                "profile_id": slots.slots[name].profile_id,
                "first_nm": slots.slots[name].first_session_peak_nm,
                "detail": slots.slots[name].detail,
            }
            for name in SLOT_NAMES
        ]
        return {"active": slots.active, "slots": entries}

    def slot_set(self, request: Answer) -> Answer:
        if self._exo.supervisor.state.moves:
            raise _refusal(Rc.BAD_STATE)
        digest = octets(request, "sha", b"").hex()
        match text(request, "action"):
            case SlotAction.TEST:
                code = self._exo.slots.mark(digest)
            case SlotAction.ACTIVATE:
                code = self._activate()
            case SlotAction.CONFIRM:
                code = self._exo.confirm(digest)
            case SlotAction.REVERT:
                code = self._exo.slots.revert()
                if code is Rc.OK:
                    self._exo.start_controller()
            case SlotAction.ERASE:
                code = self._erase(digest)
            case _:
                code = Rc.BAD_REQUEST
        if code is not Rc.OK:
            raise _refusal(code)
        return {"active": self._exo.slots.active}

    def selftest(self, request: Answer) -> Answer:
        if self._exo.supervisor.state.moves:
            raise _refusal(Rc.BAD_STATE)
        result = self._exo.selftest()
        if not result.ticks:
            raise _refusal(Rc.NO_CONTROLLER)
        return {
            "n": result.ticks,
            "passed": result.passed,
            "out_hash": result.outputs_sha256,
            "mean_us": result.mean_tick_us,
        }

    def limits(self, request: Answer) -> Answer:
        return _limits(self._exo.supervisor.limits)

    def tighten(self, request: Answer) -> Answer:
        wanted = TorqueLimits(
            real(request, "peak_nm"), real(request, "rate_nm_s"), real(request, "hip_range_rad")
        )
        code = self._exo.supervisor.tighten(wanted)
        if code is not Rc.OK:
            raise _refusal(code)
        return _limits(self._exo.supervisor.limits)

    def arm(self, request: Answer) -> Answer:
        if not truth(request, "arm"):
            self._exo.supervisor.stop()
        else:
            asked = ArmRequest(
                octets(request, "sha"),
                octets(request, "nonce"),
                real(request, "max_nm"),
                real(request, "ramp_s"),
            )
            code = self._exo.supervisor.arm(asked, self._exo.now_s)
            if code is not Rc.OK:
                raise _refusal(code)
        return {"state": int(self._exo.supervisor.state)}

    def heartbeat(self, request: Answer) -> Answer:
        whole(request, "t_host")
        supervisor = self._exo.supervisor
        supervisor.heartbeat(self._exo.now_s)
        return {"state": int(supervisor.state), "faults": len(supervisor.faults)}

    def telemetry(self, request: Answer) -> Answer:
        since = whole(request, "since")
        most = min(whole(request, "max"), TELEMETRY_RECORDS_PER_ANSWER)
        ring = self._exo.telemetry
        first = ring[0].seq if ring else 0
        start = min(max(since, first), first + len(ring))
        chosen = [ring[at] for at in range(start - first, min(start - first + most, len(ring)))]
        return {
            "schema_id": TELEMETRY_SCHEMA,
            "n": len(chosen),
            "lost": max(0, first - since),
            "next": chosen[-1].seq + 1 if chosen else start,
            "data": b"".join(record.pack() for record in chosen),
        }

    def faults(self, request: Answer) -> Answer:
        entries = [
            {"code": int(fault.code), "t_ms": fault.time_ms, "detail": fault.detail[:40]}
            for fault in list(self._exo.supervisor.faults)[-16:]
        ]
        return {"faults": entries}

    def acknowledge(self, request: Answer) -> Answer:
        if not truth(request, "ack"):
            raise _refusal(Rc.BAD_REQUEST)
        code = self._exo.supervisor.acknowledge()
        if code is not Rc.OK:
            raise _refusal(code)
        return {"state": int(self._exo.supervisor.state)}

    def _activate(self) -> Rc:
        marked = any(slot.state is SlotState.PENDING for slot in self._exo.slots.slots.values())
        if not marked:
            return Rc.NO_CONTROLLER
        return Rc.OK if self._exo.activate() else Rc.SELFTEST_FAILED

    def _erase(self, digest: str) -> Rc:
        slots = self._exo.slots.slots
        name = next((name for name, slot in slots.items() if slot.sha256 == digest != ""), None)
        return Rc.NO_CONTROLLER if name is None else self._exo.slots.erase(name)


def _limits(limits: TorqueLimits) -> Answer:
    return {
        "peak_nm": limits.peak_nm,
        "rate_nm_s": limits.rate_nm_s,
        "hip_range_rad": limits.hip_range_rad,
    }


def _refusal(code: Rc) -> Refusal:
    return Refusal(int(code), EXO_GROUP)
