"""Connects the panels of the dock with the desk and with the grader's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2._qt.file_dialogs import ask_folder, ask_frames, ask_model

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget


def connect_desk(dock: LeakageWidget) -> None:
    """Show in the dock what desk and model say."""
    desk, annotator, messages = dock.desk, dock.desk.annotator, dock.messages

    def show_model(*_: object) -> None:
        # Also when a frame was read: a faster engine may have taken over meanwhile.
        predictor = annotator.predictor
        if predictor is not None:
            dock.model.show_model(
                predictor.name, predictor.fingerprint, predictor.engine
            )

    dock.layers.stack.placement.refused.connect(
        lambda: messages.tell(
            "Frames and lesions stay in place: transform is off for them."
        )
    )
    desk.leaving.connect(messages.leave)
    desk.told.connect(messages.tell)
    desk.warned.connect(messages.keep_warning)
    desk.folder_changed.connect(dock.labels.show_folder)
    desk.folder_changed.connect(
        lambda folder: None if folder == desk.home else dock.recent.note(folder)
    )
    dock.recent.changed.connect(lambda: dock.cases.show_recent(dock.recent.paths))
    dock.cases.show_recent(dock.recent.paths)
    annotator.readiness_changed.connect(dock.segment.show_readiness)
    annotator.readiness_changed.connect(show_model)
    annotator.progressed.connect(dock.segment.show_progress)
    annotator.predictor_changed.connect(show_model)
    annotator.failed.connect(messages.warn)
    annotator.told.connect(messages.tell)
    dock.rounds.warned.connect(messages.warn)
    dock.rounds.told.connect(messages.tell)
    dock.rounds.code_needed.connect(dock.code.need)
    dock.exports.told.connect(messages.tell)
    dock.exports.warned.connect(messages.warn)


def connect_panels(dock: LeakageWidget) -> None:
    """Do what the grader asks for with a button."""
    desk, commands = dock.desk, dock.commands

    def open_folder() -> None:
        folder = ask_folder(dock, "Open a folder of frames")
        if folder is not None:
            dock.open_paths([folder])

    def open_files() -> None:
        files = ask_frames(dock)
        if files:
            dock.open_paths(files)

    def open_study() -> None:
        folder = ask_folder(dock, "Open a study")
        if folder is not None:
            dock.open_paths([folder])

    def open_recent(folder: Path) -> None:
        if folder.exists():
            dock.open_paths([folder])
        else:
            dock.recent.forget(folder)
            dock.messages.warn(f"The study {folder} is not there any more.")

    def choose_study() -> None:
        folder = ask_folder(dock, "Save labels to this folder")
        if folder is not None:
            desk.set_folder(folder)

    def choose_model() -> None:
        file = ask_model(dock)
        if file:
            commands.use_model(file)

    def set_polarity(positive: bool) -> None:
        dock.mouse.left_is_positive = positive

    dock.cases.folder_wanted.connect(open_folder)
    dock.cases.files_wanted.connect(open_files)
    dock.cases.study_wanted.connect(open_study)
    dock.cases.recent_wanted.connect(open_recent)
    dock.cases.sample_wanted.connect(dock.open_sample)
    dock.cases.step_wanted.connect(desk.step)
    dock.cases.case_wanted.connect(desk.go)

    segment = dock.segment
    segment.cancel_wanted.connect(desk.annotator.cancel_encoding)
    segment.polarity_wanted.connect(set_polarity)
    segment.segment_wanted.connect(commands.all_leakage)
    segment.segment_seen_wanted.connect(commands.all_in_view)
    segment.candidate_wanted.connect(commands.next_candidate)
    segment.commit_wanted.connect(commands.commit)
    segment.accept_wanted.connect(commands.accept)
    segment.reject_wanted.connect(commands.reject)
    segment.undo_wanted.connect(commands.undo)
    segment.redo_wanted.connect(commands.redo)

    dock.labels.save_wanted.connect(commands.save)
    dock.labels.export_wanted.connect(commands.export)
    dock.labels.folder_wanted.connect(choose_study)
    dock.model.file_wanted.connect(choose_model)
    dock.model.default_wanted.connect(commands.use_packaged_model)
