"""The tests."""

import os
import sys

# Where the environment asks for no bytecode, two workers and some fifty processes that tests start
# would each compile the whole product anew: six seconds of work a time. Git ignores what is kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
