"""Checks of this PC that load heavy libraries or may crash; each runs in its own short-lived child.

A probe returns plain values; `app.cli.doctor` turns them into findings. It names probes by string, so that
the process of the windows never loads these libraries.
"""

from __future__ import annotations

from typing import Any

Answer = dict[str, Any]
_PICTURE_PX = 32


def opengl() -> Answer:
    """Draw one red picture without a window and read it back: {"drawn", "renderer", "version"}."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the implementation
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
    from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

    window, renderer = vtkRenderWindow(), vtkRenderer()
    window.SetOffScreenRendering(1)
    window.SetSize(_PICTURE_PX, _PICTURE_PX)
    renderer.SetBackground(1.0, 0.0, 0.0)
    window.AddRenderer(renderer)
    window.Render()
    middle, colour = _PICTURE_PX // 2, vtkUnsignedCharArray()
    window.GetPixelData(middle, middle, middle, middle, 0, colour, 0)
    drawn = [colour.GetValue(channel) for channel in range(3)] == [255, 0, 0]
    report = dict(
        line.split(":", 1) for line in window.ReportCapabilities().splitlines() if line.startswith("OpenGL")
    )
    return {
        "drawn": drawn,
        "renderer": report.get("OpenGL renderer string", "").strip(),
        "version": report.get("OpenGL version string", "").strip(),
    }


def cameras() -> Answer:
    """Names of the cameras: {"names"}. On Linux none is opened, elsewhere each is, for a moment."""
    from core.devices.camera_list import list_cameras

    return {"names": [camera.name for camera in list_cameras()]}


def pose_detector() -> Answer:
    """Open the pose model as the capture job does: {"opened"}. It fails where a system library is missing."""
    from mediapipe.tasks.python import BaseOptions, vision

    import resources

    base = BaseOptions(model_asset_path=str(resources.pose_model()))
    with vision.PoseLandmarker.create_from_options(vision.PoseLandmarkerOptions(base_options=base)):
        return {"opened": True}


def serial_ports() -> Answer:
    """Serial ports: {"ports": [[address, description], ...]}."""
    from serial.tools import list_ports

    ports = ((port.device, port.description or "") for port in list_ports.comports())
    return {"ports": [[device, "" if about == "n/a" else about] for device, about in ports]}
