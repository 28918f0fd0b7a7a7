"""A Python program that opens a module with a Tokio runtime inside (its argument)."""

import ctypes
import sys

module = ctypes.CDLL(sys.argv[1])
module.run_tasks()
module.run_tasks()
print("done")
