"""For all tests, examples and notebooks that pytest runs: what they solve does not count as solved by you."""

import atexit
import os
import shutil
import tempfile

os.environ["LECTURELIB_PROGRESS"] = tempfile.mkdtemp(prefix="lecturelib-progress-")
atexit.register(shutil.rmtree, os.environ["LECTURELIB_PROGRESS"], ignore_errors=True)
