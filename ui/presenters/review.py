"""Review: both twins beside the measured gait, the twin in other scenarios, and with an impairment."""

from __future__ import annotations

from core.domain.controller import TrainedController
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding
from core.domain.impairment import Impairment
from core.domain.motion import Motion
from core.domain.record import RecordKind, Verdict
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.scenario import LEVEL_WALKING, Scenario, scenario_of
from core.domain.twin import GaitPolicy
from core.jobs.values import JobState, JsonValue
from core.session.flow import Step, StepStatus
from core.session.scenarios import NO_EXO, ScenarioKey, ScenarioResult, scenario_results
from ui.pages.gait_comparison import ComparisonView
from ui.pages.review import ReviewPage, ReviewState, Untried, WhatIfState
from ui.plots.muscle_grid import MuscleView
from ui.presenters import conditions, scenarios
from ui.presenters.base import StepPresenter
from ui.presenters.closeness import joints_of
from ui.presenters.level_walk import falls_words, level_view, review_headline, staged
from ui.presenters.muscle_curves import muscle_view
from ui.scene.stage import StagedGait
from ui.session_context import SessionContext
from ui.theme import Tone

PURPOSE = "See the twin walk beside the patient's own gait"
PERSONAL = GaitLabel.PERSONALIZED_CONTROLLER
AGAIN, STARTS = "again", "starts"
ONE_AT_A_TIME = "One simulation at a time: wait for the running one, or cancel it."


class ReviewPresenter(StepPresenter):
    step = Step.REVIEW

    def __init__(self, page: ReviewPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._visit_id: str | None = None  # the visit on the page
        self._record_id = ""  # the level walk on the page
        self._scenario, self._condition = LEVEL_WALKING, NO_EXO
        self._what_if_open = False
        self._personal = conditions.PersonalController()
        self._tries: dict[ScenarioKey, ScenarioResult] = {}
        self._views: dict[tuple[str, ...], ComparisonView] = {}  # made once: drawing takes a while
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.scenario_chosen.connect(self._choose_scenario)
        page.condition_chosen.connect(self._choose_condition)
        page.simulate.connect(lambda: self.attempt(self._simulate))
        page.what_if_toggled.connect(self._open_what_if)
        page.impairment_removed.connect(lambda: self._open_what_if(False))
        page.what_if.changed.connect(self.refresh)
        page.what_if.simulate.connect(lambda: self.attempt(self._simulate))

    def start(self) -> None:
        policy = self.newest(RecordKind.GAIT_POLICY)
        if policy is not None:
            self.submit("simulate_gait", policy_id=policy.id)

    def show(self, status: StepStatus) -> None:
        if self.context.visit_id != self._visit_id:
            self._begin_visit()
        if status.record_id is None:
            self._record_id = ""
            if not self.blocked(status, PURPOSE):
                self._page.render(self._nothing_yet())
            return
        if status.record_id != self._record_id:
            self._record_id, self._views = status.record_id, {}
        self._personal = self._personal_controller()
        if self._condition is PERSONAL and self._personal.why_not:
            self._condition = NO_EXO  # the twin or the exo is another one now
        self._tries = self._read_tries()
        self._page.render(self._state(status.record_id))
        self._page.comparison.stage.show_affected(self.affected_side)

    def leave(self) -> None:
        self._page.comparison.leave()

    def shown_records(self) -> tuple[str, ...]:
        """The walks on the page, and the twin that walks in them."""
        tried = self._tries.get(ScenarioKey(self._scenario.key, self._impairments(), self._condition))
        level = self._scenario is LEVEL_WALKING and self._condition is NO_EXO and not self._impairments()
        shown = self._record_id if level else "" if tried is None else tried.record_id
        twins = (self.newest(RecordKind.TWIN), self.newest(RecordKind.GAIT_POLICY))
        return (
            () if not (shown and self._record_id) else (shown, *(one.id for one in twins if one is not None))
        )

    def main(self) -> None:
        if self._record_id:
            self.context.go_to.emit(Step.TRAIN)
        else:
            self.start()

    # What the person does ---------------------------------------------------------------------------

    def _secondary(self, key: str) -> None:
        if key == STARTS:
            self._simulate()
        else:
            self.start()

    def _choose_scenario(self, key: str) -> None:
        self._scenario = scenario_of(key) or LEVEL_WALKING
        self.refresh()

    def _choose_condition(self, key: str) -> None:
        """Impairments are tried without the exo; without one there is no failure of it either."""
        self._condition = conditions.condition_of(key)
        self._what_if_open = self._what_if_open and self._condition is NO_EXO
        if self._scenario.exo_disturbance is not None and not conditions.gives_torque(self._condition):
            self._scenario = LEVEL_WALKING
        self.refresh()

    def _open_what_if(self, on: bool) -> None:
        self._what_if_open = on
        self.refresh()

    def _simulate(self) -> None:
        """Many starts of the newest twin in the chosen scenario, with the impairment if one is tried."""
        policy = self.newest(RecordKind.GAIT_POLICY)
        if policy is None or self.running_job() is not None:
            return
        params = {"scenario": self._scenario.key, "twin": policy.id, **self._special_params()}
        self.submit("simulate_scenario", **params)

    def _special_params(self) -> dict[str, JsonValue]:
        """Of the job: what is out of the ordinary."""
        impairments = _impairment_params(self._impairments())
        params: dict[str, JsonValue] = {"impairments": dict(impairments)} if impairments else {}
        if self._condition is not NO_EXO:
            params["condition"] = self._condition.value
        if self._condition is PERSONAL:
            params["controller"] = self._personal.record_id
        return params

    def _begin_visit(self) -> None:
        self._visit_id = self.context.visit_id
        self._record_id, self._scenario, self._what_if_open = "", LEVEL_WALKING, False
        self._condition = NO_EXO
        self._views = {}

    # What is known ----------------------------------------------------------------------------------

    def _read_tries(self) -> dict[ScenarioKey, ScenarioResult]:
        policy = self.newest(RecordKind.GAIT_POLICY)
        if policy is None or self.context.visit_id is None:
            return {}
        subject = self.context.subject
        return scenario_results(
            self.context.store.records(self.context.visit_id),
            policy.id,
            device="" if subject is None else subject.device,
            controller_id=self._personal.record_id,
        )

    def _personal_controller(self) -> conditions.PersonalController:
        """The newest one, if it was trained for the newest twin and the exo that the patient wears."""
        controller, policy = self.newest(RecordKind.CONTROLLER), self.newest(RecordKind.GAIT_POLICY)
        if controller is None or policy is None:
            return conditions.PersonalController()
        subject = self.context.subject
        device = "" if subject is None else subject.device
        own_twin = self.input_of(controller.id, RecordKind.GAIT_POLICY) == policy.id
        trained = self.context.store.load(controller.id, TrainedController)
        return conditions.personal_controller(controller.id, trained, device, own_twin=own_twin)

    def _impairments(self) -> tuple[Impairment, ...]:
        chosen = self._page.what_if.impairment
        return (chosen,) if self._what_if_open and chosen.severity > 0 else ()

    def _gaits(self, record_id: str) -> RolloutSet:
        return self.context.store.load(record_id, RolloutSet)

    def _motion_of(self, record_id: str) -> Motion | None:
        policy_id = self.input_of(record_id, RecordKind.GAIT_POLICY)
        motion_id = None if policy_id is None else self.input_of(policy_id, RecordKind.MOTION)
        return None if motion_id is None else self.context.store.load(motion_id, Motion)

    def _healthy(self, record_id: str) -> StagedGait | None:
        """The twin's own walk in the chosen scenario, as far as there is one."""
        if self._scenario is LEVEL_WALKING:
            return staged(self._gaits(record_id), GaitLabel.PERSONALIZED_TWIN)
        tried = self._tries.get(ScenarioKey(self._scenario.key))
        return None if tried is None else self._of_try(tried)

    def _of_try(self, tried: ScenarioResult) -> StagedGait:
        gaits = self._gaits(tried.record_id)
        caption = GaitLabel.PERSONALIZED_TWIN.value.capitalize()
        return StagedGait(gaits.rollouts[0], gaits.geometry, caption, self._scenario.ground)

    # State of the page -----------------------------------------------------------------------------

    def _nothing_yet(self) -> ReviewState:
        return ReviewState(
            headline=PURPOSE,
            detail="The simulation takes about half a minute.",
            main_action="" if self.running_job() is not None else "Simulate gait",
        )

    def _state(self, record_id: str) -> ReviewState:
        impairments = self._impairments()
        tried = self._tries.get(ScenarioKey(self._scenario.key, impairments, self._condition))
        bare = self._condition is NO_EXO
        has_walk = (bare and self._scenario is LEVEL_WALKING) or self._own_key in self._tries
        headline, tone, view = self._shown(record_id, tried, has_walk=has_walk)
        gaits = self._gaits(record_id)
        return ReviewState(
            headline=headline,
            tone=tone,
            view=view,
            untried=self._untried() if view is None else None,
            groups=scenarios.scenario_groups(
                self._tries, (), self._level_words(gaits) if bare else "", self._condition
            ),
            scenario=self._scenario.key,
            conditions=conditions.condition_choices(
                self._tries, self._scenario, self._personal.why_not, self._level_words(gaits)
            ),
            condition=self._condition.value,
            what_if=self._what_if_state(tried) if self._what_if_open and has_walk else None,
            why_no_what_if=self._why_no_what_if(has_walk=has_walk),
            impaired=scenarios.impaired_words(impairments),
            main_action="Go on with Train" if has_walk else "",
            secondary=self._secondary_actions(),
            badges=("Simulated", "Synthetic patient") if gaits.synthetic else ("Simulated",),
            findings=self._findings(record_id),
        )

    @property
    def _own_key(self) -> ScenarioKey:
        """The chosen situation in the chosen condition, without an impairment."""
        return ScenarioKey(self._scenario.key, (), self._condition)

    def _why_no_what_if(self, *, has_walk: bool) -> str:
        if self._condition is not NO_EXO:
            return "Choose “No exo” first: impairments are tried without it."
        return "" if has_walk else "Simulate this situation without an impairment first."

    def _shown(
        self, record_id: str, tried: ScenarioResult | None, *, has_walk: bool
    ) -> tuple[str, Tone, ComparisonView | None]:
        """Headline and view: with the impairment where it was tried, else without, else nothing yet."""
        impairments = self._impairments()
        if self._condition is not NO_EXO:
            return self._worn(record_id, tried)
        if impairments and tried is not None:
            if has_walk:
                return self._what_if(record_id, impairments[0], tried)
            words = scenarios.what_if_headline(impairments[0], tried, None)
            return f"{self._scenario.name}. {words}", Tone.NEUTRAL, self._walk(record_id, tried)[2]
        if has_walk and self._scenario is LEVEL_WALKING:
            return self._level(record_id)
        if has_walk:
            return self._walk(record_id, self._tries[self._own_key])
        ending = f" with {scenarios.impairment_words(impairments[0])}" if impairments else ""
        return f"{self._scenario.name}: not simulated yet{ending}.", Tone.NEUTRAL, None

    def _untried(self) -> Untried:
        job, impairments = self.running_job(), self._impairments()
        if job is None:
            detail = "It starts many times, each time a little differently. This takes about a minute."
            ending = f" with {scenarios.impairment_words(impairments[0])}" if impairments else ""
            ending = ending or conditions.with_words(self._condition)
            return Untried(f"See whether the twin stays on its feet here{ending}", detail, "Simulate")
        if _is_about(job, self._scenario, self._special_params()):
            return Untried("The twin is on its way", "What came of it appears here.")
        return Untried("Another simulation is running", ONE_AT_A_TIME)

    def _what_if_state(self, tried: ScenarioResult | None) -> WhatIfState:
        if not self._impairments():
            return WhatIfState("Simulate", "Move the slider to the right.")
        if tried is not None:
            return WhatIfState()
        return WhatIfState("Simulate", ONE_AT_A_TIME if self.running_job() is not None else "")

    def _secondary_actions(self) -> tuple[tuple[str, str], ...]:
        if self._scenario is not LEVEL_WALKING or self._what_if_open or self._condition is not NO_EXO:
            return ()
        idle = self.running_job() is None
        counted = self._own_key in self._tries
        count = ((STARTS, "Count falls"),) if idle and not counted else ()
        return (*count, (AGAIN, "Simulate again"))

    def _findings(self, record_id: str) -> tuple[Finding, ...]:
        """They are about the level walk that the policy was trained on."""
        if self._scenario is not LEVEL_WALKING or self._what_if_open or self._condition is not NO_EXO:
            return ()
        policy_id = self.input_of(record_id, RecordKind.GAIT_POLICY)
        return () if policy_id is None else self.context.store.load(policy_id, GaitPolicy).findings

    def _level_words(self, gaits: RolloutSet) -> str:
        return falls_words(gaits.find(GaitLabel.PERSONALIZED_TWIN))

    # The four kinds of view ------------------------------------------------------------------------

    def _level(self, record_id: str) -> tuple[str, Tone, ComparisonView]:
        gaits = self._gaits(record_id)
        emg = self.newest(RecordKind.EMG)
        key = (record_id, "" if emg is None else emg.id, self._why_no_emg())
        if key not in self._views:
            motion = self._motion_of(record_id)
            muscles = self._muscles(record_id, gaits, motion)
            self._views[key] = level_view(gaits, motion, muscles, self.walker)
        view = self._views[key]
        own = GaitLabel.PERSONALIZED_TWIN
        return *review_headline(gaits.find(own), joints_of(view.joint_panels, own)), view

    def _muscles(self, record_id: str, gaits: RolloutSet, motion: Motion | None) -> MuscleView:
        """The visit's newest EMG over the twin's muscles."""
        store, info = self.context.store, self.newest(RecordKind.EMG)
        policy_id = self.input_of(record_id, RecordKind.GAIT_POLICY)
        habits = () if policy_id is None else store.load(policy_id, GaitPolicy).body.habits
        return muscle_view(
            None if info is None else store.load(info.id, EmgEnvelopes),
            motion,
            gaits,
            own_habits=bool(habits),
            skipped=self._why_no_emg(),
        )

    def _why_no_emg(self) -> str:
        """The reason that was given for skipping EMG."""
        visit_id = self.context.visit_id
        decisions = () if visit_id is None else self.context.store.decisions(visit_id)
        return next(
            (d.reason for d in reversed(decisions) if d.step == Step.EMG and d.verdict is Verdict.SKIPPED), ""
        )

    def _walk(self, record_id: str, tried: ScenarioResult) -> tuple[str, Tone, ComparisonView]:
        key = (record_id, tried.record_id)
        if key not in self._views:
            level = self._gaits(record_id).find(GaitLabel.PERSONALIZED_TWIN)
            gaits = self._gaits(tried.record_id)
            impaired = "; ".join(map(scenarios.impairment_words, tried.impairments))
            self._views[key] = scenarios.scenario_view(
                self._scenario, gaits, level, impaired, walker=self.walker
            )
        return *scenarios.tried_headline(self._scenario.name, tried), self._views[key]

    def _worn(self, record_id: str, tried: ScenarioResult | None) -> tuple[str, Tone, ComparisonView | None]:
        """With the exo, beside the same situation without it as far as that was simulated."""
        if tried is None:
            words = conditions.with_words(self._condition)
            return f"{self._scenario.name}{words}: not simulated yet.", Tone.NEUTRAL, None
        # Where only the exo fails, nothing happens to who wears none: that is level walking.
        on_level = self._scenario is LEVEL_WALKING or self._scenario.exo_disturbance is not None
        bare = self._tries.get(ScenarioKey(LEVEL_WALKING.key if on_level else self._scenario.key))
        key = (record_id, tried.record_id, "" if bare is None else bare.record_id)
        if key not in self._views:
            without = None if bare is None else self._of_try(bare)
            if bare is None and on_level:
                without = staged(self._gaits(record_id), GaitLabel.PERSONALIZED_TWIN)
            motion = self._motion_of(record_id) if self._scenario is LEVEL_WALKING else None
            gaits = self._gaits(tried.record_id)
            adapted = self._condition is PERSONAL and self._personal.adapted
            self._views[key] = conditions.condition_view(
                self._scenario,
                without,
                gaits,
                motion,
                adapted=adapted,
                same_start=bare is not None,
                walker=self.walker,
            )
        return *conditions.condition_headline(self._scenario.name, tried, bare), self._views[key]

    def _what_if(
        self, record_id: str, impairment: Impairment, tried: ScenarioResult
    ) -> tuple[str, Tone, ComparisonView]:
        without = self._tries.get(self._own_key)
        key = (record_id, tried.record_id, "" if without is None else without.record_id)
        if key not in self._views:
            healthy = self._healthy(record_id)
            assert healthy is not None
            motion = self._motion_of(record_id) if self._scenario is LEVEL_WALKING else None
            gaits = self._gaits(tried.record_id)
            self._views[key] = scenarios.what_if_view(
                self._scenario, healthy, gaits, impairment, motion, walker=self.walker
            )
        return scenarios.what_if_headline(impairment, tried, without), Tone.NEUTRAL, self._views[key]


def _impairment_params(impairments: tuple[Impairment, ...]) -> dict[str, float]:
    """As the job takes them."""
    return {one.slot.label: one.severity for one in impairments}


def _is_about(job: JobState, scenario: Scenario, special: dict[str, JsonValue]) -> bool:
    """Whether this job simulates the scenario with the same impairments and exo."""
    params = dict(job.spec.params)
    params.pop("twin", None)
    return job.spec.kind == "simulate_scenario" and params == {"scenario": scenario.key, **special}
