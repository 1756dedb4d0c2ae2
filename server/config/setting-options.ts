import type { Command } from "commander";
import type { RawSettings } from "./config.ts";
import { type SettingName, settings } from "./settings.ts";

/** Adds an option for each setting to a command. */
export function addSettingOptions(command: Command): void {
  for (const [name, setting] of Object.entries(settings)) {
    const fallback = "fallback" in setting ? `, default ${setting.fallback}` : "";
    const help = `${setting.help} [${setting.variable}${fallback}]`;
    if ("placeholder" in setting) command.option(`--${name} <${setting.placeholder}>`, help);
    else command.option(`--${name}`, help).option(`--no-${name}`, `do not ${setting.help}`);
  }
}

/** Returns the settings that the command line of a parsed command has. */
export function settingFlags(command: Command): RawSettings {
  const raw: Partial<Record<SettingName, string>> = {};
  for (const name of Object.keys(settings) as SettingName[]) {
    const attribute = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (command.getOptionValueSource(attribute) === "cli") raw[name] = String(command.getOptionValue(attribute));
  }
  return raw;
}
