"""Owns the doors to engines beyond this process: servers that hold a dataset, clusters that assemble one.

Leaves what a dataset means to the embedded stages; nothing here is imported by them.
"""
