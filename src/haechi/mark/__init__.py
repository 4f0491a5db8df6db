"""Marks that say "made by AI" and can be checked by anybody: image watermarks first."""
