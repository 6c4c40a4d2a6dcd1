"""Owns the door to the rules: everything that is checked once the names are resolved.

Leaves the rules to one module a family, and printing to the command line.
"""
