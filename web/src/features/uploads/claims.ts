/** Sees to it that one window alone works at something. */
export interface Claims {
  /** Claims a name. Undefined where another window has it. The returned function gives it back. */
  claim(name: string): Promise<(() => void) | undefined>;
  /** Claims a name as soon as no other window has it. */
  waitFor(name: string): Promise<() => void>;
}

/** Claims by the browser's locks, which go away with the window. Where it has none each window gets what it wants. */
export function lockClaims(locks: LockManager | undefined): Claims {
  const hold = (name: string, options: LockOptions) =>
    new Promise<(() => void) | undefined>((resolve) => {
      if (locks === undefined) resolve(() => {});
      else {
        const take = (lock: Lock | null) =>
          new Promise<void>((release) => {
            resolve(lock === null ? undefined : release);
            if (lock === null) release();
          });
        locks.request(`bourse.upload.${name}`, options, take).catch(() => resolve(() => {}));
      }
    });
  return {
    claim: (name) => hold(name, { ifAvailable: true }),
    waitFor: async (name) => (await hold(name, {})) ?? (() => {}),
  };
}
