"""The bar on a terminal: there when one waits, nowhere else, gone in the end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORK = textwrap.dedent(
    """
    import time
    from onrecord.cli import progress
    from onrecord.cli.render import echo_json
    from onrecord.progress import advance, stage

    @progress.with_progress
    def work():
        stage("reading", 400, "files")
        for _ in range(40):
            time.sleep(0.05)
            advance(10)
        stage("thinking")
        time.sleep(0.3)
        echo_json("the end")

    work()
    """
)


def on_a_terminal(*command: str, **env: str) -> tuple[str, str]:
    """What a command writes to stderr, a terminal, and to stdout, a pipe."""
    ours, theirs = pty.openpty()
    settings = os.environ | {"PYTHONPATH": str(ROOT / "src"), "TERM": "xterm", "COLUMNS": "100"} | env
    with subprocess.Popen(
        [sys.executable, *command], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=settings
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:  # the terminal is closed
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        assert process.stdout is not None
        return seen.decode(), process.stdout.read().decode()


def test_a_bar_appears_after_a_second_and_goes_away() -> None:
    shown, said = on_a_terminal("-c", WORK)
    assert said == '"the end"\n'
    assert "reading" in shown and "%" in shown and "files/s" in shown and "left" in shown
    assert "thinking" in shown
    assert "  0%" not in shown, "nothing is shown in the first second"
    assert "\x1b[2K" in shown[-20:], "the line is taken away"
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h"), "the cursor is there again"


def test_reading_and_loading_show_how_much_there_is(graph_folder: Path) -> None:
    work = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        import onrecord
        from onrecord.cli import progress
        from onrecord.parse import yaml

        inner = yaml.parse_statements

        def slow(*given):
            time.sleep(0.3)
            inner(*given)

        yaml.parse_statements = slow
        progress.Bar.__init__.__defaults__ = (0.0,)

        @progress.with_progress
        def work():
            onrecord.open(sys.argv[1]).build()

        work()
        """
    )
    shown, _ = on_a_terminal("-c", work, str(graph_folder))
    reading = [line for line in shown.split("\r") if "reading" in line]
    assert any("MB/s" in line and "left" in line and "%" in line and "  0%" not in line for line in reading)
    loading = [line for line in shown.split("\r") if "loading the store" in line]
    assert all("left" in line for line in loading)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": ""}], ids=["dumb", "none"])
def test_no_bar_where_the_cursor_cannot_move(env: dict[str, str]) -> None:
    assert on_a_terminal("-c", WORK, **env) == ("", '"the end"\n')


def test_no_colours_where_none_are_wanted() -> None:
    shown, _ = on_a_terminal("-c", WORK, NO_COLOR="1")
    assert "reading" in shown
    assert "\x1b[3" not in shown and "\x1b[38" not in shown


def test_nothing_in_a_pipe() -> None:
    settings = os.environ | {"PYTHONPATH": str(ROOT / "src"), "TERM": "xterm"}
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, env=settings, check=True)
    assert (done.stdout, done.stderr) == ('"the end"\n', "")


def test_nothing_for_what_is_quick(graph_folder: Path) -> None:
    shown, said = on_a_terminal("-m", "onrecord", "query", str(graph_folder), "ASK {}", "--format", "json")
    assert '"boolean":true' in said
    assert "answering" not in shown or "\x1b[2K" in shown  # a slow machine may take its second
