"""Owns the pages that show a part of a graph: ``network`` draws it, ``page`` writes it out.

Leaves choosing what is shown to ``analyse`` and writing the file to the caller.
"""
