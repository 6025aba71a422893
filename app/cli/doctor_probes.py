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


def window() -> Answer:
    """Show a small window for a moment: {"size_px", "platform"}. Qt ends the process where it cannot."""
    from PySide6.QtWidgets import QApplication, QWidget

    app = QApplication([])
    widget = QWidget()
    widget.show()
    app.processEvents()
    screen = app.primaryScreen()
    size = screen.size() * screen.devicePixelRatio()
    return {"size_px": [size.width(), size.height()], "platform": app.platformName()}


def learning() -> Answer:
    """One step of descent with PyTorch: {"version"}; without it when the step goes wrong."""
    import torch

    weight = torch.tensor([2.0], requires_grad=True)
    (weight * weight).sum().backward()  # type: ignore[no-untyped-call]
    right = weight.grad is not None and weight.grad.tolist() == [4.0]
    return {"version": f"PyTorch {torch.__version__}"} if right else {}


def physics() -> Answer:
    """A ball falls in MuJoCo for 0.1 s: {"version"}; without it when it does not fall."""
    import mujoco

    ball = "<mujoco><worldbody><body><freejoint/><geom size='.1'/></body></worldbody></mujoco>"
    model = mujoco.MjModel.from_xml_string(ball)
    data = mujoco.MjData(model)
    while data.time < 0.1:
        mujoco.mj_step(model, data)
    return {"version": f"MuJoCo {mujoco.__version__}"} if data.qpos[2] < -0.04 else {}
