import { type MouseEvent, type ReactNode, useSyncExternalStore } from "react";

/** The paths of the dashboard's pages. */
export const paths = { quotes: "/", catalogue: "/catalogue", orders: "/orders", uploads: "/uploads" } as const;

const listeners = new Set<() => void>();

/** Returns the path of the current page. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

/** Returns the query string of the current address, such as `?q=lamp`, or an empty string. */
export function useQueryString(): string {
  return useSyncExternalStore(subscribe, () => location.search);
}

/** Replaces the query string of the current address without a new history entry. */
export function replaceQueryString(queryString: string): void {
  if (queryString === location.search) return;
  history.replaceState(null, "", location.pathname + queryString);
  for (const listener of listeners) listener();
}

/** A link to a page of the dashboard, marked if it is the current page. */
export function PageLink(props: { to: string; children: ReactNode }) {
  const isCurrent = usePath() === props.to;
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // the browser opens a tab or window
    event.preventDefault();
    navigate(props.to);
  };
  return (
    <a href={props.to} onClick={onClick} aria-current={isCurrent ? "page" : undefined}>
      {props.children}
    </a>
  );
}

/** Shows another page without a reload of the document. */
function navigate(path: string): void {
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
