import { expect, test } from "vitest";
import { maxJoinedBytes } from "../../server/classic/stream/helloworld-services.ts";
import { maxListedOrders } from "../../server/classic/stream/list-orders.ts";
import { maxSummedNumbers } from "../../server/classic/stream/stream-service.ts";
import { maxFiles, maxFilesBytes } from "../../server/classic/stream/upload-files.ts";
import { settings } from "../../server/config/settings.ts";
import { maxResponseBytes } from "../../server/order/export/export-orders.ts";
import { exportLimit, maxExports } from "../../server/order/order-service.ts";
import { maxGroupOrders, maxWaitingOrders, waitingOrderLimit } from "../../server/order/submit/order-intake.ts";
import { maxUnansweredOrders } from "../../server/order/submit/submit-orders.ts";
import { maxMaskPaths } from "../../server/product/apply-field-mask.ts";
import { catalogueReadLimit, maxCatalogueReads } from "../../server/product/catalogue.ts";
import { maxListedImages } from "../../server/product/product-images.ts";
import { maxScoresPerBatch } from "../../server/product/rating/rate-products.ts";
import { maxUnprunedRevisions } from "../../server/product/store/product-history.ts";
import { maxUnsavedCandles } from "../../server/quote/candle/candle-book.ts";
import { maxInstruments } from "../../server/quote/feed/quote-feed.ts";
import { maxRejections } from "../../server/quote/hub/publish-quotes.ts";
import {
  maxSubscribers,
  maxSubscriptions,
  subscriberLimit,
  subscriptionLimit,
} from "../../server/quote/hub/quote-hub.ts";
import { maxLoggedQuotes, maxLoggedSeconds } from "../../server/quote/log/memory-quote-log.ts";
import { maxWaitingQuotes } from "../../server/quote/watch/lossless-queue.ts";
import {
  maxQuotesInResponse,
  maxStartResultSymbols,
  maxWaitingResultSymbols,
  maxWaitingResults,
} from "../../server/quote/watch/quote-watch.ts";
import { maxSubscriptionsPerStream } from "../../server/quote/watch/watch-commands.ts";
import { maxWatchRequestBytes } from "../../server/request-limits.ts";
import { maxViolations } from "../../server/shared/request-errors.ts";
import { maxPositionBytes } from "../../server/shared/resume-token.ts";
import { maxCollectedElements } from "../../server/shared/validation.ts";
import { maxWaitingWrites, writeLimit } from "../../server/storage/sqlite/thread-dialect.ts";
import { callBytes, maxUnreadRefusals } from "../../server/transport/protection/call-memory.ts";
import { sliceMs } from "../../server/transport/protection/call-scheduler.ts";
import { defaultLimits, limitTable } from "../../server/transport/protection/limits.ts";
import { SharedLimit } from "../../server/transport/protection/shared-limit.ts";
import {
  defaultListItems,
  defaultTextBytes,
  maxRequestFields,
  unscannedBytes,
} from "../../server/transport/request/limits/field-bounds.ts";
import { maxIntegerCharacters } from "../../server/transport/request/limits/json-scan.ts";
import {
  jsonSizeFactor,
  maxJsonAllowance,
  spareRequestBytes,
} from "../../server/transport/request/limits/method-limits.ts";
import {
  maxEchoBytes,
  maxErrorDetailBytes,
  maxErrorMessageBytes,
} from "../../server/transport/response/truncate-error.ts";
import { emptyExpiryMs } from "../../server/upload/expiry-sweep.ts";
import { groupCommitDelayMs, maxUnsyncedBytes, maxUnwrittenBytes } from "../../server/upload/file/durable-append.ts";
import { maxFileNameBytes } from "../../server/upload/file-name.ts";
import { maxConcurrentImages, maxImageBytes, maxImagePixels } from "../../server/upload/image/detect-file-type.ts";
import { maxQueuedThumbnails, maxThumbnailBytes, queuedThumbnailsLimit } from "../../server/upload/image/thumbnails.ts";
import { chunkWaitMs } from "../../server/upload/session/chunk-receiver.ts";
import { maxChunksInFlight } from "../../server/upload/session/upload-session.ts";
import { maxChunkBytes } from "../../server/upload/session/upload-state-machine.ts";
import { bufferedBytesLimit, maxBufferedBytes, maxDownloads } from "../../server/upload/upload-limits.ts";
import { maxReservedBytes, minReservedBytes } from "../../server/upload/upload-quota.ts";
import { uploadIdleTimeoutMs } from "../../server/upload/upload-service.ts";
import { maxProducts, pageSize } from "../../web/src/features/catalogue/product-search.ts";
import { maxRows, maxTextBytes } from "../../web/src/features/orders/order-store.ts";
import { attacks } from "../wire/shared-limit-attacks.ts";

/** The limits that have a flag. */
const flags: Partial<Record<keyof typeof limitTable, keyof typeof settings>> = {
  readMaxBytes: "max-receive",
  writeMaxBytes: "max-send",
  maxConnections: "max-connections",
  peerShare: "peer-share",
  messageIdleTimeoutMs: "client-idle",
};

const ofRequests = [
  [
    "spareRequestBytes",
    spareRequestBytes,
    "bytes of a request in addition to the maximum by the rules of its fields: fields of newer clients, blanks in JSON",
    "RESOURCE_EXHAUSTED with both sizes",
  ],
  ["jsonSizeFactor", jsonSizeFactor, "factor by which a JSON request may exceed its protobuf size", "the same"],
  ["maxJsonAllowance", maxJsonAllowance, "bytes up to which that factor applies", "the same"],
  ["maxWatchRequestBytes", maxWatchRequestBytes, "bytes of a request of WatchQuotes or StreamQuotes", "the same"],
  [
    "maxRequestFields",
    maxRequestFields,
    "fields of a request, known or unknown, and elements of its lists, at every depth",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "maxIntegerCharacters",
    maxIntegerCharacters,
    "characters of a 64-bit integer in a JSON string, in requests of more than `unscannedBytes`",
    "INVALID_ARGUMENT",
  ],
  [
    "unscannedBytes",
    unscannedBytes,
    "bytes of a request whose fields are not counted before decoding",
    "the fields are counted",
  ],
  [
    "defaultTextBytes",
    defaultTextBytes,
    "bytes of a string without a rule, such as those of health and reflection",
    "the size limit of the request applies",
  ],
  [
    "defaultListItems",
    defaultListItems,
    "elements of a list without a rule; all lists of Bourse have one",
    "INVALID_ARGUMENT",
  ],
  [
    "maxCollectedElements",
    maxCollectedElements,
    "elements of the lists of a request of which all violations are reported",
    "only the first violation is reported",
  ],
  ["maxViolations", maxViolations, "violations that an error reports", "the others are omitted"],
  ["maxErrorMessageBytes", maxErrorMessageBytes, "bytes of the message of an error", "truncated, with an ellipsis"],
  ["maxErrorDetailBytes", maxErrorDetailBytes, "bytes of the details of an error", "further details are omitted"],
  ["maxEchoBytes", maxEchoBytes, "bytes of a path, a host or an origin in a response", "truncated, with an ellipsis"],
] as const;

const ofQuotes = [
  ["maxSubscribers", maxSubscribers, "streams of quotes, of all clients together", "RESOURCE_EXHAUSTED"],
  [
    "maxWaitingQuotes",
    maxWaitingQuotes,
    "pending quotes of a client with the policy DISCONNECT",
    "RESOURCE_EXHAUSTED, with the cursor in `bourse-cursor`",
  ],
  [
    "maxSubscriptionsPerStream",
    maxSubscriptionsPerStream,
    "subscriptions of one stream",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxSubscriptions",
    maxSubscriptions,
    "subscriptions of all streams; fewer if they would take more than a fifth of the heap limit",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxWaitingResults",
    maxWaitingResults,
    "pending command results of one stream",
    "UpdateWatch: RESOURCE_EXHAUSTED; StreamQuotes: back-pressure",
  ],
  [
    "maxWaitingResultSymbols",
    maxWaitingResultSymbols,
    "symbols of those results, before the next command is accepted",
    "the same",
  ],
  [
    "maxStartResultSymbols",
    maxStartResultSymbols,
    "symbols in the results of the commands of a request",
    "INVALID_ARGUMENT",
  ],
  [
    "maxLoggedQuotes",
    maxLoggedQuotes,
    "quotes in the log, from which streams resume",
    "evicted; a resume is OUT_OF_RANGE with the available range",
  ],
  ["maxLoggedSeconds", maxLoggedSeconds, "age of the oldest quote in the log, in seconds", "the same"],
  ["maxQuotesInResponse", maxQuotesInResponse, "quotes in one response", "the others are in the next response"],
  [
    "maxInstruments",
    maxInstruments,
    "instruments of all feeds and of `--instruments`; symbols of a request",
    "the server does not start; INVALID_ARGUMENT",
  ],
  ["maxRejections", maxRejections, "rejected quotes that PublishQuotes reports", "further ones are only counted"],
  [
    "maxUnsavedCandles",
    maxUnsavedCandles,
    "complete candles in memory if they cannot be stored",
    "further ones are lost",
  ],
] as const;

const ofProducts = [
  ["maxCatalogueReads", maxCatalogueReads, "concurrent lists and searches, of all clients", "RESOURCE_EXHAUSTED"],
  [
    "maxUnprunedRevisions",
    maxUnprunedRevisions,
    "old states of products that are kept although no list needs them; a list needs at most one for each product",
    "older ones are deleted",
  ],
  ["maxMaskPaths", maxMaskPaths, "paths in the field mask of an update", "INVALID_ARGUMENT"],
  ["maxScoresPerBatch", maxScoresPerBatch, "scores of one stream in one transaction", "back-pressure"],
  ["maxListedImages", maxListedImages, "images of a product in a response", "the newest are omitted"],
] as const;

const ofOrders = [
  [
    "maxUnansweredOrders",
    maxUnansweredOrders,
    "orders of one stream without a response or with an unread response",
    "back-pressure on the stream",
  ],
  [
    "maxWaitingOrders",
    maxWaitingOrders,
    "orders of all streams that wait for a commit",
    "back-pressure on the streams",
  ],
  [
    "maxGroupOrders",
    maxGroupOrders,
    "orders of one commit",
    "the others are in the next commit; each serves clients round-robin",
  ],
  ["maxExports", maxExports, "concurrent exports, lists and summaries of orders, of all clients", "RESOURCE_EXHAUSTED"],
  [
    "maxResponseBytes",
    maxResponseBytes,
    "bytes of the orders in one response of an export",
    "the others are in the next response",
  ],
  [
    "maxPositionBytes",
    maxPositionBytes,
    "bytes of the position in a resume token, without its other 83 bytes",
    "no token is created",
  ],
  ["maxWaitingWrites", maxWaitingWrites, "writes that wait for the database", "UNAVAILABLE: retry"],
] as const;

const ofClassic = [
  ["maxJoinedBytes", maxJoinedBytes, "bytes of the result of ClientStream, commas included", "RESOURCE_EXHAUSTED"],
  ["maxFiles", maxFiles, "files of one call of UploadFile", "RESOURCE_EXHAUSTED; earlier files are stored"],
  ["maxFilesBytes", maxFilesBytes, "bytes of the files of one call of UploadFile", "the same"],
  ["maxListedOrders", maxListedOrders, "orders that OrderList can number", "further ones are omitted"],
  ["maxSummedNumbers", maxSummedNumbers, "numbers of one call of SumData", "RESOURCE_EXHAUSTED"],
] as const;

const ofUploads = [
  ["max-upload", Number(settings["max-upload"].fallback), "bytes of one file: `--max-upload`", "RESOURCE_EXHAUSTED"],
  [
    "upload-quota",
    Number(settings["upload-quota"].fallback),
    "bytes of all uploads, with the reservations of open ones: `--upload-quota`",
    "RESOURCE_EXHAUSTED with the numbers; the upload stays, and can resume when there is space",
  ],
  [
    "max-open-uploads",
    Number(settings["max-open-uploads"].fallback),
    "open uploads, each of which has an open file: `--max-open-uploads`",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "upload-expiry",
    Number(settings["upload-expiry"].fallback),
    "seconds until an upload without new bytes expires: `--upload-expiry`",
    "the upload is EXPIRED, and its bytes are deleted",
  ],
  [
    "emptyExpiryMs",
    emptyExpiryMs,
    "time until an upload without any byte expires, unless `--upload-expiry` is shorter",
    "the upload is deleted, and its id can be started again",
  ],
  [
    "minReservedBytes",
    minReservedBytes,
    "minimum reservation of an upload with an announced size, unless the size is less",
    "an announced size must fit into the free quota at the start",
  ],
  [
    "maxReservedBytes",
    maxReservedBytes,
    "maximum reservation; in between it is a thousandth of the announced size",
    "the same",
  ],
  [
    "maxChunkBytes",
    maxChunkBytes,
    "bytes of one chunk, and how far ahead a chunk may be",
    "INVALID_ARGUMENT; OUT_OF_RANGE",
  ],
  [
    "maxChunksInFlight",
    maxChunksInFlight,
    "concurrent calls of UploadChunk for one upload: two of a client, and two of a broken connection",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "maxBufferedBytes",
    maxBufferedBytes,
    "bytes of chunks that wait for earlier chunks, of all uploads",
    "RESOURCE_EXHAUSTED: send chunks in order",
  ],
  ["chunkWaitMs", chunkWaitMs, "how long a chunk waits for the previous one", "OUT_OF_RANGE with the committed offset"],
  [
    "groupCommitDelayMs",
    groupCommitDelayMs,
    "how long the first chunk of a pair waits for the second, to share a commit",
    "it is committed alone",
  ],
  [
    "uploadIdleTimeoutMs",
    uploadIdleTimeoutMs,
    "time without a message on an upload stream",
    "DEADLINE_EXCEEDED; the upload stays",
  ],
  [
    "maxUnwrittenBytes",
    maxUnwrittenBytes,
    "bytes of one upload in memory that are not written, in addition to one chunk",
    "back-pressure",
  ],
  ["maxUnsyncedBytes", maxUnsyncedBytes, "bytes of one upload that are written and not synced", "back-pressure"],
  [
    "maxDownloads",
    maxDownloads,
    "concurrent downloads of all clients, by RPC and by HTTP: each has an open file, and up to 1 MiB in memory if the client does not read",
    "RESOURCE_EXHAUSTED; 503",
  ],
  ["maxFileNameBytes", maxFileNameBytes, "bytes of a file name", "INVALID_ARGUMENT"],
  ["maxImageBytes", maxImageBytes, "bytes of an image with a thumbnail", "no thumbnail: 415"],
  ["maxImagePixels", maxImagePixels, "pixels of an image with a thumbnail", "no thumbnail: 415"],
  [
    "maxConcurrentImages",
    maxConcurrentImages,
    "images that are decoded concurrently",
    "further images wait; clients are served round-robin",
  ],
  ["maxQueuedThumbnails", maxQueuedThumbnails, "thumbnails that wait to be created, of all clients", "503"],
  [
    "maxThumbnailBytes",
    maxThumbnailBytes,
    "bytes of all thumbnails on the disk",
    "the least recently used are deleted, and created again on request",
  ],
] as const;

/** The error of a client that has used up its share of a limit. */
const beyondShare = [
  [definitionOf("maxConnections"), "the connection is closed"],
  [definitionOf("maxActiveCalls"), "RESOURCE_EXHAUSTED"],
  [subscriberLimit, "RESOURCE_EXHAUSTED"],
  [subscriptionLimit, "TOO_MANY for each further symbol"],
  [catalogueReadLimit, "RESOURCE_EXHAUSTED"],
  [exportLimit, "RESOURCE_EXHAUSTED"],
  [waitingOrderLimit, "back-pressure on its streams"],
  [writeLimit, "RESOURCE_EXHAUSTED"],
  [settingOf("upload-quota"), "RESOURCE_EXHAUSTED; the upload stays, and can resume when there is space"],
  [settingOf("max-open-uploads"), "RESOURCE_EXHAUSTED"],
  [bufferedBytesLimit, "RESOURCE_EXHAUSTED: send chunks in order"],
  [{ name: "maxDownloads", max: maxDownloads }, "RESOURCE_EXHAUSTED; 503"],
  [queuedThumbnailsLimit, "503"],
] as const;

/** Limits of the whole server without a share for each client, and why one client cannot starve the others. */
const withoutShare = [
  ["maxDecompressions", "a message takes some milliseconds, and waiting calls count against the share of calls"],
  ["maxConcurrentImages", "clients are served round-robin"],
  ["maxGroupOrders", "each commit serves clients round-robin, and so do the slices of exports"],
  ["maxUnprunedRevisions", "states that a list needs are not deleted"],
  ["maxThumbnailBytes", "deleted thumbnails are created again on request"],
  ["maxLoggedQuotes", "the log is always full: the newest quotes evict the oldest, regardless of their publisher"],
  ["maxUnsavedCandles", "it grows with instruments, not with clients"],
  ["max-store", "rows of the database have no owner, so they are not counted by client"],
] as const;

const ofDashboard = [
  ["maxRows", maxRows, "orders in the page, of 60 bytes each", "the export ends with a notice"],
  ["maxTextBytes", maxTextBytes, "bytes of the distinct texts of those orders", "the same"],
  ["pageSize", pageSize, "products in one page of a search", "the others are loaded on request"],
  ["maxProducts", maxProducts, "products of a search", "a notice asks the user to narrow the search"],
] as const;

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

Defined in \`server/transport/protection/limits.ts\`. Users of the library \`bourse/transport\` set them with the option \`limits\` of \`startTransportServer\`.

| Limit | Default | Bounds | Setting | Beyond it |
| --- | --- | --- | --- | --- |
${transport.join("\n")}

## Time and memory

**Event loop.** All calls together have ${number(sliceMs)} ms in each turn of the event loop. Waiting calls are served round-robin, by client address, then by connection ([why](../decisions/0022-shared-event-loop.md)). Addresses share the time, not the number of steps ([why](../decisions/0030-fair-time.md)).

**Memory.** Bytes of unhandled requests, bytes of unread responses, and ${number(callBytes)} bytes for each call count against \`maxBufferedBytes\` and \`maxSessionBufferedBytes\` ([why](../decisions/0024-memory-budgets.md)). Both follow from Node's heap limit, \`--max-old-space-size\`. If ${number(maxUnreadRefusals)} refusals of a connection are unread, further calls are refused with REFUSED_STREAM, and an HTTP/1.1 connection is closed. If 70 % of the heap is in use after a full garbage collection, new calls are refused. From 85 % on, the calls of the connection that uses most memory are ended.

## Share of one client

One client may use half of each limit that all clients share. \`--peer-share\` (\`BOURSE_PEER_SHARE\`) sets another fraction, above 0 and up to 1. The error states whether the limit of the server or of the client is reached.

Until the server has authentication, a client is an IP address. IPv6 addresses count by their network of 64 bits, and mapped IPv4 addresses count as IPv4. All programs that call by loopback are one client, and so are all users of one proxy or NAT. With a reverse proxy, and for load tests, set \`--peer-share 1\`, so that one client may use everything.

| Limit | All clients | One client, by default | Beyond it |
| --- | --- | --- | --- |
${beyondShare.map(shareRow).join("\n")}

The bytes of an upload count for the client that started it, also after completion and after a restart, until it is deleted. An upload from before the server recorded clients counts for all clients together only.

Shared queues serve clients round-robin: queries and transactions of the database, groups of orders, images, and the event loop.

These limits need no share:

| Limit | Why |
| --- | --- |
${withoutShare.map(([name, why]) => row([`\`${name}\``, why])).join("\n")}

## Requests

Each method has a size limit for its requests, computed from their rules in the [protos](../../proto), at most \`readMaxBytes\`. Only the chunks and files of UploadImage and UploadFile may have \`readMaxBytes\`. The server counts elements and fields before it creates objects, and skips unknown fields. A request that cannot be decoded is INVALID_ARGUMENT.

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofRequests)}

## Quotes

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofQuotes)}

## Products

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofProducts)}

## Orders and the store

\`--max-store\` limits the size of the database. Beyond it, writes are RESOURCE_EXHAUSTED.

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofOrders)}

## Uploads

GetUploadLimits returns the first five limits, the share of the client, the size of a chunk, and the current use.

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofUploads)}

## The classic services

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofClassic)}

## The dashboard

| Limit | Value | Bounds | Beyond it |
| --- | --- | --- | --- |
${rows(ofDashboard)}

Fields of requests have limits in the [protos](../../proto/bourse). A request that violates one is INVALID_ARGUMENT with a \`google.rpc.BadRequest\` that names the field.
`;
}

function shareRow([{ name, max }, beyond]: (typeof beyondShare)[number]): string {
  const { maxPerPeer } = new SharedLimit({ name, max, counted: "" }, { peerShare: defaultLimits.peerShare });
  return row([`\`${name}\``, number(max), number(maxPerPeer), beyond]);
}

function definitionOf(name: "maxConnections" | "maxActiveCalls") {
  return { name, max: limitTable[name].value };
}

function settingOf(name: "upload-quota" | "max-open-uploads") {
  return { name, max: Number(settings[name].fallback) };
}

function rows(limits: readonly (readonly [name: string, value: number, bounds: string, beyond: string])[]): string {
  return limits.map(([name, value, bounds, beyond]) => row([`\`${name}\``, number(value), bounds, beyond])).join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
