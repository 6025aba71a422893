"""How the app starts its virtual exo: nobody else on the computer can talk to it."""

from __future__ import annotations

from app.exo_process import listen_options
from core.virtual_exo.ports import read_token


def test_where_there_are_no_pseudo_terminals_the_port_asks_for_a_new_word_each_time(tmp_path):
    folder = tmp_path / "virtual-exo"
    options = listen_options(folder, "win32")
    first = read_token(folder / "token")
    assert options == ["--listen", "tcp:0", "--token", str(folder / "token")]
    assert listen_options(folder, "win32") == options
    assert read_token(folder / "token") not in ("", first)


def test_elsewhere_it_is_a_pseudo_terminal(tmp_path):
    assert listen_options(tmp_path, "linux") == ["--listen", "pty"]
