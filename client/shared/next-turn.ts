/** Resolves after others have had their turn: timers, sockets, and in browsers what the user does. */
export function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (typeof setImmediate === "function") setImmediate(resolve);
  else {
    const { port1, port2 } = new MessageChannel(); // Browsers let a timer of 0 ms wait for 4.
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  }
  return promise;
}
