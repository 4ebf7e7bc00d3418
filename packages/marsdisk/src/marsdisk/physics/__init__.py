"""Formulas, each once, with symbol, unit, range and source. NumPy in, NumPy out."""
