"""Owns the pages that show a part of a graph; ``frame`` holds what they share.

Leaves choosing what is shown to ``analyse`` and writing the file to the caller.
"""
