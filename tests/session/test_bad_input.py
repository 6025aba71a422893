"""Every bad input that a session must survive: the code it is told with, and that nothing is lost.

`INDEX` says where each is tested; what was missing where the person meets it is tested here, through the
command line and its worker processes.
"""

from __future__ import annotations

import ast
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import commands as cli
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Person, Recording
from core.errors import Advice
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import deploy
from tests.app.cli.test_commands import PATIENT
from tests.bad_inputs import BY_CASE, index, told_codes
from tests.capture.figures import noise, write_video
from tests.emg.test_emg import RATE_HZ, bursts
from tests.motion.synthetic_walk import seen_by, side_camera, synthetic_walk
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.tasks import test_deploy_tasks
from tests.tasks.test_deploy_tasks import CODE, DEVICE, Visit, packed
from tests.virtual_exo.virtual_exo_process import virtual_exo

INDEX = {  # bad input: code, file below tests/, test
    "empty file": ("CAP-002", "session/test_bad_input.py", "test_a_bad_video_is_refused"),
    "text renamed .mp4": ("CAP-003", "session/test_bad_input.py", "test_a_bad_video_is_refused"),
    "video whose name is no text": ("CAP-061", "capture/test_video_sources.py", "test_a_video_whose_name"),
    "truncated video, unreadable": ("CAP-004", "session/test_bad_input.py", "test_a_bad_video_is_refused"),
    "truncated video, readable": ("CAP-010", "session/test_bad_input.py", "test_frames_before_the_cut"),
    "video that lies on its side": ("CAP-032", "capture/test_upright.py", "test_a_turned_video_is_told"),
    "no quarter turn": ("CAP-033", "tasks/test_film_privacy.py", "test_what_is_no_quarter_turn"),
    "no head to hide": ("CAP-034", "tasks/test_film_privacy.py", "test_a_film_without_people"),
    "video removed on request": ("CAP-036", "tasks/test_film_privacy.py", "test_the_original_is_removed"),
    "original without a hidden copy": (
        "CAP-037",
        "tasks/test_film_privacy.py",
        "test_an_original_without",
    ),
    "original removed twice": ("CAP-038", "tasks/test_film_privacy.py", "test_the_original_is_removed"),
    "5 frames/s": ("CAP-005", "session/test_bad_input.py", "test_a_bad_video_is_refused"),
    "no person": ("CAP-021", "session/test_bad_input.py", "test_a_bad_video_is_refused"),
    "two people, one walks": ("CAP-023", "tasks/test_motion_tasks.py", "test_of_two_people_the_walker"),
    "two people walk": ("CAP-022", "capture/test_people.py", "test_two_walkers_are_a_question"),
    "slow motion": ("MOT-090", "tasks/test_motion_tasks.py", "test_a_slow_motion_film"),
    "slow motion without a stride": ("MOT-090", "tasks/test_motion_tasks.py", "test_a_film_four_times"),
    "slow motion by no possible factor": ("MOT-093", "tasks/test_motion_tasks.py", "test_a_factor_that_no"),
    "slow motion said by nobody": ("MOT-094", "ui/test_motion_page.py", "test_nobody_names_a_clock"),
    "cameras of different length": (
        "CAP-017",
        "tasks/test_several_cameras.py",
        "test_cameras_of_different_length",
    ),
    "one camera of several sees nobody": (
        "CAP-029",
        "tasks/test_several_cameras.py",
        "test_a_camera_without_a_person",
    ),
    "one calibrated camera left": (
        "CAP-052",
        "tasks/test_several_cameras.py",
        "test_one_calibrated_camera_that_is_left",
    ),
    "two films of different walks": (
        "CAP-050",
        "tasks/test_several_cameras.py",
        "test_two_films_of_different_walks",
    ),
    "a film of another walk beside two": (
        "CAP-051",
        "tasks/test_several_cameras.py",
        "test_a_film_of_another_walk",
    ),
    "people in step in several films": (
        "CAP-022",
        "capture/test_camera_verdicts.py",
        "test_two_people_in_step_are_asked_about",
    ),
    "clock of a camera not sure": ("CAP-053", "capture/test_camera_verdicts.py", "test_an_unsure_clock"),
    "a calibrated camera that was moved": (
        "CAP-054",
        "capture/test_camera_verdicts.py",
        "test_a_camera_that_was_moved",
    ),
    "left and right exchanged in one camera": (
        "CAP-055",
        "capture/test_camera_verdicts.py",
        "test_exchanged_sides",
    ),
    "more cameras than videos": (
        "CAL-007",
        "tasks/test_several_cameras.py",
        "test_more_cameras_than_videos",
    ),
    "videos of another shape than calibrated": (
        "CAL-009",
        "tasks/test_several_cameras.py",
        "test_videos_of_another_shape",
    ),
    "too few assistance forces": ("AMP-001", "assistance/test_amplitude.py", "test_three_forces_are_too_few"),
    "an assistance force twice": ("AMP-002", "assistance/test_iemg.py", "test_what_cannot_be_used"),
    "EMG of other muscles than the thigh's": (
        "AMP-003",
        "assistance/test_iemg.py",
        "test_what_cannot_be_used",
    ),
    "forces without a maximum contraction": (
        "AMP-004",
        "assistance/test_iemg.py",
        "test_what_cannot_be_used",
    ),
    "one gait cycle at a force": ("AMP-005", "assistance/test_iemg.py", "test_what_cannot_be_used"),
    "a force that is not in newtons": ("AMP-006", "assistance/test_iemg.py", "test_what_cannot_be_used"),
    "forces at which a vastus works harder": (
        "AMP-007",
        "assistance/test_amplitude.py",
        "test_forces_at_which_a_vastus",
    ),
    "activity that only falls with the force": (
        "AMP-008",
        "assistance/test_amplitude.py",
        "test_activity_that_only_falls",
    ),
    "a best force that is not known well": (
        "AMP-009",
        "assistance/test_amplitude.py",
        "test_a_wide_band_asks",
    ),
    "plates without corners": (
        "KIN-011",
        "kinetics/test_inverse_dynamics.py",
        "test_plates_without_corners",
    ),
    "forces in another frame": ("KIN-012", "kinetics/test_inverse_dynamics.py", "test_forces_in_another"),
    "forces of another time": ("KIN-002", "tasks/test_inverse_dynamics.py", "test_forces_of_another_time"),
    "forces that end early": ("KIN-015", "kinetics/test_inverse_dynamics.py", "test_forces_that_end_early"),
    "no leg seen throughout a stride": (
        "MOM-001",
        "tasks/test_estimate_moments.py",
        "test_legs_that_were_not_seen",
    ),
    "model of hip moments damaged": ("MOM-002", "tasks/test_estimate_moments.py", "test_a_damaged_model"),
    "hip moments estimated": ("MOM-003", "tasks/test_estimate_moments.py", "test_a_walk_gets_moments"),
    "hip moments from one camera": (
        "MOM-004",
        "tasks/test_estimate_moments.py",
        "test_one_camera_and_one_leg",
    ),
    "hip moments from one leg": ("MOM-005", "tasks/test_estimate_moments.py", "test_one_camera_and_one_leg"),
    "a walk unlike those judged": ("MOM-006", "tasks/test_estimate_moments.py", "test_who_walks_unlike"),
    "moments of an unknown person": ("MOM-007", "bench/test_moments.py", "test_one_subject_only"),
    "one subject only to leave out": ("MOM-008", "bench/test_moments.py", "test_one_subject_only"),
    "moments trained without a task": ("MOM-009", "bench/test_moments.py", "test_what_cannot_be_trained"),
    "exo's log that is no table": ("KIN-030", "kinetics/test_exo_log.py", "test_what_is_no_table"),
    "exo's log without times": ("KIN-031", "kinetics/test_exo_log.py", "test_a_log_without_a_time_column"),
    "exo's log without joint and side": (
        "KIN-032",
        "kinetics/test_exo_log.py",
        "test_columns_without_joint_and_side",
    ),
    "exo's torque without a side": ("KIN-033", "kinetics/test_exo_log.py", "test_torques_without_a_side"),
    "exo's torque without a direction": ("KIN-034", "kinetics/test_exo_log.py", "test_an_unnamed_direction"),
    "exo's torque in another unit": ("KIN-035", "kinetics/test_exo_log.py", "test_another_unit"),
    "exo's log at too low a rate": ("KIN-036", "kinetics/test_exo_log.py", "test_a_log_too_slow"),
    "exo's log of another time": ("KIN-037", "kinetics/test_worn_exo.py", "test_a_log_of_another_time"),
    "exo's log shorter than the motion": ("KIN-038", "kinetics/test_worn_exo.py", "test_a_log_shorter"),
    "worn exo of unknown mass": ("KIN-039", "kinetics/test_worn_exo.py", "test_a_known_exo_is_carried"),
    "exo's log of untold start": ("KIN-040", "kinetics/test_exo_log.py", "test_a_start_that_nobody_told"),
    "exo's log with repeated times": ("KIN-041", "kinetics/test_exo_log.py", "test_repeated_and_missing"),
    "two torques of one joint": ("KIN-042", "kinetics/test_exo_log.py", "test_two_torques_of_one_joint"),
    "walk with an exo at no known time": (
        "KIN-043",
        "tasks/test_worn_exo_tasks.py",
        "test_a_walk_with_the_exo",
    ),
    "one recording to compare": ("VIS-001", "session/test_captures.py", "test_only_two_to_four"),
    "recordings of two patients": ("VIS-002", "session/test_captures.py", "test_only_two_to_four"),
    "recording without a walk to compare": (
        "VIS-003",
        "session/test_captures.py",
        "test_a_recording_without_a_walk",
    ),
    "few strides to compare": ("VIS-004", "session/test_captures.py", "test_what_makes_two_recordings"),
    "camera against laboratory": ("VIS-005", "session/test_captures.py", "test_recordings_by_other_means"),
    "treadmill against floor": ("VIS-006", "session/test_captures.py", "test_what_makes_two_recordings"),
    "walks of other speeds": ("VIS-007", "session/test_captures.py", "test_what_makes_two_recordings"),
    "exo of a recording not stated": (
        "VIS-008",
        "session/test_captures.py",
        "test_what_makes_two_recordings",
    ),
    "walk with the exo for a twin": ("VIS-009", "ui/test_visits_page.py", "test_a_walk_with_the_exo"),
    "walks with different aids": ("VIS-011", "session/test_captures.py", "test_another_walking_aid"),
    "condition that is none": ("VIS-010", "session/test_captures.py", "test_a_word_that_is_no_condition"),
    "no complete stride": ("MOT-010", "session/test_bad_input.py", "test_a_walk_without_a_stride"),
    "treadmill speed that none runs at": ("MOT-074", "tasks/test_motion_tasks.py", "test_a_speed_that_no"),
    "treadmill speed for a walk over ground": (
        "MOT-076",
        "motion/test_trial_fit.py",
        "test_a_treadmill_speed_for_a_walk",
    ),
    "heel strike behind its toe-off": ("MOT-110", "gait/test_event_edits.py", "test_what_no_walk_can_show"),
    "gait event outside the walk": ("MOT-111", "gait/test_event_edits.py", "test_what_no_walk_can_show"),
    "two landings at once": ("MOT-112", "gait/test_event_edits.py", "test_what_no_walk_can_show"),
    "gait events changed by nobody": ("MOT-113", "gait/test_event_edits.py", "test_what_no_walk_can_show"),
    "stride left out, no reason": ("MOT-114", "gait/test_event_edits.py", "test_what_no_walk_can_show"),
    "no stride left": ("MOT-115", "gait/test_event_edits.py", "test_what_no_walk_can_show"),
    "events of an earlier motion": ("MOT-116", "gait/test_event_edits.py", "test_a_motion_of_an_earlier"),
    "change of an event that is not there": (
        "MOT-118",
        "gait/test_event_edits.py",
        "test_what_no_walk_can_show",
    ),
    "solving again over edited events": ("MOT-120", "ui/test_gait_events.py", "test_solving_again_says"),
    "unreadable gait events": ("MOT-119", "tasks/test_edit_events.py", "test_events_that_cannot_be_read"),
    "squat instead of a walk": ("MOT-072", "motion/test_trial_fit.py", "test_a_squat_is_solved"),
    "walk backwards": ("MOT-071", "motion/test_trial_fit.py", "test_walking_backwards_is_told"),
    "film from the front": ("MOT-029", "motion/test_trial.py", "test_a_short_walk_towards_the_camera"),
    "film on its side, or stepping on the spot": (
        "MOT-075",
        "motion/test_trial.py",
        "test_a_film_that_lies_on_its_side",
    ),
    "film upside down": ("MOT-023", "motion/test_trial.py", "test_an_upside_down_film"),
    "landmark file that is none": (
        "CAP-080",
        "capture/test_landmark_file.py",
        "test_files_that_are_no_landmarks",
    ),
    "motion that a finding stops": ("MOT-064", "session/test_stops.py", "test_a_stopped_motion_is_used"),
    "strength without anything that tells it": (
        "KIN-210",
        "tasks/test_deficits_tasks.py",
        "test_sources_of_another_motion",
    ),
    "weakness accepted without a name": (
        "KIN-211",
        "tasks/test_deficits_tasks.py",
        "test_nothing_is_accepted",
    ),
    "weakness that was not suggested": (
        "KIN-212",
        "tasks/test_deficits_tasks.py",
        "test_nothing_is_accepted",
    ),
    "answer to an outdated assessment": (
        "KIN-213",
        "tasks/test_deficits_tasks.py",
        "test_nothing_is_accepted",
    ),
    "impairment of the twin without a name": (
        "PER-001",
        "session/test_impairments.py",
        "test_nothing_is_chosen",
    ),
    "impairment of no severity": ("PER-002", "session/test_impairments.py", "test_nothing_is_chosen"),
    "a fifth impairment": ("PER-003", "session/test_impairments.py", "test_nothing_is_chosen"),
    "impairment that is not on the list": (
        "PER-004",
        "session/test_impairments.py",
        "test_nothing_is_chosen",
    ),
    "impairment on the command line that is none": (
        "PER-005",
        "session/test_session_run.py",
        "test_impairments_that_nobody",
    ),
    "EMG without maximal contraction, for strength": (
        "KIN-202",
        "tasks/test_deficits_tasks.py",
        "test_emg_without_maximal",
    ),
    "override without name or role": ("MOT-062", "session/test_stops.py", "test_nobody_overrides"),
    "override of nothing, or of doubtful sides": (
        "MOT-063",
        "session/test_stops.py",
        "test_sides_in_doubt_need",
    ),
    "EMG with NaN": ("EMG-010", "session/test_bad_input.py", "test_emg_with_gaps"),
    "wrong rate": ("EMG-003", "session/test_bad_input.py", "test_bad_emg_is_refused"),
    "no known muscle name": ("EMG-005", "session/test_bad_input.py", "test_bad_emg_is_refused"),
    "unknown muscle": ("EMG-007", "session/test_bad_input.py", "test_bad_emg_is_refused"),
    "EMG with a line that is not numbers": (
        "EMG-031",
        "emg/test_tables.py",
        "test_a_line_that_is_no_numbers",
    ),
    "EMG whose names do not fit its columns": ("EMG-032", "emg/test_tables.py", "test_names_that_do_not_fit"),
    "EMG in milliseconds": ("EMG-033", "emg/test_time_stamps.py", "test_milliseconds_are_known"),
    "EMG with a repeated time stamp": ("EMG-034", "emg/test_time_stamps.py", "test_one_stamp_twice"),
    "EMG with uneven time stamps": ("EMG-035", "emg/test_time_stamps.py", "test_a_rate_that_is_entered"),
    "EMG rate that the stamps contradict": (
        "EMG-003",
        "emg/test_time_stamps.py",
        "test_a_rate_that_contradicts",
    ),
    "EMG workbook with several sheets": ("EMG-036", "emg/test_files.py", "test_of_several_sheets"),
    "EDF with uneven rates": ("EMG-037", "emg/test_files.py", "test_edf_with_uneven_rates"),
    "file that ends its reader": ("IMP-001", "process/test_limits.py", "test_what_takes_more_than_it_may"),
    "file that fills the memory": ("IMP-002", "process/test_limits.py", "test_what_takes_more_than_it_may"),
    "file that is read for ever": ("IMP-003", "process/test_limits.py", "test_what_takes_more_than_it_may"),
    "file that tells too much": ("IMP-004", "process/test_limits.py", "test_what_takes_more_than_it_may"),
    "EMG of impossible size": ("EMG-014", "foreign/test_bombs.py", "test_numbers_that_no_signal_has"),
    "table too wide": ("EMG-012", "foreign/test_bombs.py", "test_a_table_with_more_columns"),
    "workbook that unfolds too far": ("EMG-013", "foreign/test_bombs.py", "test_a_workbook_that_unfolds"),
    "text of a laboratory too large": ("LAB-007", "foreign/test_bombs.py", "test_a_table_of_a_laboratory"),
    "times beside a video that are none": (
        "CAP-007",
        "foreign/test_bombs.py",
        "test_times_beside_a_video_that",
    ),
    "locked EMG file": ("EMG-038", "emg/test_tables.py", "test_a_locked_file_is_told"),
    "EMG of a kind that is not read": ("EMG-039", "emg/test_tables.py", "test_what_is_no_table"),
    "two EMG channels of one name": ("EMG-030", "emg/test_naming.py", "test_channels_that_claim"),
    "walk above 175 % MVC": ("EMG-040", "emg/test_reference.py", "test_a_walk_far_above"),
    "MVC of nothing": ("EMG-041", "emg/test_reference.py", "test_a_maximum_of_nothing"),
    "MVC without a channel of the walk": ("EMG-042", "emg/test_reference.py", "test_a_maximum_of_nothing"),
    "clipped MVC": ("EMG-043", "emg/test_reference.py", "test_a_clipped_maximum"),
    "MVC in a unit that nobody named": ("EMG-050", "emg/test_reference.py", "test_a_maximum_in_another_unit"),
    "unit that is none of EMG": ("EMG-051", "emg/test_reference.py", "test_a_unit_that_a_person_gives"),
    "channel of zeros": ("EMG-010", "emg/test_reference.py", "test_a_channel_of_zeros"),
    "envelopes in place of raw EMG": ("EMG-044", "emg/test_reference.py", "test_envelopes_are_not_filtered"),
    "EMG table that was cut off": ("EMG-045", "emg/test_tables.py", "test_an_export_that_was_cut_off"),
    "EMG longer or shorter than the motion": (
        "EMG-048",
        "tasks/test_emg_tasks.py",
        "test_emg_of_another_length",
    ),
    "EMG beside the motion": ("EMG-046", "tasks/test_emg_tasks.py", "test_an_offset_is_changed"),
    "trigger that never rises": ("EMG-047", "emg/test_alignment.py", "test_a_channel_that_never_rises"),
    "channel map that cannot be read": ("EMG-052", "app/cli/test_emg.py", "test_a_map_that_is_none"),
    "offset of hours": ("EMG-053", "emg/test_alignment.py", "test_an_event_seen_in_both"),
    "missing channel": ("EMG-004", "session/test_bad_input.py", "test_bad_emg_is_refused"),
    "EMG channel of zeros": ("EMG-010", "emg/test_quality.py", "test_a_channel_of_zeros_is_flat"),
    "EMG of a neighbouring muscle": ("EMG-062", "emg/test_quality.py", "test_the_signal_of_a_neighbour"),
    "EMG chain that is none": ("EMG-060", "emg/test_processing.py", "test_values_can_be_changed"),
    "EMG filter that cannot be": ("EMG-061", "emg/test_processing.py", "test_values_can_be_changed"),
    "maximum contraction that was not held": ("EMG-063", "emg/test_mvc.py", "test_a_single_try_and_a_burst"),
    "one try of a maximum contraction": ("EMG-064", "emg/test_mvc.py", "test_a_single_try_and_a_burst"),
    "exo unplugged while uploading": ("EXO-005", "session/test_bad_input.py", "test_an_exo_unplugged"),
    "exo unplugged while watching": ("EXO-003", "tasks/test_hand_over.py", "test_a_lost_link_ends"),
    "exo in use by another program": ("EXO-130", "devices/test_exo_in_use.py", "test_a_second_program_is"),
    "exo that asks for a token": ("EXO-131", "devices/test_exo_in_use.py", "test_a_program_with_the_token"),
    "exo that never stops sending": ("EXO-013", "devices/test_flooding_exo.py", "test_an_upload_that_gets"),
    "full disk, a result": ("REC-003", "store/test_store.py", "test_a_full_disk_leaves_nothing"),
    "full disk, any job": ("REC-003", "process/test_interruptions.py", "test_a_full_disk_is_told"),
    "full disk, a checkpoint": ("REC-003", "process/test_interruptions.py", "test_a_full_disk_stops"),
    "full disk, a backup": ("REC-008", "store/test_recovery.py", "test_a_backup_that_cannot"),
    "worker killed": ("JOB-001", "process/test_interruptions.py", "test_a_lesson_whose_worker_is_killed"),
    "app closed while training": ("JOB-001", "session/test_interrupted.py", "test_a_program_that_is_killed"),
    "encrypted folder, locked": ("REC-030", "store/test_protection.py", "test_a_locked_folder_is_not"),
    "encrypted folder, wrong passphrase": ("REC-031", "vault/test_keys.py", "test_a_passphrase_opens_it"),
    "recovery key mistyped": ("REC-032", "vault/test_keys.py", "test_a_mistyped_group_of_the"),
    "encrypted folder, key file lost": ("REC-033", "vault/test_keys.py", "test_one_damaged_key_file"),
    "plain database in an encrypted folder": (
        "REC-034",
        "store/test_protection.py",
        "test_a_plain_database_in_the_place",
    ),
    "patient's key destroyed": ("REC-035", "vault/test_keys.py", "test_a_destroyed_patients_key"),
    "encrypted file damaged": ("REC-036", "vault/test_stream.py", "test_a_file_that_was_cut_short"),
    "encrypted folder without SQLCipher": (
        "REC-037",
        "store/test_sealed_database.py",
        "test_an_installation_without_sqlcipher",
    ),
    "passphrase too short for the data": ("REC-038", "vault/test_keys.py", "test_what_holds_no_key"),
    "recovery key and no printer": ("REC-046", "ui/test_data_page.py", "test_a_recovery_key_is_printed"),
    "recovery key saved beside the data": ("REC-047", "ui/test_data_page.py", "test_a_recovery_key_is_not"),
    "encrypting while work runs": ("REC-048", "ui/test_data_page.py", "test_it_goes_on_when_the_recovery"),
    "no room to encrypt": ("REC-039", "store/test_protection.py", "test_nothing_is_begun_without"),
    "database locked": ("REC-001", "app/cli/test_commands.py", "test_a_locked_record_is_told"),
    "record changed outside of the program": (
        "REC-040",
        "app/cli/test_audit.py",
        "test_changed_rows_are_named",
    ),
    "no end of a trail": ("REC-041", "app/cli/test_audit.py", "test_what_stands_on_a_report"),
    "clock set back": ("REC-042", "store/test_trail.py", "test_backward_time_is_remarked"),
    "no restored backup to explain": ("REC-044", "deploy/test_signed_heads.py", "test_a_restored_backup_is"),
    "explained by another key": ("REC-045", "deploy/test_signed_heads.py", "test_another_key_than_the"),
    "clock confirmed without a reason": ("REC-043", "store/test_trail.py", "test_backward_time_is_remarked"),
    "database damaged": ("REC-002", "ui/test_recovery.py", "test_another_folder_can_be_chosen"),
    "database damaged, no backup": ("REC-002", "store/test_recovery.py", "test_a_damaged_record_without"),
    "database lost": ("REC-002", "store/test_recovery.py", "test_a_lost_database_is_damage"),
    "database lost, no backup": ("REC-002", "store/test_recovery.py", "test_a_lost_database_without"),
    "data folder in use": ("REC-010", "store/test_folder_lock.py", "test_a_second_program_is_told"),
    "record not whole": ("REC-012", "store/test_verifying.py", "test_it_refuses_in_words"),
    "no record to check": ("REC-016", "store/test_verifying.py", "test_it_refuses_in_words"),
    "no second place": ("REC-013", "store/test_second_place.py", "test_a_place_that_is_none"),
    "second place is gone": ("REC-013", "store/test_second_place.py", "test_a_disk_that_is_not"),
    "nothing to restore from": ("REC-014", "store/test_second_place.py", "test_a_sound_record_a_place"),
    "copy of another record": ("REC-015", "store/test_second_place.py", "test_a_sound_record_a_place"),
    "update that is not there": ("UPD-001", "deploy/test_update_bundle.py", "test_what_nobody_known"),
    "what is no update": ("UPD-002", "deploy/test_update_bundle.py", "test_what_is_not_written"),
    "update without a key to check it": ("UPD-003", "deploy/test_update_bundle.py", "test_this_build_knows"),
    "update that somebody else signed": ("UPD-004", "deploy/test_update_bundle.py", "test_what_nobody_known"),
    "update that is not newer": ("UPD-005", "deploy/test_update_bundle.py", "test_each_thing_that_does"),
    "update for another system": ("UPD-006", "deploy/test_update_bundle.py", "test_each_thing_that_does"),
    "update that is too large a step": (
        "UPD-007",
        "deploy/test_update_bundle.py",
        "test_each_thing_that_does",
    ),
    "update with another installer": ("UPD-008", "deploy/test_update_bundle.py", "test_a_file_that_changes"),
    "no room for an update": ("UPD-009", "deploy/test_update_bundle.py", "test_each_thing_that_does"),
    "no state of that revision": ("REC-017", "store/test_way_back.py", "test_without_a_state_or_a_new"),
    "older program, encrypted folder": ("REC-017", "store/test_way_back.py", "test_an_encrypted_folder_has"),
    "older copy into a used folder": ("REC-018", "store/test_way_back.py", "test_without_a_state_or_a_new"),
    "data folder in use elsewhere": ("REC-011", "store/test_folder_lock.py", "test_a_program_on_another_pc"),
    "assistance without a hip moment": (
        "ASP-001",
        "assistance/test_profile.py",
        "test_what_no_profile_can_be_planned_from",
    ),
    "assistance from a single stride": (
        "ASP-002",
        "assistance/test_profile.py",
        "test_what_no_profile_can_be_planned_from",
    ),
    "belt that cannot flex the hip": ("ASP-003", "assistance/test_belt.py", "test_a_band_that_cannot_flex"),
    "belt of no possible force": (
        "ASP-006",
        "assistance/test_profile.py",
        "test_what_no_profile_can_be_planned_from",
    ),
    "belt's profile on an exo that extends": (
        "ASP-008",
        "tasks/test_assistance_tasks.py",
        "test_an_exo_that_cannot_flex",
    ),
    "no free memory to learn": ("TRN-007", "tasks/test_capacity.py", "test_too_little_memory"),
    "no free disk to learn": ("TRN-008", "tasks/test_capacity.py", "test_a_nearly_full_disk"),
    "unknown fidelity": ("TRN-006", "tasks/test_learn_gait.py", "test_a_fidelity_that_cannot"),
    "unknown aim of an exo training": (
        "TRN-025",
        "tasks/test_controller_tasks.py",
        "test_bad_wishes_are_refused",
    ),
    "training in no time": ("TRN-010", "tasks/test_controller_tasks.py", "test_bad_wishes_are_refused"),
    "exo training of a twin that falls": (
        "TRN-022",
        "tasks/test_controller_tasks.py",
        "test_a_twin_that_falls_without_the_exo_is_refused",
    ),
    "exo training whose cost is poorly explained": (
        "TRN-023",
        "tasks/test_controller_tasks.py",
        "test_a_cost_that_the_joints",
    ),
    "exo training on a PC too slow for its plan": (
        "TRN-024",
        "tasks/test_controller_tasks.py",
        "test_a_training_that_took_longer",
    ),
    "walk too short to adapt to": ("TRN-040", "session/test_adaptable.py", "test_too_few_strides_missing"),
    "walk without all angles": ("TRN-041", "session/test_adaptable.py", "test_too_few_strides_missing"),
    "walk with an exo at the ankles, to adapt to": (
        "TRN-042",
        "session/test_adaptable.py",
        "test_too_few_strides_missing",
    ),
    "walk like no twin can walk": ("TRN-043", "tasks/test_adapt_controller.py", "test_a_gait_that_the_twin"),
    "walk unlike the twin's": ("TRN-044", "tasks/test_adapt_controller.py", "test_a_gait_that_the_twin"),
    "walk with another controller": ("TRN-045", "session/test_adaptable.py", "test_a_walk_of_another"),
    "walk with another exo than is worn": ("TRN-046", "session/test_adaptable.py", "test_a_walk_of_another"),
    "walk of another patient": ("TRN-047", "session/test_adaptable.py", "test_a_walk_of_another"),
    "walk that is no predictive one": ("TRN-050", "app/train/test_teacher.py", "test_only_a_predictive_walk"),
    "walk from nothing and from a policy": (
        "TRN-052",
        "app/train/test_teacher.py",
        "test_a_walk_begins_from_nothing_or_from_a_policy",
    ),
    "teacher that cannot walk": ("TRN-053", "learning/exo/test_teacher.py", "test_who_cannot_walk"),
    "teacher that falls": ("TRN-060", "learning/exo/test_distil.py", "test_who_falls_with_a_teacher"),
    "teacher that is none": ("TRN-061", "app/train/test_student.py", "test_what_is_no_teacher"),
    "thigh gyros for an exo at the ankles": (
        "TRN-062",
        "tasks/test_distil_controller.py",
        "test_wishes_for_sensors",
    ),
    "teacher without a twin": ("TRN-063", "tasks/test_distil_controller.py", "test_teachers_that_are_none"),
    "teacher with thigh gyros itself": ("TRN-064", "learning/exo/test_distil.py", "test_ankles_and_pupils"),
    "pupil unlike its teacher": ("TRN-065", "tasks/test_distil_controller.py", "test_a_pupil_that_is_unlike"),
    "pupil that pushes who stands": (
        "TRN-066",
        "tasks/test_distil_controller.py",
        "test_a_pupil_that_is_unlike",
    ),
    "fine-tuning of a controller from thigh gyros": (
        "TRN-067",
        "session/test_adaptable.py",
        "test_a_controller_from_thigh_gyros",
    ),
    "unknown sensors of an exo training": (
        "TRN-068",
        "tasks/test_distil_controller.py",
        "test_wishes_for_sensors",
    ),
    "pupil of a file without a folder": ("TRN-069", "app/train/test_student.py", "test_what_is_no_teacher"),
    "adaptation beyond its bounds": ("TRN-048", "tasks/test_adapt_controller.py", "test_every_bound_refuses"),
    "exo without motors": ("SIM-011", "simulation/model/test_exo_model.py", "test_what_cannot_be_worn"),
    "exo training with a damaged checkpoint": (
        "TRN-014",
        "tasks/test_controller_tasks.py",
        "test_a_damaged_checkpoint_is_refused",
    ),
    "exo training begun by an earlier version": (
        "TRN-014",
        "store/test_earlier_versions.py",
        "test_a_training_of_the_exo_that_an_earlier_version",
    ),
    "nothing to resume": ("TRN-015", "app/train/test_twin.py", "test_nothing_to_go_on_with"),
    "person file with a wrong body": ("PAT-011", "app/train/test_twin.py", "test_a_body_that_cannot"),
    "OpenSim model of other joints": ("MOT-080", "motion/test_osim_tree.py", "test_a_model_that_is_no_tree"),
    "file that holds no markers": ("MOT-081", "motion/test_osim_tree.py", "test_what_is_no_file_of_markers"),
    "C3D file that is none, or damaged": ("LAB-002", "laboratory/test_c3d.py", "test_what_is_no_c3d_file"),
    "C3D file that is not there or locked": ("LAB-001", "laboratory/test_c3d.py", "test_a_file_that_is_not"),
    "markers in a unit that is none": ("LAB-003", "laboratory/test_c3d.py", "test_markers_in_a_unit_that_is"),
    "C3D file cut short": ("LAB-004", "laboratory/test_c3d.py", "test_the_end_of_a_file_that_was_cut"),
    "markers without a unit": ("LAB-006", "laboratory/test_c3d.py", "test_markers_without_a_unit"),
    "TRC in another unit": ("LAB-012", "laboratory/test_tables.py", "test_a_unit_that_is_missing"),
    "TRC with frames twice": ("LAB-010", "laboratory/test_tables.py", "test_frames_that_stand_twice"),
    "TRC with repeated frame numbers": (
        "LAB-011",
        "laboratory/test_tables.py",
        "test_frame_numbers_that_repeat",
    ),
    "MOT without inDegrees": ("LAB-025", "laboratory/test_tables.py", "test_a_motion_file_without"),
    "MOT that is no table": ("LAB-020", "laboratory/test_tables.py", "test_what_is_no_table"),
    "MOT whose times go back": ("LAB-021", "laboratory/test_tables.py", "test_what_is_no_table"),
    "MOT without ground forces": ("LAB-024", "laboratory/test_tables.py", "test_a_table_without_ground"),
    "corners missing": (
        "LAB-030",
        "laboratory/test_force_plates.py",
        "test_a_plate_without_corners",
    ),
    "plate of no known type": ("LAB-031", "laboratory/test_force_plates.py", "test_a_plate_whose_channels"),
    "force beside its plate": ("LAB-034", "laboratory/test_force_plates.py", "test_a_force_beside_its_plate"),
    "trial that is no C3D or TRC": ("LAB-040", "laboratory/test_trial.py", "test_what_holds_no_markers"),
    "trial without markers": ("LAB-041", "laboratory/test_trial.py", "test_what_holds_no_markers"),
    "force table of another time": ("LAB-042", "laboratory/test_trial.py", "test_forces_of_another_time"),
    "marker file with uneven times": (
        "LAB-044",
        "laboratory/test_trial.py",
        "test_frames_left_out_and_uneven",
    ),
    "other forces": (
        "LAB-045",
        "laboratory/test_trial.py",
        "test_forces_of_another_recording",
    ),
    "forces on the plates": ("LAB-054", "laboratory/test_trial.py", "test_forces_on_the_plates_instead"),
    "all-zero channel": ("LAB-048", "laboratory/test_trial.py", "test_channels_that_hold_nothing"),
    "left and right markers exchanged": ("LAB-052", "laboratory/test_trial.py", "test_exchanged_sides"),
    "standing trial of other markers": (
        "LAB-053",
        "laboratory/test_trial.py",
        "test_a_standing_trial_of_other",
    ),
    "visit without results to export": (
        "REC-020",
        "laboratory/test_import_and_export.py",
        "test_a_visit_without_results",
    ),
    "weights cut short": ("MOT-082", "motion/test_osim_tree.py", "test_tasks_that_are_cut"),
    "bench ik without OpenSim": ("PC-033", "bench/test_ik.py", "test_without_opensim"),
    "stride file that is none": ("MOT-031", "app/train/test_twin.py", "test_a_trial_that_is_no_stride"),
    "stride with a wrong entry": ("MOT-030", "gait/test_stride.py", "test_what_is_no_stride"),
    "stride with knees in another sign": (
        "SIM-007",
        "simulation/reference_gait/test_stride_convention.py",
        "test_a_stride_in_another",
    ),
    "stride in radians": (
        "SIM-008",
        "simulation/reference_gait/test_stride_convention.py",
        "test_a_stride_in_another",
    ),
    "stride from the other heel": (
        "SIM-009",
        "simulation/reference_gait/test_stride_convention.py",
        "test_a_stride_in_another",
    ),
    "stride whose legs do not take turns": (
        "SIM-014",
        "simulation/reference_gait/test_stride_convention.py",
        "test_legs_that_do_not_take_turns",
    ),
    "stride with ankles in another sign": (
        "SIM-013",
        "simulation/reference_gait/test_stride_convention.py",
        "test_a_stride_in_another",
    ),
    "markers of an unknown set": (
        "LAB-100",
        "motion/test_marker_motion.py",
        "test_what_cannot_be_a_trial",
    ),
    "EMG of another time than the walk": (
        "KIN-101",
        "kinetics/test_calibration.py",
        "test_emg_that_cannot_serve",
    ),
    "EMG shorter than a stride": ("KIN-102", "kinetics/test_calibration.py", "test_emg_that_cannot_serve"),
    "no usable EMG channel": ("KIN-103", "kinetics/test_calibration.py", "test_emg_that_cannot_serve"),
    "muscles without measured forces": ("KIN-104", "kinetics/test_calibration.py", "test_estimated_forces"),
    "EMG without the shin": ("KIN-105", "kinetics/test_calibration.py", "test_a_joint_without"),
    "no stance on a plate": ("KIN-106", "kinetics/test_calibration.py", "test_moments_that_are_hardly"),
    "one stance on a plate": ("KIN-107", "kinetics/test_calibration.py", "test_a_single_stance"),
    "moments of somebody else": ("KIN-108", "kinetics/test_calibration.py", "test_poor_fits"),
    "clipped EMG in a calibration": ("KIN-109", "kinetics/test_calibration.py", "test_channels_of_poor"),
    "EMG calibrated without MVC": ("KIN-111", "kinetics/test_calibration.py", "test_without_a_maximal"),
    "trial without a knee": ("LAB-101", "motion/test_marker_motion.py", "test_what_cannot_be_a_trial"),
    "markers with sides exchanged": (
        "LAB-102",
        "motion/test_marker_motion.py",
        "test_what_cannot_be_a_trial",
    ),
    "one pair of markers exchanged": (
        "LAB-103",
        "motion/test_marker_motion.py",
        "test_what_cannot_be_a_trial",
    ),
    "markers hardly in view": ("LAB-104", "motion/test_marker_motion.py", "test_what_cannot_be_a_trial"),
    "markers of another height": (
        "LAB-105",
        "motion/test_marker_motion.py",
        "test_what_cannot_be_a_trial",
    ),
    "standing trial as a walk": ("LAB-106", "motion/test_marker_motion.py", "test_what_cannot_be_a_trial"),
    "trial too slow for steps": ("LAB-107", "motion/test_marker_motion.py", "test_what_cannot_be_a_trial"),
    "controller for a twin of an earlier version": (
        "TRN-020",
        "tasks/test_controller_tasks.py",
        "test_a_twin_that_an_earlier",
    ),
    "comparison of another exo's controller": (
        "DEP-005",
        "tasks/test_compare.py",
        "test_a_controller_of_another_exo",
    ),
    "comparison without the twin": ("CMP-001", "tasks/test_compare.py", "test_a_controller_whose_twin"),
    "comparison of a twin that falls": ("CMP-003", "tasks/test_compare.py", "test_a_twin_that_falls_without"),
    "generic controller missing": (
        "EXO-031",
        "devices/test_profiles.py",
        "test_a_controller_that_is_missing",
    ),
    "exo that no twin can wear": ("EXO-043", "devices/test_profiles.py", "test_what_no_twin_can_wear"),
    "controller of another joint": ("EXO-040", "deploy/test_ankles.py", "test_a_controller_of_another_joint"),
    "package of another joint": ("EXO-041", "deploy/test_ankles.py", "test_a_package_of_another_joint"),
    "exo at another joint": ("EXO-042", "deploy/test_ankles.py", "test_an_exo_at_another_joint"),
    "controller that turns the other way": (
        "EXO-044",
        "deploy/test_ankles.py",
        "test_a_controller_that_turns_only",
    ),
    "unknown way to walk": ("SIM-038", "tasks/test_worn_scenario.py", "test_an_unknown_condition"),
    "controller of another twin in a situation": (
        "SIM-039",
        "tasks/test_worn_scenario.py",
        "test_a_controller_that_was_not",
    ),
    "unknown impairment": ("TWN-023", "ui/test_scenarios.py", "test_what_is_no_impairment_is_refused"),
    "package of another patient": ("DEP-008", "deploy/test_checks.py", "test_each_wrong_thing"),
    "package for another exo model": ("DEP-005", "deploy/test_checks.py", "test_each_wrong_thing"),
    "package of an unknown signer": ("DEP-012", "deploy/test_checks.py", "test_each_wrong_thing"),
    "package that nobody approved": ("DEP-016", "deploy/test_checks.py", "test_each_wrong_thing"),
    "package that no person released": (
        "DEP-024",
        "tasks/test_deploy_tasks.py",
        "test_a_package_that_no_person",
    ),
    "package of a synthetic walk": ("DEP-025", "deploy/test_checks.py", "test_what_nobody_released"),
    "package of a worse controller without a reason": (
        "DEP-030",
        "app/cli/test_deploy.py",
        "test_a_worse_controller_without_a_reason",
    ),
    "package that was packed for a virtual exo, on a real one": (
        "DEP-033",
        "deploy/test_checks.py",
        "test_a_package_that_was_packed_for_a_virtual_exo",
    ),
    "package for another exo, which only the exo notices": (
        "DEP-034",
        "virtual_exo/test_as_if_real.py",
        "test_a_package_for_a_person_goes_onto_its_exo",
    ),
    "package older than what an exo kept": (
        "DEP-035",
        "deploy/test_checks.py",
        "test_a_package_below_the_counter",
    ),
    "package expired by the time of the exo": (
        "DEP-036",
        "virtual_exo/test_as_if_real.py",
        "test_an_exo_tells_an_older_one",
    ),
    "arm of an exo that does not know the time": (
        "DEP-037",
        "virtual_exo/test_as_if_real.py",
        "test_each_code_of_the_exo",
    ),
    "computer whose clock is behind the exo's": (
        "DEP-038",
        "virtual_exo/test_as_if_real.py",
        "test_connecting_tells_the_time",
    ),
    "package of a version that did not say for whom": (
        "DEP-039",
        "deploy/test_checks.py",
        "test_a_package_of_the_version_before",
    ),
    "release that was not declared for a person": (
        "DEP-040",
        "deploy/test_checks.py",
        "test_what_nobody_released",
    ),
    "release by a person without a role": ("DEP-041", "deploy/test_checks.py", "test_what_nobody_released"),
    "release for a person by somebody who proved nothing": (
        "DEP-044",
        "session/test_release.py",
        "test_who_releases_for_a_person",
    ),
    "package for a person, for no exo": (
        "DEP-042",
        "tasks/test_package_purpose.py",
        "test_what_was_signed_for_a_person_is_packed_only",
    ),
    "controller gone back to without a reason": (
        "DEP-043",
        "deploy/test_transfer.py",
        "test_going_back_needs",
    ),
    "comparison signed by nobody": ("DEP-031", "session/test_release.py", "test_only_a_person"),
    "worse controller signed without a reason": ("DEP-032", "session/test_release.py", "test_effort_falls"),
    "controller that makes walking harder": (
        "CMP-002",
        "session/test_session_run.py",
        "test_a_controller_that_makes_walking_harder",
    ),
    "another patient under the same code": (
        "PAT-013",
        "session/test_same_patient.py",
        "test_another_description",
    ),
    "file of an archived patient": ("PAT-014", "session/test_same_patient.py", "test_an_archived_patient"),
    "patient taken out among other files": ("PAT-030", "app/cli/test_patient.py", "test_everything_of"),
    "erased without name or reason": ("PAT-031", "store/test_erasing.py", "test_who_erases_says_why"),
    "erased for a reason that names the patient": ("PAT-032", "store/test_erasing.py", "test_who_erases"),
    "consent without name, day or sense": ("PAT-033", "session/test_patient_file.py", "test_what_cannot"),
    "patients kept for no time": ("PAT-034", "app/cli/test_patient.py", "test_who_was_kept_long_enough"),
    "erased without the code typed again": ("PAT-035", "app/cli/test_patient.py", "test_a_patient_is_erased"),
    "erasing an unknown patient": ("PAT-036", "app/cli/test_patient.py", "test_a_patient_is_erased_only"),
    "erasing while work runs": ("PAT-037", "ui/test_patients_page.py", "test_a_patient_whose_work_runs"),
    "patient taken out to no folder": ("PAT-038", "tasks/test_export_patient.py", "test_a_folder_with_other"),
    "a code that no header can show": ("PAT-020", "domain/test_patient_code.py", "test_what_no_header"),
    "endless notes or diagnosis": ("PAT-021", "session/test_patient_file.py", "test_what_cannot_be_right"),
    "a person with the demo's code": ("PAT-015", "session/test_same_patient.py", "test_the_demo_never"),
    "results folder of another session": (
        "PC-027",
        "session/test_session_run.py",
        "test_results_of_another_session",
    ),
    "expired package": ("DEP-013", "tasks/test_deploy_tasks.py", "test_an_expired_package"),
    "tampered package": ("DEP-003", "tasks/test_deploy_tasks.py", "test_a_tampered_package"),
    "controller without the limits of the person's gait": (
        "DEP-026",
        "deploy/test_envelope.py",
        "test_a_controller_of_an_earlier_version",
    ),
    "package without the limits of the person's gait": (
        "DEP-026",
        "deploy/test_envelope.py",
        "test_a_package_without_the_persons_gait",
    ),
    "package with loosened limits": ("DEP-014", "deploy/test_checks.py", "test_a_package_with_weaker"),
    "package bound to another exo": ("DEP-017", "tasks/test_deploy_tasks.py", "test_a_package_bound"),
    "wrong kind of exo": ("EXO-007", "deploy/test_transfer.py", "test_another_kind_of_exo"),
    "exo in use": ("EXO-015", "deploy/test_transfer.py", "test_an_exo_that_assists"),
    "exo too slow for a controller": ("EXO-016", "deploy/test_transfer.py", "test_an_exo_too_slow"),
    "exo switched off while on trial": (
        "EXO-017",
        "tasks/test_hand_over.py",
        "test_an_exo_that_was",
    ),
    "nothing to go back to": ("EXO-018", "tasks/test_hand_over.py", "test_the_virtual_exo_walks"),
    "exo that is not ready": ("EXO-022", "tasks/test_hand_over.py", "test_what_was_too_early"),
    "kept without a walk": ("DEP-021", "tasks/test_hand_over.py", "test_what_was_too_early"),
    "kept by nobody": ("DEP-022", "tasks/test_hand_over.py", "test_what_was_too_early"),
    "real exo kept without a person": ("DEP-023", "tasks/test_hand_over.py", "test_a_real_exo_is_not_kept"),
    "nobody signed in": ("PPL-001", "store/test_people.py", "test_from_the_first_account"),
    "a role that may not": ("PPL-002", "app/cli/test_people.py", "test_commands_that_write"),
    "an act without its signature": ("PPL-003", "store/test_people.py", "test_a_signature_is_of_the_account"),
    "wrong name or PIN": ("PPL-004", "store/test_people.py", "test_an_unknown_name"),
    "too many wrong PINs": ("PPL-005", "store/test_people.py", "test_wrong_pins_cost"),
    "a PIN that is guessed": ("PPL-006", "store/test_people.py", "test_a_pin_that_is_guessed"),
    "an account without a usable name": ("PPL-007", "store/test_people.py", "test_a_name_has_to_be"),
    "a PIN that somebody else gave": ("PPL-008", "store/test_people.py", "test_a_pin_that_somebody"),
    "one pair of eyes instead of two": ("PPL-009", "store/test_people.py", "test_two_people_release"),
    "a release of before people signed in": ("PPL-010", "store/test_people.py", "test_a_release_from_before"),
    "a first account that manages nobody": ("PPL-011", "store/test_people.py", "test_the_first_account_has"),
    "the last who manages people": ("PPL-012", "store/test_people.py", "test_the_last_who_manages"),
    "an account that is not there": ("PPL-013", "store/test_people.py", "test_the_last_who_manages"),
    "no terminal for a PIN": ("PPL-014", "app/cli/test_people.py", "test_the_first_account_ends"),
    "a lock after no time": ("PPL-015", "store/test_people.py", "test_rules_are_changed"),
    "two different new PINs": ("PPL-016", "app/cli/test_people.py", "test_the_new_pin_is_typed"),
    "rollback for an unknown patient": ("PAT-012", "app/cli/test_deploy.py", "test_a_rollback_names"),
    "calibration file out of reach or empty": (
        "CAL-001",
        "capture/calibration/test_files.py",
        "test_a_file_that_is_not_there",
    ),
    "calibration of an unknown format": (
        "CAL-002",
        "capture/calibration/test_files.py",
        "test_an_unknown_format",
    ),
    "calibration as a pickle": ("CAL-003", "capture/calibration/test_files.py", "test_a_pickle_is_refused"),
    "damaged calibration file": ("CAL-004", "capture/calibration/test_files.py", "test_a_damaged_file"),
    "calibration of a fisheye lens": (
        "CAL-005",
        "capture/calibration/test_files.py",
        "test_another_lens_model",
    ),
    "calibrated camera without a place": (
        "CAL-006",
        "capture/calibration/test_files.py",
        "test_a_camera_without_a_place",
    ),
    "calibration of another number of cameras": (
        "CAL-007",
        "capture/calibration/test_matching.py",
        "test_another_number_of_cameras",
    ),
    "videos named unlike the cameras": (
        "CAL-008",
        "capture/calibration/test_matching.py",
        "test_names_that_match_partly",
    ),
    "videos and cameras matched by order": (
        "CAL-010",
        "capture/calibration/test_matching.py",
        "test_without_names",
    ),
    "calibration of another resolution": (
        "CAL-009",
        "capture/calibration/test_matching.py",
        "test_a_cut_or_squeezed_picture",
    ),
    "calibration board that cannot be": (
        "CAL-020",
        "capture/calibration/test_seeing.py",
        "test_a_board_that_cannot_be",
    ),
    "pictures without a calibration board": (
        "CAL-021",
        "capture/calibration/test_seeing.py",
        "test_pictures_without_a_board",
    ),
    "mirrored pictures of the board": (
        "CAL-022",
        "capture/calibration/test_seeing.py",
        "test_mirrored_pictures",
    ),
    "board of another size than said": (
        "CAL-023",
        "capture/calibration/test_seeing.py",
        "test_a_board_that_is_not_as_said",
    ),
    "too few pictures of the board": (
        "CAL-024",
        "capture/calibration/test_from_board.py",
        "test_too_few_pictures",
    ),
    "cameras that never saw the board together": (
        "CAL-025",
        "capture/calibration/test_from_board.py",
        "test_cameras_that_never_saw",
    ),
    "films of the board at different times": (
        "CAL-026",
        "capture/calibration/test_from_board.py",
        "test_films_of_different_moments",
    ),
    "board alike after half a turn": (
        "CAL-027",
        "capture/calibration/test_from_board.py",
        "test_a_board_that_looks_alike",
    ),
    "board not on the floor when said": (
        "CAL-028",
        "capture/calibration/test_from_board.py",
        "test_a_board_that_was_not_on_the_floor",
    ),
    "board that bent": ("CAL-030", "capture/calibration/test_from_board.py", "test_a_bent_board"),
    "nothing to calibrate with": ("CAL-035", "tasks/test_calibrate_cameras.py", "test_without_films_or_file"),
    "camera without pictures of the board": (
        "CAL-036",
        "tasks/test_calibrate_cameras.py",
        "test_a_folder_without_pictures",
    ),
    "times of other films": ("CAL-037", "tasks/test_calibrate_cameras.py", "test_times_of_other_films"),
    "calibration that cannot be written": (
        "CAL-038",
        "tasks/test_calibrate_cameras.py",
        "test_a_calibration_that_cannot_be_written",
    ),
    "board larger than the page": (
        "CAL-029",
        "capture/calibration/test_board_print.py",
        "test_a_board_larger",
    ),
    "interpretation without words": (
        "RPT-020",
        "ui/test_report_two_pages.py",
        "test_an_interpretation_of_no_words",
    ),
    "interpretation of nobody": ("RPT-021", "ui/test_report_two_pages.py", "test_an_interpretation_is_kept"),
    "interpretation too long": (
        "RPT-022",
        "ui/test_report_two_pages.py",
        "test_an_interpretation_of_no_words",
    ),
    "logo that is no picture": ("RPT-023", "ui/test_report_two_pages.py", "test_what_is_no_picture"),
    "report of results out of date": ("RPT-024", "ui/test_report_two_pages.py", "test_a_result_that_is_out"),
    "printer that does not begin": ("RPT-025", "ui/test_report_two_pages.py", "test_a_computer_without"),
    "no program for PDF files": ("RPT-026", "ui/test_report_two_pages.py", "test_a_computer_without"),
    "report of nothing asked": ("RPT-027", "ui/test_report_two_pages.py", "test_the_terminal_prints"),
    "export of a record without files": (
        "OUT-001",
        "session/test_export.py",
        "test_records_without_files",
    ),
    "export to a folder that is not there": (
        "OUT-002",
        "ui/test_take_away.py",
        "test_a_folder_that_takes_nothing",
    ),
    "figure of no stride": ("OUT-003", "ui/test_take_away.py", "test_without_a_stride"),
    "data folder out of reach": ("REC-006", "app/cli/test_commands.py", "test_what_cannot_work_is_refused"),
    "statistics: no table": ("STA-001", "statistics/test_tables.py", "test_bad_tables_are_refused"),
    "statistics: no such column": ("STA-002", "statistics/test_tables.py", "test_bad_tables_are_refused"),
    "statistics: words among numbers": (
        "STA-003",
        "statistics/test_tables.py",
        "test_bad_tables_are_refused",
    ),
    "statistics: one subject or condition": (
        "STA-004",
        "statistics/test_tables.py",
        "test_bad_tables_are_refused",
    ),
    "statistics: nothing scatters": (
        "STA-005",
        "statistics/test_repeated.py",
        "test_what_does_not_scatter_is_refused",
    ),
    "statistics: rows there twice": ("STA-006", "statistics/test_tables.py", "test_rows_of_one_subject"),
    "statistics: missing cells": ("STA-007", "statistics/test_tables.py", "test_who_lacks_a_condition"),
    "statistics: not normal": ("STA-008", "statistics/test_repeated.py", "test_ranks_decide_where"),
    "statistics: no curve": ("STA-009", "statistics/test_tables.py", "test_curves_are_columns"),
}


def test_every_bad_input_has_a_test(repository: Path) -> None:
    """That its code is really told, `tests/conftest.py` watches while the test runs."""
    assert index() == INDEX
    for bad_input, (code, file, begins) in INDEX.items():
        tree = ast.parse((repository / "tests" / file).read_text(encoding="utf-8"))
        tests = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        (test,) = (node for node in tests if node.name.startswith(begins))
        of_cases = {argument.arg for argument in test.args.args} & set(BY_CASE)
        assert not of_cases or any(code in ast.unparse(table) for table in test.decorator_list), bad_input


def test_a_code_that_was_not_told_is_noticed() -> None:
    with told_codes() as told:
        made = Advice("It is so.", "It was so.", "Do this.", "TST-001")
        received = pickle.loads(pickle.dumps(replace(made, code="TST-002")))
    Advice("It is so.", "It was so.", "Do this.", "TST-003")
    assert told == {"TST-001", "TST-002"} and received.code == "TST-002"


class Clinic:
    """A data folder with earlier work in it, used from the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.data, self._capsys = folder, folder / "data", capsys
        with open_store(self.data) as store:
            self.visit_id = store.start_visit(store.add_patient(a_subject("P-EARLIER"))).id
            track = seen_by(synthetic_walk(seconds=0.9), side_camera())
            person = Person("Person 1", 1.0, 1000.0, (track,))
            self.landmarks_id = store.save(
                RecordKind.LANDMARKS,
                Landmarks((person,), 0, "only person", (), synthetic=True),
                visit_id=self.visit_id,
                summary="earlier",
            )

    def runs(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        status = cli.run([*words, "--data-dir", str(self.data)])
        said = self._capsys.readouterr()
        return status, said.out.strip(), said.err

    def job(self, kind: str, **params: Any) -> tuple[int, str, str]:
        path = self.folder / f"{kind}.json"
        path.write_text(json.dumps(params), encoding="utf-8")
        return self.runs("job", kind, str(path))

    def session(self, video: Path) -> tuple[int, str, str]:
        patient = self.folder / "patient.json"
        patient.write_text(json.dumps(PATIENT), encoding="utf-8")
        files = ("--patient", str(patient), "--video", str(video), "--out", str(self.folder / "out"))
        return self.runs("session", "run", *files)

    def assert_refused(self, answer: tuple[int, str, str], code: str) -> None:
        status, out, told = answer
        assert status == cli.EXIT_REFUSED and out == "", told
        assert sum(line.endswith(f"[{code}]") for line in told.splitlines()) == 1, told
        assert "Traceback" not in told

    def assert_earlier_work_is_whole(self) -> None:
        with open_store(self.data) as store:
            assert store.load(self.landmarks_id, Landmarks).patient.tracks[0].time_s.size > 0
            assert "P-EARLIER" in [row.subject.code for row in store.patients()]
        assert not list(self.data.glob("records/*/.*"))  # nothing half-written


@pytest.fixture
def clinic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Clinic]:
    made = Clinic(tmp_path, capsys)
    yield made
    made.assert_earlier_work_is_whole()


def _empty(path: Path) -> None:
    path.touch()


def _text(path: Path) -> None:
    path.write_text("Dear patient, " * 200, encoding="utf-8")


def _cut(path: Path) -> None:
    whole = write_video(path, noise(60), 30.0).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _slow(path: Path) -> None:
    write_video(path, noise(15), 5.0)


def _nobody(path: Path) -> None:
    write_video(path, noise(40), 30.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_empty, "CAP-002"),
        (_text, "CAP-003"),
        (_cut, "CAP-004"),
        (_slow, "CAP-005"),
        (_nobody, "CAP-021"),
    ],
)
def test_a_bad_video_is_refused_in_one_line_and_stays_where_it_is(
    clinic: Clinic, pose_model: Path, make: Any, code: str
) -> None:
    video = clinic.folder / "walk.mp4"
    make(video)
    before = video.read_bytes()

    clinic.assert_refused(clinic.session(video), code)

    assert video.read_bytes() == before


def _findings(clinic: Clinic, record_id: str, payload: type[Any]) -> list[str]:
    with open_store(clinic.data) as store:
        findings: tuple[Finding, ...] = store.load(record_id, payload).findings
    return [finding.advice.code for finding in findings]


@pytest.mark.slow
def test_frames_before_the_cut_of_a_video_are_kept_with_a_warning(clinic: Clinic) -> None:
    whole = write_video(clinic.folder / "whole.avi", noise(60), 30.0, "MJPG").read_bytes()
    cut = clinic.folder / "cut.avi"
    cut.write_bytes(whole[: len(whole) // 2])

    status, record_id, told = clinic.job("import_video", visit_id=clinic.visit_id, files=[str(cut)])

    assert status == cli.EXIT_OK, told
    assert "CAP-010" in _findings(clinic, record_id, Recording)
    with open_store(clinic.data) as store:
        assert store.load(record_id, Recording).videos[0].frames >= 20


@pytest.mark.slow
def test_a_walk_without_a_stride_stops(clinic: Clinic) -> None:
    status, record_id, told = clinic.job("solve_motion", landmarks_id=clinic.landmarks_id)
    assert status == cli.EXIT_OK, told
    assert "MOT-010" in _findings(clinic, record_id, Motion)


def _emg(clinic: Clinic, channel: str = "L_soleus", spoil: slice | None = None) -> str:
    signal = bursts()
    if spoil is not None:
        signal[spoil] = np.nan
    path = clinic.folder / "emg.csv"
    rows = [f"{number / RATE_HZ:.9f},{value:.6f}" for number, value in enumerate(signal)]
    path.write_text("\n".join([f"time,{channel}", *rows]), encoding="utf-8")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channel", "params", "code"),
    [
        ("L_soleus", {"rate_hz": 2000}, "EMG-003"),
        ("L_soleus", {"sites": {"R_soleus": ["soleus", "right"]}}, "EMG-004"),
        ("Spare 1", {}, "EMG-005"),
        ("L_soleus", {"sites": {"L_soleus": ["third eye", "left"]}}, "EMG-007"),
    ],
)
def test_bad_emg_is_refused(clinic: Clinic, channel: str, params: dict[str, Any], code: str) -> None:
    file = _emg(clinic, channel)
    clinic.assert_refused(clinic.job("import_emg", visit_id=clinic.visit_id, file=file, **params), code)


@pytest.mark.slow
def test_emg_with_gaps_is_kept_and_the_channel_named(clinic: Clinic) -> None:
    file = _emg(clinic, spoil=slice(2000, 3500))
    status, record_id, told = clinic.job("import_emg", visit_id=clinic.visit_id, file=file)

    assert status == cli.EXIT_OK, told
    assert "EMG-010" in _findings(clinic, record_id, EmgEnvelopes)


visit = test_deploy_tasks.visit  # a signed controller


class PullsTheCable(SilentContext):
    """Ends the exo's process while the controller is being sent."""

    exo: Any = None

    def progress(self, fraction: float | None, sentence: str) -> None:
        super().progress(fraction, sentence)
        if "kB sent" in sentence and self.exo.poll() is None:
            self.exo.kill()
            self.exo.wait()


def test_an_exo_unplugged_while_uploading_is_told_and_nothing_counts_as_deployed(
    visit: Visit, tmp_path: Path
) -> None:
    package_id = packed(visit, tmp_path)
    params = {"package_id": package_id, "confirmed_patient": CODE, "confirmed_device": DEVICE}
    with virtual_exo("--listen", "tcp:0", "--trust", str(visit.data_dir)) as running:
        context = PullsTheCable(JobSpec("job", "deploy", {}, visit.data_dir, visit.id), tmp_path / "work")
        context.exo = running.process
        with refused("EXO-005"):
            deploy.run({**params, "address": running.address}, context)
    with open_store(visit.data_dir) as store:
        assert store.latest(visit.id, RecordKind.DEPLOYMENT) is None
        last = store.audit_trail()[-1].event
    assert last.step == "refused" and "EXO-005" in last.detail and last.device_serial == running.serial
