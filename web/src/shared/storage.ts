/** Reads what the browser remembers under a key. Undefined where nothing is, or where the browser does not allow it. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined; // Private modes and blocked cookies throw.
  }
}

/** Has the browser remember a text under a key, or forget it where undefined. Does nothing where it is not allowed. */
export function remember(key: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // The dashboard works without memory.
  }
}

/** The keys under which the browser remembers something, those with a prefix. None where it is not allowed. */
export function keysOf(prefix: string): readonly string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
