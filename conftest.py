"""For all tests, examples and notebooks that pytest runs: what they solve does not count as solved by you."""

import os
import tempfile

os.environ["LECTURELIB_PROGRESS"] = tempfile.mkdtemp(prefix="lecturelib-progress-")
