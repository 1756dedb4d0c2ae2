"""What runs cases, and what they check with."""

import threading

CASE_LIMIT_SECONDS = 40
"""How long a case may take."""


class CaseFailed(Exception):
    """Something was not as it should be."""


def run_all(cases):
    """Runs functions, prints how each has gone under its name, and returns whether all passed."""
    all_passed = True
    for case in cases:
        name = case.__name__.replace("_", "-")
        problem = _run(case)
        all_passed = all_passed and problem is None
        print(f"PASS {name}" if problem is None else f"FAIL {name}: {problem}", flush=True)
    return all_passed


def _run(case):
    problems = [f"it has not ended within {CASE_LIMIT_SECONDS} s"]

    def run():
        try:
            case()
            problems[0] = None
        except Exception as error:  # Whatever it is, it belongs to this case only.
            problems[0] = f"{type(error).__name__}: {error}".replace("\n", " ")[:600]

    # A call that hangs holds back its own thread, and not the cases that follow.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(CASE_LIMIT_SECONDS)
    return problems[0]


def expect(what, got, want):
    """Fails the case unless both are the same."""
    if got != want:
        raise CaseFailed(f"{what}: got {str(got)[:300]}, want {str(want)[:300]}")
