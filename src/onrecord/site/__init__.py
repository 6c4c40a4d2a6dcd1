"""Owns the pages of a published graph: one module a kind of page.

Leaves reading the graph to the stages and writing the pages to ``publish``.
"""
