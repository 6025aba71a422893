"""The jobs of a session without a screen, in their order."""

from __future__ import annotations

_FILM, _TRIAL, _DEMO = ("import_video", "detect_pose"), ("import_trial",), ("demo_patient",)
_LEARN = ("learn_gait", "simulate_gait", "train_controller", "compare")
_WEAR = ("package_controller", "deploy", "virtual_walk")


def film_jobs(*, emg: bool, exo_log: bool) -> tuple[str, ...]:
    return _jobs((*_FILM, *(("import_emg",) if emg else ()), "solve_motion"), emg, exo_log)


def trial_jobs(*, exo_log: bool) -> tuple[str, ...]:
    """Those of EMG among them: whether the trial itself holds some is known only when it is read."""
    return _jobs((*_TRIAL, "import_emg", "solve_markers"), True, exo_log)


def demo_jobs(*, exo_log: bool) -> tuple[str, ...]:
    """The demo patient comes with EMG."""
    return _jobs((*_DEMO, "solve_motion"), True, exo_log)


def _jobs(seen: tuple[str, ...], emg: bool, exo_log: bool) -> tuple[str, ...]:
    worn = ("import_exo_log",) if exo_log else ()
    muscles = ("calibrate_muscles",) if emg else ()
    return (*seen, "fit_twin", *worn, "inverse_dynamics", *muscles, "assess_deficits", *_LEARN, *_WEAR)
