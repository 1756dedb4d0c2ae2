"""Calls a server with grpcio, runs the cases, and prints a line for each: "PASS case" or "FAIL case: reason".

The environment variables are the addresses of the servers: INTEROP_WIRE is the wire service (HOST:PORT), and
INTEROP_PROXY is a proxy to it that counts the traffic. INTEROP_BOURSE is a complete Bourse, and INTEROP_BOURSE_PID is
its process ID. INTEROP_DESCRIPTORS is a file with the descriptors of all services.
"""

import sys

import bourse_cases
import end_cases
import limit_cases
import wire_cases
from cases import run_all

if __name__ == "__main__":
    # The cases that end a server run last.
    modules = (wire_cases, limit_cases, bourse_cases, end_cases)
    sys.exit(0 if run_all([case for module in modules for case in module.CASES]) else 1)
