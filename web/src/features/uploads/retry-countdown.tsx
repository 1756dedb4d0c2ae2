import { useEffect, useState } from "react";

// Often enough that no second is skipped.
const countdownMs = 250;

/** Counts down to the next attempt, at a moment of `performance.now`. It is not read out: the sentence beside it is. */
export function RetryCountdown({ until }: { until: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), countdownMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="countdown" aria-hidden="true">
      Next attempt in {Math.max(0, Math.ceil((until - now) / 1000))} s
    </span>
  );
}
