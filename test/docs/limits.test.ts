import { globSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { settings } from "../../server/config/settings.ts";
import type { FamilyLimits } from "../../server/shared/testing/family-limits.ts";
import { callBytes, coveredBytes, maxUnreadRefusals } from "../../server/transport/protection/call-memory-budget.ts";
import { sliceMs } from "../../server/transport/protection/call-scheduler.ts";
import { defaultLimits, limitTable } from "../../server/transport/protection/default-limits.ts";
import { SharedLimit } from "../../server/transport/protection/shared-limit.ts";
import { attacks } from "../wire/shared-limit-attacks.ts";
import { dashboardLimits } from "./limits/dashboard-limits.ts";
import { requestLimits } from "./limits/request-limits.ts";
import { commonShared, withoutShare } from "./limits/shared-limits.ts";

/** The limits of each family, sorted by its folder. */
const families = await Promise.all(
  globSync("server/*/testing/limits.ts")
    .toSorted()
    .map(async (path): Promise<FamilyLimits> => (await import(resolve(path))).familyLimits),
);

const beyondShare = [...commonShared, ...families.flatMap(({ shared = [] }) => shared)];

/** The limits that have a flag. */
const flags: Partial<Record<keyof typeof limitTable, keyof typeof settings>> = {
  readMaxBytes: "max-receive",
  writeMaxBytes: "max-send",
  maxConnections: "max-connections",
  peerShare: "peer-share",
  messageIdleTimeoutMs: "client-idle",
};

test("the table of shares has every shared limit", () => {
  expect(beyondShare.map(([{ name }]) => name).toSorted()).toEqual(Object.keys(attacks).toSorted());
});

// `vitest run test/docs -u` writes the page.
test("docs/reference/limits.md has the limits of the code", async () => {
  await expect(page()).toMatchFileSnapshot("../../docs/reference/limits.md");
});

test("a limit with a setting has the default of the table", () => {
  for (const [name, flag] of Object.entries(flags)) {
    const { fallback = "", parse } = settings[flag] as { fallback?: string; parse(raw: string): unknown };
    expect(parse(fallback)).toBe(limitTable[name as keyof typeof limitTable].value);
  }
});

function page(): string {
  const transport = Object.entries(limitTable).map(([name, { value, bounds, beyond }]) => {
    const flag = flags[name as keyof typeof limitTable];
    const setting = flag === undefined ? "" : `\`--${flag}\`, \`${settings[flag].variable}\``;
    return row([`\`${name}\``, number(value), bounds, setting, beyond]);
  });
  return `# Limits

This page is generated from the code. Everything that a client can make the server store, send or wait for has a limit. Names that end in Bytes are in bytes, names that end in Ms in milliseconds. [Settings](settings.md) lists the limits that can be set.

## Transport

Defined in \`server/transport/protection/default-limits.ts\`. Users of the library \`bourse/transport\` set them with the option \`limits\` of \`startTransportServer\`.

| Limit | Default | Bounds | Setting | Beyond it |
| --- | --- | --- | --- | --- |
${transport.join("\n")}

## Time and memory

**Event loop.** All calls together have ${number(sliceMs)} ms in each turn of the event loop. Waiting calls are served round-robin, by client address, then by connection ([why](../decisions/0022-shared-event-loop.md)). Addresses share the time, not the number of steps ([why](../decisions/0030-fair-time.md)).

**Memory.** Bytes of unhandled requests, bytes of unread responses, and ${number(callBytes)} bytes for each call (which cover its first ${number(coveredBytes)} bytes) count against \`maxBufferedBytes\` and \`maxSessionBufferedBytes\` ([why](../decisions/0024-memory-budgets.md)). Both follow from Node's heap limit, \`--max-old-space-size\`. A call for which there is no memory is refused with RESOURCE_EXHAUSTED. If a client has not read ${number(maxUnreadRefusals)} such errors on one connection, further calls for which there is no memory get no error: an HTTP/2 stream is reset with REFUSED_STREAM, an HTTP/1.1 connection is closed. If 70 % of the heap is in use after a full garbage collection, new calls are refused. From 85 % on, the calls of the connection that uses most memory are ended.

## Share of one client

One client may use half of each limit that all clients share. \`--peer-share\` (\`BOURSE_PEER_SHARE\`) sets another fraction, above 0 and up to 1. The error states whether the limit of the server or of the client is reached.

Until the server has authentication, a client is an IP address. IPv6 addresses count by their /64 prefix, and mapped IPv4 addresses count as IPv4. All programs that call by loopback are one client, and so are all users of one proxy or NAT. With a reverse proxy, and for load tests, set \`--peer-share 1\`, so that one client may use everything.

| Limit | All clients | One client, by default | Beyond it |
| --- | --- | --- | --- |
${beyondShare.map(shareRow).join("\n")}

The bytes of an upload count for the client that started it, also after completion and after a restart, until it is deleted. An upload from before the server recorded clients counts for all clients together only.

Shared queues serve clients round-robin: queries and transactions of the database, groups of orders, images, and the event loop.

These limits are not shared by client:

| Limit | Why |
| --- | --- |
${withoutShare.map(([name, why]) => row([`\`${name}\``, why])).join("\n")}

## Requests

Each method has a size limit for its requests, computed from their rules in the [protos](../../proto), at most \`readMaxBytes\`. Only the chunks and files of UploadImage and UploadFile may have \`readMaxBytes\`. The server counts elements and fields before it creates objects, and skips unknown fields. A request that cannot be decoded is INVALID_ARGUMENT.

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(requestLimits)}

${families.map(familySection).join("")}## The dashboard

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(dashboardLimits)}

Fields of requests have limits in the [protos](../../proto/bourse). A request that violates one is INVALID_ARGUMENT with a \`google.rpc.BadRequest\` that names the field.
`;
}

function familySection({ title, introduction, limits }: FamilyLimits): string {
  return `## ${title}

${introduction === undefined ? "" : `${introduction}\n\n`}| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(limits)}

`;
}

function shareRow([{ name, max }, beyond]: NonNullable<FamilyLimits["shared"]>[number]): string {
  const { maxPerPeer } = new SharedLimit({ name, max, counted: "" }, { peerShare: defaultLimits.peerShare });
  return row([`\`${name}\``, number(max), number(maxPerPeer), beyond]);
}

function rows(limits: FamilyLimits["limits"]): string {
  return limits.map(([name, value, bounds, beyond]) => row([`\`${name}\``, number(value), bounds, beyond])).join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
