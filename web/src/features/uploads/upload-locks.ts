/** Mutual exclusion between the windows of a browser: only the owner of a lock works on an upload. */
export interface UploadLocks {
  /** Resolves to a function that releases the lock, or to undefined if another window has it. */
  tryAcquire(uploadId: string): Promise<(() => void) | undefined>;
  /** Waits for the lock. Resolves to a function that releases it. */
  acquire(uploadId: string): Promise<() => void>;
}

/**
 * Implements locks with the Web Locks API (https://www.w3.org/TR/web-locks/). The browser releases the locks of a window
 * that is closed. Without the API, which insecure origins do not have, every window gets every lock.
 */
export function createUploadLocks(locks: LockManager | undefined): UploadLocks {
  const request = (uploadId: string, options: LockOptions) =>
    new Promise<(() => void) | undefined>((resolve) => {
      if (locks === undefined) resolve(() => {});
      else {
        // The lock is held until the promise of the callback resolves.
        const onGranted = (lock: Lock | null) =>
          new Promise<void>((release) => {
            resolve(lock === null ? undefined : release);
            if (lock === null) release();
          });
        locks.request(`bourse.upload.${uploadId}`, options, onGranted).catch(() => resolve(() => {}));
      }
    });
  return {
    tryAcquire: (uploadId) => request(uploadId, { ifAvailable: true }),
    acquire: async (uploadId) => (await request(uploadId, {})) ?? (() => {}),
  };
}
