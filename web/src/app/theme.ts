import { recall, remember } from "../shared/storage.ts";

/** The two looks of the dashboard. */
export type Theme = "light" | "dark";

const storageKey = "bourse.theme";

/** The theme that the user has chosen; undefined where the system's applies. */
export function rememberedTheme(): Theme | undefined {
  const text = recall(storageKey);
  return text === "light" || text === "dark" ? text : undefined;
}

/** The theme that the system asks for. */
export function systemTheme(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Has the page look as a theme says; undefined leaves it to the system. */
export function applyTheme(theme: Theme | undefined): void {
  if (theme === undefined) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Takes a theme for good. */
export function chooseTheme(theme: Theme): void {
  applyTheme(theme);
  remember(storageKey, theme);
}
