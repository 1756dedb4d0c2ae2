import { useState, useSyncExternalStore } from "react";
import { readItem, writeItem } from "../shared/local-storage.ts";

type Theme = "light" | "dark";

const storageKey = "bourse.theme";

/** Applies the theme that the user selected earlier, if any. Call it before the first render, to avoid a flash. */
export function applyStoredTheme(): void {
  applyTheme(readStoredTheme());
}

/** A button that switches between light and dark. Before its first use, the theme of the operating system applies. */
export function ThemeToggle() {
  const system = useSyncExternalStore(subscribeToSystemTheme, systemTheme);
  const [selected, setSelected] = useState(readStoredTheme);
  const other = (selected ?? system) === "dark" ? "light" : "dark";
  const name = other === "dark" ? "Dark theme" : "Light theme";
  return (
    <button
      type="button"
      className="ghost"
      aria-label={name}
      onClick={() => {
        applyTheme(other);
        writeItem(storageKey, other);
        setSelected(other);
      }}
    >
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
      </svg>
      <span className="theme-name">{name}</span>
    </button>
  );
}

function readStoredTheme(): Theme | undefined {
  const text = readItem(storageKey);
  return text === "light" || text === "dark" ? text : undefined;
}

function applyTheme(theme: Theme | undefined): void {
  if (theme === undefined) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

const darkQuery = "(prefers-color-scheme: dark)";

function systemTheme(): Theme {
  return matchMedia(darkQuery).matches ? "dark" : "light";
}

function subscribeToSystemTheme(listener: () => void): () => void {
  const query = matchMedia(darkQuery);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
