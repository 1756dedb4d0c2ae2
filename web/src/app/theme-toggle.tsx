import { useState, useSyncExternalStore } from "react";
import { chooseTheme, rememberedTheme, systemTheme } from "./theme.ts";

/** A button that changes between light and dark. Until it is used, the system's wish applies. */
export function ThemeToggle() {
  const system = useSyncExternalStore(subscribeToSystem, systemTheme);
  const [chosen, setChosen] = useState(rememberedTheme);
  const other = (chosen ?? system) === "dark" ? "light" : "dark";
  const name = other === "dark" ? "Dark theme" : "Light theme";
  return (
    <button
      type="button"
      className="ghost"
      aria-label={name}
      onClick={() => {
        chooseTheme(other);
        setChosen(other);
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

function subscribeToSystem(listener: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
