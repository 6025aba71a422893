"""EMG: from a file to envelopes, or a reason why there are none."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes
from core.domain.findings import Severity
from core.domain.motion import Motion
from core.domain.people import Action
from core.domain.record import RecordKind, Verdict
from core.emg.presets import PRESETS
from core.errors import refuse
from core.jobs.values import Crashed, Done, JobState, JsonValue, Message, Outcome
from core.session.flow import Step, StepState, StepStatus
from ui.pages.emg import EmgPage, EmgState, Mapping
from ui.pages.emg_cycles import EmgCyclesView
from ui.pages.number_table import NumberRow, NumberTable
from ui.presenters.base import StepPresenter
from ui.presenters.emg_cycles import cycles_view
from ui.presenters.emg_files import (
    EmgFile,
    doubled_sentence,
    emg_file_of,
    ended_early,
    fields_of,
    first_map,
    said_of,
    seconds_of,
)
from ui.presenters.force_finder import JOB, OPEN, ForceFinder
from ui.presenters.mvc import MvcChoice
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.widgets.channel_map import MappedChannel
from ui.wording import count, percent, short_muscle


class EmgPresenter(StepPresenter):
    step = Step.EMG
    right_for_main = Action.CAPTURE

    def __init__(self, page: EmgPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._file: EmgFile | None = None
        self._head_job: tuple[str, Path] | None = None  # job that reads the head of a file, and the file
        self._said_line: int | None = None  # a person's word for the header line
        self._map: tuple[MappedChannel, ...] = ()
        self._mvc: Path | None = None
        self._maxima, self._shows_protocol = MvcChoice(), False
        self._force = ForceFinder(page, self)
        self._asks_reason = False
        self._load = lru_cache(maxsize=2)(lambda record_id: context.store.load(record_id, EmgEnvelopes))
        self._cycles_of = lru_cache(maxsize=2)(self._read_cycles)
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.file_chosen.connect(lambda path: self.attempt(lambda: self._open(path)))
        page.mvc_chosen.connect(self._use_mvc)
        page.protocol_opened.connect(lambda: self._show_protocol(True))
        page.mvc.closed.connect(lambda: self._show_protocol(False))
        page.mvc.files_chosen.connect(self._add_maxima)
        page.mvc.files_removed.connect(self._remove_maxima)
        page.reading_changed.connect(lambda sheet, line: self.attempt(lambda: self._reread(sheet, line)))
        page.offset_changed.connect(lambda text: self.attempt(lambda: self._move(text)))
        page.site_changed.connect(self._site_changed)
        page.skipped.connect(lambda reason: self.attempt(lambda: self._skip(reason)))
        page.skip_cancelled.connect(self._back)
        context.visit_changed.connect(self._forget)
        context.jobs.messaged.connect(self._head_read)

    def start(self) -> None:
        self._page.choose_file()

    def show(self, status: StepStatus) -> None:
        if self.blocked(status, "See when the muscles work"):
            return
        if self._asks_reason:
            self._page.render(EmgState("Skip EMG for this visit", asks_reason=True))
        elif self._force.shown:
            self._page.render(self._force.state())
        elif self._head_job is not None:
            self._page.render(EmgState(f"Looking into {self._head_job[1].name}…"))
        elif self._file is not None and self._shows_protocol:
            self._page.render(self._protocol())
        elif self._file is not None:
            self._page.render(self._mapping(self._file))
        elif status.record_id is not None:
            self._page.render(self._result(status.record_id))
        else:
            self._page.render(self._nothing(status))

    # State of the page

    def _nothing(self, status: StepStatus) -> EmgState:
        if self._processes():
            return EmgState("Processing the EMG…")
        if status.state is StepState.SKIPPED:
            return EmgState(f"EMG skipped: {self._skip_reason()}", main_action="Import EMG after all")
        return EmgState(
            "No EMG yet. This step is optional.",
            main_action="Import EMG",
            secondary=(("skip", "Skip EMG"), OPEN),
        )

    def _mapping(self, file: EmgFile) -> EmgState:
        used = [channel for channel in self._map if channel.site is not None]
        doubled = _doubled(self._map)
        why_not = "" if used else "Choose muscle and side for at least one channel."
        if doubled is not None:
            why_not = f"{doubled.side.value.capitalize()} {doubled.muscle.value} is chosen twice."
        question = doubled_sentence(file, self._map)
        asked = " ".join(words for words in (question, file.question) if words)
        headline = f"{len(used)} of {count(len(self._map), 'channel')} mapped to muscles. {asked}".strip()
        if file.needs_sheet:
            headline, why_not = "Which sheet holds the EMG?", "Choose the sheet."
        return EmgState(
            headline,
            Tone.OK if used and not (why_not or asked) else Tone.WARN,
            mapping=Mapping(
                file.path.name,
                self._map,
                fields_of(file, self._map, [*([self._mvc] if self._mvc else []), *self._maxima.paths]),
                "" if self._mvc is None else self._mvc.name,
                len(self._maxima.paths),
                tuple((preset.title, preset.reason) for preset in PRESETS),
            ),
            main_action=f"Process {count(len(used), 'channel')}" if used else "Process",
            why_not=why_not,
            secondary=(("discard", "Discard"), ("import", "Other file")),
        )

    def _result(self, record_id: str) -> EmgState:
        emg, motion = self._load(record_id), self.newest(RecordKind.MOTION)
        headline, tone = emg_verdict(emg)
        return EmgState(
            headline,
            tone,
            emg=emg,
            table=quality_table(emg),
            cycles=self._cycles_of(record_id, None if motion is None else motion.id),
            findings=emg.findings,
            main_action="" if self._processes() else "Go on with Personalize",
            secondary=(("import", "Import again"), OPEN),
            badges=("Synthetic",) if emg.synthetic else (),
        )

    def _read_cycles(self, emg_id: str, motion_id: str | None) -> EmgCyclesView:
        motion = None if motion_id is None else self.context.store.load(motion_id, Motion)
        return cycles_view(self._load(emg_id), motion)

    def _protocol(self) -> EmgState:
        sites = [channel.site for channel in self._map if channel.site is not None]
        return EmgState("Maximum contractions for the mapped muscles.", mvc=self._maxima.state(sites))

    def _processes(self) -> bool:
        return self.context.jobs.running("import_emg", visit_id=self.context.visit_id) is not None

    def _skip_reason(self) -> str:
        decisions = self.context.store.decisions(self.context.visit_id or "")
        reasons = [d.reason for d in decisions if d.step == self.step and d.verdict is Verdict.SKIPPED]
        return f"{reasons[-1].rstrip('.')}." if reasons and reasons[-1] else "no reason given."

    # Actions of the person

    def shown_records(self) -> tuple[str, ...]:
        """Nothing while a file is being chosen, a force looked for or EMG is about to be skipped."""
        newest = self.newest(RecordKind.EMG)
        asks = self._asks_reason or self._force.shown or self._file is not None or self._head_job is not None
        return () if newest is None or asks else (newest.id,)

    def main(self) -> None:
        if self._force.shown:
            self._force.main()
        elif self._file is not None:
            self._process(self._file)
        elif self.context.status(self.step).record_id is not None:
            self.context.go_to.emit(Step.PERSONALIZE)
        else:
            self._page.choose_file()

    def _secondary(self, key: str) -> None:
        match key:
            case "import":
                self._page.choose_file()
            case "skip":
                self._asks_reason = True
                self.refresh()
                self._page.ask_reason()
            case "discard":
                self._forget()
                self.refresh()
            case "force" | "back":
                self._force.show(key == "force")
            case "force_twin":
                self._force.from_twin()

    def _open(self, path: Path, reading: dict[str, JsonValue] | None = None) -> None:
        """Have a job read the head of the file: a damaged file may end the process that reads it."""
        self._cancel_head_job()
        self._asks_reason = False
        if reading is None:
            self._page.clear_fields()
            self._said_line = None
        self._head_job = (self.context.submit("read_emg_head", file=str(path), **(reading or {})), path)
        self._page.show_advice(None)
        self.refresh()

    def _head_read(self, job_id: str, message: Message) -> None:
        if self._head_job is not None and self._head_job[0] == job_id:
            self._file = emg_file_of(self._head_job[1], message.text, self._said_line)
            self._map = first_map(self._file.channels, self._file.units, self._file.descriptions)
            self._head_job = None
            self.refresh()

    def _reread(self, sheet: str, header_line: int | None) -> None:
        """Look into the chosen file once more, with a person's word for sheet and header line."""
        if self._file is None:
            return
        self._said_line = header_line
        said: dict[str, JsonValue] = {"sheet": sheet} if sheet else {}
        self._open(self._file.path, said if header_line is None else {**said, "header_line": header_line})

    def _move(self, text: str) -> None:
        record_id = self.context.status(self.step).record_id
        if record_id is not None:
            self.submit("shift_emg", emg_id=record_id, offset_s=seconds_of(text))

    def _cancel_head_job(self) -> None:
        if self._head_job is not None:
            self.context.jobs.cancel(self._head_job[0])
        self._head_job = None

    def _use_mvc(self, path: Path) -> None:
        self._mvc = path
        self.refresh()

    def _show_protocol(self, shown: bool) -> None:
        self._shows_protocol = shown
        self.refresh()

    def _add_maxima(self, key: str, paths: tuple[Path, ...]) -> None:
        self._maxima.add(key, paths)
        self.refresh()

    def _remove_maxima(self, key: str) -> None:
        self._maxima.remove(key)
        self.refresh()

    def _site_changed(self, name: str, site: ChannelSite | None) -> None:
        self._map = tuple(
            replace(channel, site=site, suggested=False) if channel.name == name else channel
            for channel in self._map
        )
        self.refresh()

    def _process(self, file: EmgFile) -> None:
        params: dict[str, JsonValue] = {
            "visit_id": self.context.visit_id or "",
            "file": str(file.path),
            "sites": {
                channel.name: [channel.site.muscle.value, channel.site.side.value]
                for channel in self._map
                if channel.site is not None
            },
        }
        if self._mvc is not None:
            params["mvc_file"] = str(self._mvc)
        if self._maxima.paths:
            params["mvc_files"] = [str(path) for path in self._maxima.paths]
        params["processing"] = PRESETS[self._page.chain()].key
        params |= said_of(self._page.fields(), file)
        self.submit("import_emg", **params)

    def _skip(self, reason: str) -> None:
        if not reason.strip():
            raise refuse(
                "EMG-008",
                "EMG was not skipped.",
                "The report needs a reason.",
                "Write a few words, for example: no electrodes today.",
            )
        self._asks_reason = False
        self.decide(Verdict.SKIPPED, reason=reason.strip())
        self.context.show_message("EMG skipped; the reason is in the record.", Tone.OK)

    def _back(self) -> None:
        self._asks_reason = False
        self.refresh()

    def _forget(self) -> None:
        self._cancel_head_job()
        self._file, self._map, self._mvc, self._asks_reason = None, (), None, False
        self._shows_protocol = False
        self._maxima.clear()
        self._force.forget()

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        """The chosen file stays on the page until it was processed."""
        if self._head_job is not None and self._head_job[0] == state.spec.id:
            self._head_job = None
        self._force.job_done(state, outcome)
        if isinstance(outcome, Crashed) and state.spec.kind != JOB:
            name = Path(str(state.spec.params.get("file", ""))).name
            self._page.show_advice(ended_early(name), outcome.detail)
        if isinstance(outcome, Done) and state.spec.kind == "import_emg":
            self._forget()
        self.refresh()


def emg_verdict(emg: EmgEnvelopes) -> tuple[str, Tone]:
    """The headline: how many channels are good, and what 100 % means."""
    good = sum(channel.verdict == "good" for channel in emg.channels)
    words = f"{good} of {count(len(emg.channels), 'channel')} good, relative to the {emg.normalised_to}."
    if any(finding.severity is Severity.STOP for finding in emg.findings) or not good:
        return words, Tone.STOP
    return words, Tone.OK if good == len(emg.channels) else Tone.WARN


def quality_table(emg: EmgEnvelopes) -> NumberTable:
    """A row per channel; what 100 % is only where that differs between channels."""
    mixed = len(set(emg.references)) > 1
    rows = tuple(
        NumberRow(
            f"{channel.site.side.suffix.upper()} {short_muscle(channel.site.muscle).lower()}",
            (
                _VERDICTS.get(channel.verdict, channel.verdict),
                f"{channel.signal_to_noise_db:.0f} dB",
                percent(channel.hum_fraction),
                *((_REFERENCES.get(emg.reference(number), emg.reference(number)),) if mixed else ()),
            ),
            side=channel.site.side,
            tip=_channel_tip(channel),
        )
        for number, channel in enumerate(emg.channels)
    )
    return NumberTable(("", "Quality", "Signal", "Hum", *(("100 %",) if mixed else ())), rows)


_REFERENCES = {"MVC": "MVC", "recorded maximum": "own"}


def _channel_tip(channel: ChannelQuality) -> str:
    return (
        f"{channel.site.muscle.value.capitalize()}, channel {channel.name}; "
        f"signal to noise {channel.signal_to_noise_db:.0f} dB; "
        f"clipped in {percent(channel.clipped_fraction, 1)} of the time"
        + (f"; {percent(channel.motion_fraction)} of its power below 20 Hz" if channel.median_hz else "")
        + (
            f"; shares {percent(channel.common_fraction)} with {channel.common_with}"
            if channel.common_with
            else ""
        )
    )


_VERDICTS = {
    "good": "✓ good",
    "flat": "✗ flat",
    "clipped": "⚠ clipped",
    "hum": "⚠ hum",
    "noise": "⚠ noisy",
    "gaps": "⚠ gaps",
    "loose": "⚠ loose",
    "motion": "⚠ motion",
    "crosstalk": "⚠ crosstalk",
}


def _doubled(channels: tuple[MappedChannel, ...]) -> ChannelSite | None:
    """A site that two channels claim."""
    sites = [channel.site for channel in channels if channel.site is not None]
    return next((site for site in sites if sites.count(site) > 1), None)
