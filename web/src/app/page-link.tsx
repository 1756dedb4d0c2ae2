import type { MouseEvent, ReactNode } from "react";
import { goTo, usePath } from "./navigation.ts";

/** A link to a page of the dashboard, marked where that page is shown. */
export function PageLink(props: { to: string; children: ReactNode }) {
  const isCurrent = usePath() === props.to;
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // The browser opens it elsewhere.
    event.preventDefault();
    goTo(props.to);
  };
  return (
    <a href={props.to} onClick={onClick} aria-current={isCurrent ? "page" : undefined}>
      {props.children}
    </a>
  );
}
