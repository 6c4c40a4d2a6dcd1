"""Runs the command line: ``python -m onrecord``."""

from onrecord.cli import run

run()
