/** A monotonic clock and timers. Tests pass manual ones, whose time they advance. */
export interface Timers {
  /** Milliseconds since an unknown start. Never goes back. */
  now(): number;
  /** Runs a task once after a number of milliseconds. The returned function cancels it. */
  after(millis: number, task: () => void): () => void;
  /** Runs a task periodically, at an interval in milliseconds, until the returned function is called. */
  every(millis: number, task: () => void): () => void;
}

/**
 * The longest time that a timer of the platform can take, in milliseconds: 24 days. A longer one would overflow and fire
 * at once (https://nodejs.org/api/timers.html#settimeoutcallback-delay-args).
 */
export const maxTimerMs = 2 ** 31 - 1;

/** The timers of the platform. A time above {@link maxTimerMs} is cut to it. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after(millis, task) {
    const timer = setTimeout(task, Math.min(millis, maxTimerMs));
    return () => clearTimeout(timer);
  },
  every(millis, task) {
    const timer = setInterval(task, Math.min(millis, maxTimerMs));
    return () => clearInterval(timer);
  },
};

/** Resolves after a number of milliseconds. Rejects with the reason of the signal if the signal aborts earlier. */
export function delay(timers: Timers, millis: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  const cancel = timers.after(millis, resolve);
  return promise.finally(() => {
    cancel();
    signal.removeEventListener("abort", onAbort);
  });
}

/** Lets other tasks of the event loop run: timers, sockets, and in browsers user input. Resolves after them. */
export function yieldToEventLoop(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (typeof setImmediate === "function") setImmediate(resolve);
  else {
    // Browsers clamp nested timers of 0 ms to 4 ms: https://html.spec.whatwg.org/#timer-initialisation-steps
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  }
  return promise;
}
