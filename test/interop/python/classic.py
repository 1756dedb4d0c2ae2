"""Calls the classic services of a server with grpcio, as the tutorials' clients do: with messages and stubs that are
generated from the protos in ../classic-protos. Runs every case, and prints a line for each: "PASS case" or
"FAIL case: why".

The argument is the folder of generated code; INTEROP_BOURSE in the environment is the address of the server.
"""

import sys

sys.path.append(sys.argv[1])

import classic_cases  # noqa: E402
import classic_laptops  # noqa: E402
from cases import run_all  # noqa: E402

if __name__ == "__main__":
    sys.exit(0 if run_all([case for module in (classic_cases, classic_laptops) for case in module.CASES]) else 1)
