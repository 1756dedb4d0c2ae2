import { useSyncExternalStore } from "react";

/** The dashboard's pages, by their path. */
export const paths = { quotes: "/", catalogue: "/catalogue", uploads: "/uploads" } as const;

const listeners = new Set<() => void>();

/** The path that is shown. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

/** Goes to a path of the dashboard without loading the document anew. */
export function goTo(path: string): void {
  if (path === location.pathname) return;
  history.pushState(null, "", path);
  scrollTo(0, 0);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}
