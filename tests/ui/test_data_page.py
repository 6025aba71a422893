"""Claims about the Data page: encrypting with a recovery key that is kept, and how long patients are kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtPrintSupport import QPrinter

from core.domain.people import Role
from core.domain.subject import Subject
from core.session.flow import Step
from core.store.clinic import read_clinic
from core.store.protection import encrypt
from core.store.repository import open_store
from core.store.schema import PatientTable
from core.vault import key_store, opened
from core.vault.data_key import PASSPHRASE_VARIABLE, has_passphrase, unlock_by_recovery
from core.vault.places import is_protected
from tests.deploy.keys.key_stores import Keeps
from tests.people import MANAGER, NAMES, PIN, make_clinic
from tests.refusals import code_of
from tests.ui.board import HandBoard
from tests.vault.protected import PASSPHRASE
from ui.asides import Aside
from ui.main_window import MainWindow
from ui.pages.data import DataPage
from ui.session_context import SessionContext
from ui.widgets.pin_cover import PinAnswer


@pytest.fixture(autouse=True)
def no_key_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    yield
    opened.forget(tmp_path)


@pytest.fixture
def window(context: SessionContext) -> Iterator[MainWindow]:
    window = MainWindow(context)
    window.show()
    yield window
    window.close()


@pytest.fixture
def page(window: MainWindow) -> DataPage:
    return data_page(window)


def data_page(window: MainWindow) -> DataPage:
    window.header.show_data.emit()
    page = window.pages.page(Aside.DATA)
    assert isinstance(page, DataPage)
    return page


def main(page: DataPage) -> tuple[str, str]:
    """Words of the main action, and why it is greyed."""
    button = page.main_buttons[0]
    return button.text(), "" if button.isEnabled() else button.toolTip()


def told(page: DataPage) -> str:
    return page._headline.text()


def code(page: DataPage) -> str:
    return page._advice._code.text()


def type_passphrase(page: DataPage, again: str = PASSPHRASE) -> None:
    page.encrypting.passphrase.setText(PASSPHRASE)
    page.encrypting.again.setText(again)
    page.main_buttons[0].click()


def shown_key(page: DataPage) -> str:
    return page.recovery_key._key.text().replace("\n", "-")


def test_a_plain_record_says_so_and_nothing_begins_without_a_passphrase_typed_twice(page: DataPage) -> None:
    assert told(page) == "This record is not encrypted."
    assert main(page) == ("Encrypt this record…", "Type a passphrase twice first.")
    assert not page.encrypting.opens.isVisible()
    type_passphrase(page, "correct horse")
    assert code(page) == "REC-038" and told(page) == "This record is not encrypted."
    page.encrypting.again.setText(PASSPHRASE)
    assert main(page) == ("Encrypt this record…", "")


def test_it_goes_on_when_the_recovery_key_is_kept_and_only_while_nothing_runs(
    context: SessionContext, board: HandBoard, page: DataPage
) -> None:
    wanted: list[bool] = []
    context.reopen_wanted.connect(lambda: wanted.append(True))
    type_passphrase(page)

    folder = context.store.data_dir
    assert is_protected(folder) and page.encrypting.passphrase.text() == ""
    assert unlock_by_recovery(folder, shown_key(page)).data_dir == folder
    words, why_not = main(page)
    assert words == "Encrypt now" and "recovery key first" in why_not
    page.recovery_key.tick.setChecked(True)
    job_id = board.submit("fit_twin", {})
    page.main_buttons[0].click()
    assert code(page) == "REC-048" and not wanted and shown_key(page)
    board.jobs.pop(job_id)
    page.main_buttons[0].click()
    assert wanted == [True] and not shown_key(page)


def test_the_recovery_key_is_gone_when_the_page_was_left_and_another_can_be_made(
    context: SessionContext, window: MainWindow, page: DataPage
) -> None:
    type_passphrase(page)
    first = shown_key(page)
    window.go_to(Step.PATIENT)
    assert not shown_key(page)
    data_page(window)
    assert told(page) == "This record is encrypted in part." and not page.recovery_key.isVisible()

    page.secondary_action.emit("new_key")

    folder = context.store.data_dir
    assert not page.recovery_key.is_kept and shown_key(page) != first
    assert code_of(unlock_by_recovery, folder, first) == "REC-032"
    assert unlock_by_recovery(folder, shown_key(page)).data_dir == folder


def test_an_encrypted_record_says_so_and_how_it_opens(app: object, tmp_path: Path) -> None:
    from tests.vault.protected import begun
    from ui.jobs_bridge import JobsBridge

    begun(tmp_path)
    encrypt(tmp_path)
    with open_store(tmp_path) as store:
        bridge = JobsBridge(HandBoard(tmp_path))
        window = MainWindow(SessionContext(store, bridge))
        window.show()
        page = data_page(window)
        assert told(page) == "This record is encrypted." and main(page)[0] == ""
        assert "passphrase that is asked for at each start" in page.encrypting._words.text()
        page.secondary_action.emit("new_key")
        page.recovery_key.tick.setChecked(True)
        assert main(page) == ("Done", "")
        page.main_buttons[0].click()
        assert not shown_key(page)
        window.close()
        window.deleteLater()
        bridge.close()


def test_where_the_login_keeps_the_key_no_passphrase_is_asked_for(
    context: SessionContext, monkeypatch: pytest.MonkeyPatch, window: MainWindow
) -> None:
    backend = Keeps()
    monkeypatch.setattr(key_store.keyring, "get_keyring", lambda: backend)
    page = data_page(window)
    assert page.encrypting.opens.isVisible() and not page.encrypting.passphrase.isVisible()
    assert main(page) == ("Encrypt this record…", "")
    page.encrypting.opens.setCurrentIndex(1)
    assert main(page)[1] == "Type a passphrase twice first."
    page.encrypting.opens.setCurrentIndex(0)
    page.main_buttons[0].click()
    assert shown_key(page) and not has_passphrase(context.store.data_dir)


def test_a_recovery_key_is_not_saved_beside_what_it_opens(
    context: SessionContext, page: DataPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    type_passphrase(page)
    folder, stick = context.store.data_dir, tmp_path_factory.mktemp("stick")
    page.ask_path = lambda *_asked: folder / "backups" / "key.txt"  # type: ignore[method-assign]
    page.recovery_key.save.click()
    assert code(page) == "REC-047" and not (folder / "backups" / "key.txt").exists()

    page.ask_path = lambda *_asked: stick / "key.txt"  # type: ignore[method-assign]
    page.recovery_key.save.click()
    lines = (stick / "key.txt").read_text().splitlines()
    assert "-".join(line.strip() for line in lines if line.startswith("    ")) == shown_key(page)


def test_a_recovery_key_is_printed_and_a_printer_that_does_not_take_it_is_told(
    page: DataPage, tmp_path: Path
) -> None:
    type_passphrase(page)
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "key.pdf"))
    page.ask_printer = lambda: printer  # type: ignore[method-assign]
    page.recovery_key.print.click()
    assert (tmp_path / "key.pdf").read_bytes().startswith(b"%PDF")

    printer.setOutputFileName(str(tmp_path / "no folder" / "key.pdf"))
    page.recovery_key.print.click()
    assert code(page) == "REC-046"


def test_who_was_kept_longer_is_listed_and_opened_from_there(
    context: SessionContext, window: MainWindow, page: DataPage, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    with context.store._session() as session:
        session.get_one(PatientTable, patient_id).created_utc = datetime(2015, 1, 1)
    keeping = page.keeping
    assert "No time is set" in keeping._headline.text() and not keeping.keep.isEnabled()

    keeping.years.setValue(5)
    keeping.keep.click()

    assert read_clinic(context.store.data_dir).keep_years == 5 and not keeping.keep.isEnabled()
    assert keeping._headline.text() == "1 patient was last seen more than 5 years ago."
    assert keeping._list.item(0).text() == subject.code
    keeping.opened.emit(patient_id)
    assert window.pages.shown is Step.PATIENT and context.patient_id == patient_id
    data_page(window)
    keeping.years.setValue(0)
    keeping.keep.click()
    assert read_clinic(context.store.data_dir).keep_years is None


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN,))
    return folder


@pytest.fixture
def with_people(made_once: Path, tmp_path: Path) -> None:
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)


def test_only_who_looks_after_the_record_encrypts_it_and_by_pin(
    with_people: None, context: SessionContext, window: MainWindow
) -> None:
    window.cover.answered.emit(PinAnswer(NAMES[Role.PHYSICIAN], PIN))
    page = data_page(window)
    page.keeping.years.setValue(5)
    assert not page.encrypting.passphrase.isVisible()
    assert "somebody from IT may" in main(page)[1] and "somebody from IT may" in page.keeping.keep.toolTip()

    window.desk.switch_user()
    window.cover.answered.emit(PinAnswer(MANAGER, PIN))
    data_page(window)
    type_passphrase(page)
    assert window.cover.isVisible() and not is_protected(context.store.data_dir)
    window.cover.answered.emit(PinAnswer(MANAGER, PIN))

    assert is_protected(context.store.data_dir) and shown_key(page)
    assert context.store.log_entries()[-1].who == MANAGER
    window.desk.switch_user()
    assert not shown_key(page)
