/** The page's colours, as a canvas takes them. */
export interface ChartColors {
  readonly paper: string;
  readonly line: string;
  readonly ink: string;
  readonly up: string;
  readonly down: string;
}

/** Reads the colours that hold at an element. The properties name two each, of which only the browser knows the right one. */
export function chartColors(element: Element): ChartColors {
  const probe = element.ownerDocument.createElement("span");
  element.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = {
    paper: read("--card"),
    line: read("--line"),
    ink: read("--ink-2"),
    up: read("--up"),
    down: read("--down"),
  };
  probe.remove();
  return colors;
}

/** Calls the listener after the page has become light or dark; the returned function takes it away. */
export function onThemeChange(listener: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", listener);
  const chosen = new MutationObserver(listener);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    query.removeEventListener("change", listener);
    chosen.disconnect();
  };
}
