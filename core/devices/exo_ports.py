"""The serial ports of this PC. Not for the GUI process: it imports pyserial."""

from __future__ import annotations

from dataclasses import dataclass

from serial.tools import list_ports as _system


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One port as a person recognises it."""

    address: str  # for `connect`
    description: str
    usb: bool  # an exo on a cable is a USB port


def list_ports() -> tuple[PortInfo, ...]:
    """Serial ports, USB first. Pseudo terminals never appear here; their path is entered by hand."""
    found = (
        PortInfo(port.device, port.description or port.device, port.vid is not None)
        for port in _system.comports()
    )
    return tuple(sorted(found, key=lambda port: (not port.usb, port.address)))
