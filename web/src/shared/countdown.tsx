import { useEffect, useState } from "react";

// Often enough that no second is skipped.
const countdownMs = 250;

/** The seconds until a moment of the platform's monotonic clock, in milliseconds. Not read out. */
export function Countdown({ until, label }: { until: number; label: string }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), countdownMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="countdown" aria-hidden="true">
      {label} {Math.max(0, Math.ceil((until - now) / 1000))} s
    </span>
  );
}
