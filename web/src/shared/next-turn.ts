const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];

port1.onmessage = () => waiting.shift()?.();

/**
 * Resolves in a task of its own, so that the browser can draw and answer keys before. A timer would wait for milliseconds,
 * in a hidden tab for a second.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(undefined);
  });
}
