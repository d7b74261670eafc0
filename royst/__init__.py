"""Røyst: a national user-experience evaluation, from question to published, protected finding."""

__version__ = "0.1.0"
