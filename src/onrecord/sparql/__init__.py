"""Owns SPARQL as text: its tokens, what a query may not do, and where a mistake stands.

Leaves evaluating to ``engine``. A lexer, because the word ``service`` may stand in strings, IRIs, comments and
variables.
"""
