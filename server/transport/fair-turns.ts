/** How long calls may keep the event loop to themselves before others get a turn, in ms. */
const maxTurnMs = 10;

let turnBegan: number | undefined;

/**
 * Whether the calls of this process have run for long without a turn of the event loop between. Work that never waits
 * for anything runs before everything else that Node has to do, and many such calls would make the server deaf: they
 * ask this now and then, and go on by `setImmediate` where it is true.
 */
export function turnIsLong(): boolean {
  const now = performance.now();
  if (turnBegan === undefined) {
    turnBegan = now;
    setImmediate(() => {
      turnBegan = undefined;
    });
  }
  return now - turnBegan > maxTurnMs;
}
