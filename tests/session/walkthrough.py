"""A clinician's two sittings, click by click, in the real window that `test_walkthrough.py` opens.

Usage: python walkthrough.py DATA_DIR OUT_DIR. Prints one JSON object with what was reached; what the
clinician saves goes to OUT_DIR.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.main import make_session_context
from core.domain.capture_comparison import CaptureComparison
from core.domain.controller import Deployment
from core.domain.record import RecordKind
from core.session.flow import Step
from tests.session import second_visit
from tests.session.clinician import LONG_S, SHORT_S, Clinician
from tests.session.quick_jobs import hurry, stand_in
from ui import theme
from ui.asides import Aside
from ui.main_window import MainWindow
from ui.pages.deploy import DeployPage
from ui.session_context import SessionContext

LEARN_MIN = 0.06
EXPORT, VISITS_PAGE = "visit-2-motion.zip", "visits.pdf"
WHY = "Why it is signed all the same"
SIGNER, KEEPER = "of the clinician who signs", "of the clinician who answers for the controller"


def walk_through(data_dir: Path, out: Path) -> dict[str, object]:
    """From the Patients page to a stopped exo, and to a second visit with it, on the demo patient."""
    with ExitStack() as clean_up:
        context = make_session_context(data_dir, clean_up)
        window = MainWindow(context)
        window.show()
        clinician = Clinician(window)
        _prepares_the_twin(clinician)
        _trains_and_signs(clinician)
        _deploys(clinician)
        clinician.waits_for("an exo under power", lambda: context.exo_job is not None, SHORT_S)
        _walks_and_keeps(clinician)
        clinician.clicks("Disconnect", SHORT_S)
        clinician.waits_for("a free line", lambda: context.exo_job is None, SHORT_S)
        clinician.clicks("Go on with Report")
        clinician.waits_for("the report", lambda: clinician.sees(Step.REPORT), SHORT_S)
        reached = _first_visit(context)
        _comes_again_with_the_exo(clinician, context, out)
        _compares_visits(clinician, out)
        reached |= _second_visit(context)
        window.close()
    return reached


def _first_visit(context: SessionContext) -> dict[str, object]:
    assert context.visit_id is not None
    deployed = context.store.latest(context.visit_id, RecordKind.DEPLOYMENT)
    assert deployed is not None
    deployment = context.store.load(deployed.id, Deployment)
    return {
        "states": {status.step.value: status.state.value for status in context.statuses()},
        "confirmed": deployment.confirmed,
        "virtual": deployment.virtual,
        "kept_by": "" if deployment.kept_by is None else deployment.kept_by.name,
        "same_bytes": deployment.package_sha256 == deployment.readback_sha256,
    }


def _second_visit(context: SessionContext) -> dict[str, object]:
    assert context.visit_id is not None
    kept = context.store.latest(context.visit_id, RecordKind.CAPTURE_COMPARISON)
    assert kept is not None
    comparison = context.store.load(kept.id, CaptureComparison)
    return {
        "visit": context.store.visit(context.visit_id).number,
        "conditions": [gait.condition.value for gait in comparison.gaits],
        "synthetic": comparison.synthetic,
        "page_kept": (context.store.folder(kept.id) / comparison.file_name).is_file(),
        "predicted": comparison.prediction is not None,
    }


def _prepares_the_twin(clinician: Clinician) -> None:
    clinician.clicks("Demo patient")
    clinician.clicks("Go on with Motion", LONG_S)
    clinician.clicks("Solve motion")
    clinician.clicks("Accept motion", LONG_S)
    clinician.clicks("Go on with Personalize")
    clinician.has_little_time(Step.PERSONALIZE, LEARN_MIN)  # it never ends worse than the shipped policy
    clinician.clicks("Personalize")
    clinician.clicks("Go on with Review", LONG_S)
    clinician.clicks("Simulate gait")
    clinician.clicks("Go on with Train", LONG_S)


def _trains_and_signs(clinician: Clinician) -> None:
    clinician.has_little_time(Step.TRAIN, LEARN_MIN)
    clinician.clicks("Train controller")
    clinician.clicks("Go on with Compare", LONG_S)
    clinician.clicks("Compare")
    clinician.types(f"Name {SIGNER}", "Dr Test", LONG_S)
    clinician.types(f"Role {SIGNER}", "physician")
    if clinician.is_asked(WHY):  # so little learning may make walking harder
        clinician.types(WHY, "a test of the whole way, on a virtual exo")
    clinician.clicks("Sign comparison")
    clinician.clicks("Go on with Deploy")


def _deploys(clinician: Clinician) -> None:
    clinician.clicks("Pack controller")
    clinician.clicks("Start virtual exo")
    clinician.waits_for("an exo, or why there is none", lambda: _answered(clinician), LONG_S)
    if "Transfer…" not in clinician.reads():  # a busy PC: it did not come up in time, which the page says
        clinician.clicks("Start virtual exo")
    clinician.clicks("Transfer…")
    clinician.types("Code of the patient, typed to confirm", "DEMO-01")
    clinician.clicks("Transfer now")


def _answered(clinician: Clinician) -> bool:
    return bool({"Transfer…", "Close this message"} & set(clinician.reads()))


def _walks_and_keeps(clinician: Clinician) -> None:
    clinician.holds("Hold to arm virtual Hippo hip exo")
    page = clinician.window.pages.page(Step.DEPLOY)
    assert isinstance(page, DeployPage)
    last = page.provisional.lines[-1]
    clinician.waits_for("ten strides", lambda: last.property("role") == "strong", SHORT_S)
    clinician.clicks("STOP EXO", SHORT_S)
    clinician.clicks("Keep controller…", SHORT_S)
    clinician.types(f"Name {KEEPER}", "Dr Test")
    clinician.types(f"Role {KEEPER}", "physician")
    clinician.holds("Hold to keep for DEMO-01, virtual exo")
    clinician.waits_for("a kept controller", lambda: "Go on with Report" in clinician.reads(), SHORT_S)


def _comes_again_with_the_exo(clinician: Clinician, context: SessionContext, out: Path) -> None:
    """The same walk in films of their own, said to be with the controller; its motion is saved as a ZIP."""
    assert context.patient_id is not None
    first = second_visit.first_landmarks(context.store, context.patient_id)
    clinician.opens(Step.PATIENT)
    clinician.clicks("New visit")
    clinician.waits_for("Capture", lambda: clinician.sees(Step.CAPTURE), SHORT_S)
    clinician.picks("With which exo the patient walks", "Personalized controller")
    clinician.drops(second_visit.films(out, first), Step.CAPTURE)
    clinician.clicks("Go on with Motion", LONG_S)
    clinician.clicks("Solve motion")
    clinician.clicks("Accept motion", LONG_S)
    clinician.saves("Save…", out / EXPORT, "All of it for other programs (ZIP)…")


def _compares_visits(clinician: Clinician, out: Path) -> None:
    clinician.clicks("Visits")
    clinician.waits_for("Visits", lambda: clinician.sees(Aside.VISITS), SHORT_S)
    clinician.picks("With which exo, Visit 1 ·", "No exo")
    clinician.saves("Save as PDF…", out / VISITS_PAGE)


if __name__ == "__main__":
    hurry()
    stand_in("detect_pose", second_visit.detect_pose)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)  # nobody's desktop gets them
    application = QApplication([])
    theme.apply(application, theme.Mode.LIGHT)
    sys.stdout.write(json.dumps(walk_through(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
    sys.stdout.flush()
