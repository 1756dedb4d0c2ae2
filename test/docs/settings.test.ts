import { expect, test } from "vitest";
import { type Setting, type SettingName, settings } from "../../server/config/settings.ts";

/** The settings by topic, in the order of the page. */
const topics: Readonly<Record<string, readonly SettingName[]>> = {
  "Address and data": ["port", "host", "data", "max-store", "grace"],
  Quotes: [
    "feed",
    "instruments",
    "speed",
    "replay-loop",
    "replay-start",
    "replay-columns",
    "simulated-instruments",
    "simulated-rate",
    "seed",
  ],
  "Demonstration data": ["demo", "demo-orders"],
  "Classic services": ["classic", "classic-interval", "classic-max-image"],
  "TLS and browsers": ["tls-cert", "tls-key", "tls-client-ca", "cors-origin", "allowed-host"],
  Uploads: ["max-upload", "upload-quota", "max-open-uploads", "upload-expiry"],
  Limits: ["max-receive", "max-send", "max-connections", "peer-share", "client-idle"],
  Log: ["log-level", "log-format"],
};

test("the page has every setting under one topic", () => {
  expect(Object.values(topics).flat().toSorted()).toEqual(Object.keys(settings).toSorted());
});

test.each(Object.entries(settings))(
  "the help of --%s names its values if it has a fixed set of them",
  (_, { parse, help }) => {
    const [, values = ""] = /^expected one of (.*)$/.exec(problemOf(parse)) ?? [];
    for (const value of values.split(", ")) expect(help).toContain(value);
  },
);

function problemOf(parse: (raw: string) => unknown): string {
  try {
    parse("no value");
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

// `vitest run test/docs -u` writes the page.
test("docs/reference/settings.md has every setting with its variable, its default and its help", async () => {
  await expect(page()).toMatchFileSnapshot("../../docs/reference/settings.md");
});

function page(): string {
  const tables = Object.entries(topics).map(([topic, names]) => {
    const rows = names.map((name) => row(name, settings[name]));
    return `## ${topic}\n\n| Flag | Variable | Default | Meaning |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Settings

This page is generated from the code. \`npm start -- --help\` prints the same list.

- A flag has precedence over its environment variable.
- A flag without a value has an opposite: \`--no-NAME\`.
- Sizes are in bytes.
- [Limits](limits.md) lists the limits that cannot be set, and the error beyond each limit.

${tables.join("\n")}`;
}

function row(name: SettingName, { variable, placeholder, fallback, help }: Setting<unknown>): string {
  const flag = placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`;
  const standard = fallback === undefined ? "" : `\`${fallback}\``;
  return `| \`${flag}\` | \`${variable}\` | ${standard} | ${help.replaceAll("|", "\\|")} |`;
}
