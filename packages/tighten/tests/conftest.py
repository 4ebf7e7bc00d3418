"""What holds for every test of the package."""

from __future__ import annotations

import signal

# A shell starts its background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
