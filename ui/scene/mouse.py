"""How the mouse turns the camera: drag turns, wheel comes closer, nothing rolls the world."""

from __future__ import annotations

from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTerrain


def orbit_style() -> vtkInteractorStyleTerrain:
    """Up stays up; single-key short cuts of VTK (which would quit the view) are switched off."""
    style = vtkInteractorStyleTerrain()
    style.AddObserver("CharEvent", lambda *_: None)
    style.AddObserver("KeyPressEvent", lambda *_: None)
    return style
