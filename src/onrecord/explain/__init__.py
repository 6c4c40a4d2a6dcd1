"""Owns the answers about the record itself: why, how well backed, and who says otherwise.

Leaves the statements to the table and each answer to the module that it is named after.
"""
