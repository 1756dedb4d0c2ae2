"""Calls a server with grpcio, runs every case, and prints a line for each: "PASS case" or "FAIL case: why".

The environment has the addresses of the servers: INTEROP_WIRE and INTEROP_PROXY, two ways to the wire service (HOST:PORT), of which
the proxy counts its traffic; INTEROP_BOURSE, a whole Bourse, and INTEROP_BOURSE_PID, its process;
INTEROP_DESCRIPTORS, a file with the descriptors of all that is called.
"""

import sys

import bourse_cases
import end_cases
import limit_cases
import wire_cases
from cases import run_all

if __name__ == "__main__":
    # Those that end a server come last.
    modules = (wire_cases, limit_cases, bourse_cases, end_cases)
    sys.exit(0 if run_all([case for module in modules for case in module.CASES]) else 1)
