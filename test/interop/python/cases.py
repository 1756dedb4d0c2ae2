"""Runs cases, and provides their assertions."""

import threading

CASE_LIMIT_SECONDS = 40
"""The time limit of a case."""


class CaseFailed(Exception):
    """An assertion of a case failed."""


def run_all(cases):
    """Runs the cases, prints the result of each, and returns whether all passed."""
    all_passed = True
    for case in cases:
        name = case.__name__.replace("_", "-")
        problem = _run(case)
        all_passed = all_passed and problem is None
        print(f"PASS {name}" if problem is None else f"FAIL {name}: {problem}", flush=True)
    return all_passed


def _run(case):
    problems = [f"not complete after {CASE_LIMIT_SECONDS} s"]

    def run():
        try:
            case()
            problems[0] = None
        except Exception as error:  # Any error fails only this case.
            problems[0] = f"{type(error).__name__}: {error}".replace("\n", " ")[:600]

    # A call that hangs blocks only its thread, not the following cases.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(CASE_LIMIT_SECONDS)
    return problems[0]


def expect(what, got, want):
    """Fails the case unless both values are equal."""
    if got != want:
        raise CaseFailed(f"{what}: got {str(got)[:300]}, want {str(want)[:300]}")
