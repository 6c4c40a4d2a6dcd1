"""Owns the command line: one file a family of commands; imported by nobody.

Leaves every computation to the library: a command reads options, makes a call, renders, exits.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import threading

import click

from onrecord import __version__
from onrecord.cli import (
    ask,
    build,
    change,
    check,
    coverage,
    export,
    judge,
    measure,
    publish,
    push,
    query,
    serve,
    view,
    weigh,
    why,
)
from onrecord.cli.render import echo_problems, fail
from onrecord.errors import EXIT_USAGE, GraphBroken, OnRecordError, QueryRefused, QuerySyntaxError


class Family(click.Group):
    """The group of all commands; turns the library's errors into text and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an OnRecordError becomes one message on stderr."""
        try:
            return super().invoke(ctx)
        except GraphBroken as error:
            echo_problems([problem for problem in error.problems if problem.severity == "error"])
            fail(str(error), error.exit_code)
        except (QuerySyntaxError, QueryRefused) as error:
            lines = error.query.split("\n")
            click.echo(
                error.problem.render(lambda _, line: lines[line - 1] if 0 < line <= len(lines) else None), err=True
            )
            fail("", error.exit_code)
        except OnRecordError as error:
            fail(str(error), error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_USAGE)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a graph is worked on."""
        return list(self.commands)


@click.group(cls=Family, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="onrecord")
def main() -> None:
    """Knowledge graphs in which every edge is on the record.

    A graph is a folder of statements, each with the quote that supports it. Start with:

    \b
        onrecord check graphs/miami-talks
        onrecord build graphs/miami-talks
        onrecord query graphs/miami-talks 'SELECT ?who WHERE { ?who dip:heads ?what }'
    """


for command in (
    check.check,
    build.build,
    query.query,
    ask.ask,
    ask.test,
    coverage.coverage,
    why.why,
    weigh.corroboration,
    weigh.disagreements,
    measure.path,
    measure.stats,
    change.diff,
    change.retract,
    judge.judge,
    view.view,
    export.export,
    publish.publish,
    push.push,
    serve.serve,
):
    main.add_command(command)


_OBJECTS_BEFORE_A_LOOK = 100_000
"""Python looks for dead cycles after so many new objects: a graph's rows and places live as long as the command."""


def run() -> None:
    """Run one command and end the process; what its context holds is not taken apart first, which takes seconds.

    Whoever watches the interpreter, such as a profiler, sees it end as usual.
    """
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)
    try:
        main()
    except SystemExit as ended:  # its traceback holds the context
        code = ended.code or 0
        if not isinstance(code, int) or threading.active_count() > 1 or sys.gettrace() or sys.getprofile():
            raise
        atexit._run_exitfuncs()
        os._exit(_flush() or code)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        click.echo(f"onrecord: what there is to say cannot be written: {error.strerror}", err=True)
        os._exit(EXIT_USAGE)


def _flush() -> int:
    """Write out what is left to say; the exit code where that cannot be."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return EXIT_USAGE
    return 0
