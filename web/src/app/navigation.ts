import { useSyncExternalStore } from "react";

/** The dashboard's pages, by their path. */
export const paths = { quotes: "/", catalogue: "/catalogue", orders: "/orders", uploads: "/uploads" } as const;

const listeners = new Set<() => void>();

/** The path that is shown. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

/** The search part of the address, as in `?q=lamp`; empty where there is none. */
export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => location.search);
}

/** Has the address of the page that is shown tell something else, so that it can be shared; it is not a step of its own. */
export function replaceSearch(search: string): void {
  if (search === location.search) return;
  history.replaceState(null, "", location.pathname + search);
  for (const listener of listeners) listener();
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
