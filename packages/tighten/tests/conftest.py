"""What holds for every test of the package."""

from __future__ import annotations

import os
import signal

# A shell starts its background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The tests of profiling ask for a profiler by name; all others need not wait for one.
os.environ["TIGHTEN_PROFILE_TOOL"] = "none"
