"""Haechi: evidence about AI, made once in one country, checked and counted in every other."""

__version__ = "0.1.0"
