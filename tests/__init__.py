"""Tests of the portal."""

import os

# Before anything reckons: the workers of a run share the processors, and threads of one sum would only wait for those
# of another, turning in circles as they wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")
