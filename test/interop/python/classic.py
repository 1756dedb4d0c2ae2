"""Calls the classic services of a server with grpcio like the clients of the tutorials, with messages and stubs that
are generated from the protos in ../classic-protos. Runs the cases, and prints a line for each: "PASS case" or
"FAIL case: reason".

The argument is the folder of generated code. The environment variable INTEROP_BOURSE is the address of the server.
"""

import sys

sys.path.append(sys.argv[1])

import classic_cases  # noqa: E402
import classic_laptops  # noqa: E402
from cases import run_all  # noqa: E402

if __name__ == "__main__":
    sys.exit(0 if run_all([case for module in (classic_cases, classic_laptops) for case in module.CASES]) else 1)
