"""The bar on a terminal: there when one waits, nowhere else, gone in the end."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from onrecord.cli import main, progress
from onrecord.cli.build import _Choice, _rebuild
from onrecord.cli.build import build as build_command
from onrecord.progress import watched

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


PRINTS = textwrap.dedent(
    """
    import time
    import click
    from onrecord.cli import progress
    from onrecord.progress import advance, stage

    progress.Bar.__init__.__defaults__ = (0.0,)

    @progress.with_progress
    def work():
        stage("sowing", 20, "rows")
        for half in ("half", "all"):
            for _ in range(4):
                time.sleep(0.11)
                advance()
            click.echo(f"{half} is done", err=True)
            time.sleep(0.3)

    work()
    """
)
AT_ONCE = textwrap.dedent(
    """
    from onrecord.cli import main, progress

    progress.Bar.__init__.__defaults__ = (0.0,)
    main()
    """
)
GONE = "\x1b[2K"
"""Takes a line away."""

TIME_LEFT = re.compile(r"\d:\d\d:\d\d left")


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


@pytest.mark.parametrize("kind", ["exports", "streamed"])
def test_reading_and_loading_show_how_much_there_is(graph_folder: Path, kind: str) -> None:
    work = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        import onrecord
        from onrecord.cli import progress
        from onrecord import tally
        from onrecord.parse import yaml

        exports = sys.argv[2] == "exports"
        inner = yaml.parse_statements

        def slow(*given):
            time.sleep(0.3)
            inner(*given)

        yaml.parse_statements = slow
        progress.Bar.__init__.__defaults__ = (0.0,)

        inner_nquads = tally.to_nquads

        def slow_nquads(*given):
            time.sleep(0.12)
            return inner_nquads(*given)

        tally._PIECE = 100
        tally.to_nquads = slow_nquads

        @progress.with_progress
        def work():
            onrecord.open(sys.argv[1]).build(exports=exports, inference=exports)

        work()
        """
    )
    shown, _ = on_a_terminal("-c", work, str(graph_folder), kind)
    reading = [line for line in shown.split("\r") if "reading" in line]
    assert any("MB/s" in line and "left" in line and "%" in line and "  0%" not in line for line in reading)
    loading = [line for line in shown.split("\r") if "loading the store" in line]
    assert any("quads/s" in line and TIME_LEFT.search(line) and "%" in line for line in loading)
    assert all(" left" in line and "%" in line for line in loading)


def test_no_rate_is_told_before_a_second_of_a_stage() -> None:
    """The first of many things may take as long as hundreds of the others."""
    work = textwrap.dedent(
        """
        import time
        from onrecord.cli import progress
        from onrecord.progress import advance, stage

        @progress.with_progress
        def work():
            stage("digging")
            time.sleep(1.1)
            stage("sowing", 1000, "rows")
            time.sleep(0.3)
            advance()
            for _ in range(10):
                time.sleep(0.11)
                advance(100)

        work()
        """
    )
    shown, _ = on_a_terminal("-c", work)
    sowing = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in shown.split("\r") if "sowing" in line]
    assert any("rows/s" in line and TIME_LEFT.search(line) for line in sowing)
    for line in sowing:
        assert "rows/s" not in line or "0:00:00 0:" not in line, "not in the first second of the stage"


def test_what_is_printed_does_not_stand_in_the_bar() -> None:
    shown, _ = on_a_terminal("-c", PRINTS)
    before, _, after = shown.partition("half is done")
    assert "sowing" in before and bars(before) == 0 and before.endswith(GONE), "the bar is gone when words come"
    words, _, rest = after.partition("all is done")
    assert "sowing" in words and bars(words) == 0 and words.endswith(GONE), "and comes back when the work goes on"
    assert "sowing" not in rest and "\x1b[?25l" not in rest, "and not when nothing does"


def bars(shown: str) -> int:
    """How many bars are begun and not taken away: each hides the cursor while it stands there."""
    return shown.count("\x1b[?25l") - shown.count("\x1b[?25h")


def test_a_build_says_what_it_made_below_no_bar(graph_folder: Path) -> None:
    for words in ((), ("--shards", "2"), ("--verify",), ("--dry-run",)):
        shown, _ = on_a_terminal("-c", AT_ONCE, "build", str(graph_folder), *words)
        end = {"--verify": ": whole"}.get("".join(words), "5 statements")
        before, said, after = shown.partition(end)
        assert said, shown
        assert bars(before) == 0 and "\x1b[?25l" in before and "\x1b[?25l" not in after


def test_a_watched_build_waits_without_a_bar(graph_folder: Path) -> None:
    """Between two changes, which may be hours apart, nothing goes on."""
    said: list[tuple[object, ...]] = []

    class Heard:
        def stage(self, name: str, total: int | None, unit: str) -> None:
            said.append((name, total, unit))

        def advance(self, count: int) -> None:
            pass

    chosen = _Choice(graph_folder, None, (), True, None, True, True, False)
    with watched(Heard()), click.Context(build_command):
        _rebuild(chosen, "")
        assert said[0][0] and said[-1] == ("", None, "")
        (graph_folder / "onrecord.yaml").unlink()
        said.clear()
        _rebuild(chosen, "")
        assert said[-1:] in ([], [("", None, "")])


ARGUMENTS = {
    "query": ["ASK {}"],
    "ask": [],
    "why": ["Rose Marsh", "chairs", "Garden Society"],
    "path": ["Rose Marsh", "Basil Thorn"],
    "retract": ["letter", "--dry-run"],
    "judge": ["Rose Marsh", "different", "Basil Thorn", "--why", "they are two"],
    "export": ["--format", "ttl"],
    "publish": ["site", "--no-console"],
    "push": ["http://127.0.0.1:9"],
    "diff": ["garden"],
}


@pytest.mark.parametrize("name", sorted(main.commands.keys() - {"serve"}))
def test_every_command_that_reads_a_graph_tells_what_goes_on(
    name: str, graph_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[str] = []

    class Heard(progress.Bar):
        def stage(self, name: str, total: int | None, unit: str) -> None:
            stages.append(name)

    (graph_folder / "questions").mkdir()
    (graph_folder / "questions" / "any.rq").write_text("ASK {}")
    monkeypatch.chdir(graph_folder.parent)
    monkeypatch.setattr(progress, "somebody_watches", lambda: True)
    monkeypatch.setattr(progress, "Bar", Heard)
    CliRunner().invoke(main, [name, "garden", *ARGUMENTS.get(name, [])])
    wanted = {"reading", "resolving names"} if name != "ask" else set()  # it lists the questions, and reads no more
    assert wanted <= set(stages)


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
