import { useEffect, useState } from "react";

const updateMs = 250; // short enough to skip no second

/** The seconds until a time of `performance.now()`, in milliseconds. Hidden from screen readers. */
export function Countdown({ until, label }: { until: number; label: string }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), updateMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="countdown" aria-hidden="true">
      {label} {Math.max(0, Math.ceil((until - now) / 1000))} s
    </span>
  );
}
