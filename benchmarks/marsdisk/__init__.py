"""Measurements of marsdisk; each module writes its numbers with `--json FILE`."""
