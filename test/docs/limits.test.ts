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
import { maxWaitingWrites, writeLimit } from "../../server/storage/writer-dialect.ts";
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
import { gatherMs, maxUnsyncedBytes, maxUnwrittenBytes } from "../../server/upload/file/durable-append.ts";
import { maxFileNameBytes } from "../../server/upload/file-name.ts";
import { maxImageBytes, maxImagePixels, maxImagesAtWork } from "../../server/upload/image/inspect-file.ts";
import {
  maxThumbnailBytes,
  maxWaitingThumbnails,
  waitingThumbnailLimit,
} from "../../server/upload/image/thumbnails.ts";
import { bufferedBytesLimit, maxBufferedBytes } from "../../server/upload/session/buffered-bytes.ts";
import { maxChunkBytes } from "../../server/upload/session/upload-machine.ts";
import { holdMs, maxChunkCalls } from "../../server/upload/session/upload-session.ts";
import { maxReaders } from "../../server/upload/upload-limits.ts";
import { maxReservedBytes, minReservedBytes } from "../../server/upload/upload-quota.ts";
import { uploadStallMs } from "../../server/upload/upload-service.ts";
import { emptyExpiryMs } from "../../server/upload/uploads.ts";
import { maxProducts, pageSize } from "../../web/src/features/catalogue/product-search.ts";
import { maxRows, maxTextBytes } from "../../web/src/features/orders/order-store.ts";
import { attacks } from "../wire/shared-limit-attacks.ts";

/** The limits that can be set when the server starts, by the flags that set them. */
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
    "bytes of a request beyond what the rules of its fields allow: fields of newer clients, blanks in JSON",
    "RESOURCE_EXHAUSTED that names both sizes",
  ],
  ["jsonSizeFactor", jsonSizeFactor, "how many times larger a request may be than in protobuf, as JSON is", "the same"],
  ["maxJsonAllowance", maxJsonAllowance, "bytes up to which that factor counts", "the same"],
  ["maxWatchRequestBytes", maxWatchRequestBytes, "bytes of a request of WatchQuotes or StreamQuotes", "the same"],
  [
    "maxRequestFields",
    maxRequestFields,
    "fields of a request, known or not, and elements of its lists, at every depth",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "maxIntegerCharacters",
    maxIntegerCharacters,
    "characters of a 64-bit integer that is a text in JSON, in requests of more than `unscannedBytes`",
    "INVALID_ARGUMENT",
  ],
  [
    "unscannedBytes",
    unscannedBytes,
    "bytes of a request whose fields are not counted before it is decoded",
    "they are",
  ],
  [
    "defaultTextBytes",
    defaultTextBytes,
    "bytes of a text without a rule, as in health and reflection",
    "the size counts",
  ],
  [
    "defaultListItems",
    defaultListItems,
    "elements of a list without a rule; Bourse's own have one",
    "INVALID_ARGUMENT",
  ],
  [
    "maxCollectedElements",
    maxCollectedElements,
    "elements of the lists of a request whose violations are all looked for",
    "only the first violation is",
  ],
  ["maxViolations", maxViolations, "violations that an error reports", "the others are left out"],
  ["maxErrorMessageBytes", maxErrorMessageBytes, "bytes of the message of an error", "it ends with an ellipsis"],
  ["maxErrorDetailBytes", maxErrorDetailBytes, "bytes of the details of an error", "those beyond are left out"],
  [
    "maxEchoBytes",
    maxEchoBytes,
    "bytes of a path, a host or an origin that an answer quotes",
    "it ends with an ellipsis",
  ],
] as const;

const ofQuotes = [
  ["maxSubscribers", maxSubscribers, "streams of quotes, of all clients together", "RESOURCE_EXHAUSTED"],
  [
    "maxWaitingQuotes",
    maxWaitingQuotes,
    "quotes that wait for a reader with the policy DISCONNECT",
    "RESOURCE_EXHAUSTED, with the position to resume from in `bourse-cursor`",
  ],
  [
    "maxSubscriptionsPerStream",
    maxSubscriptionsPerStream,
    "symbols that one stream subscribes to",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxSubscriptions",
    maxSubscriptions,
    "symbols that all streams together subscribe to; in a small heap fewer, so that they take a fifth of it at most",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxWaitingResults",
    maxWaitingResults,
    "answers to commands that wait for the reader of a stream",
    "UpdateWatch: RESOURCE_EXHAUSTED; StreamQuotes: the client has to wait",
  ],
  [
    "maxWaitingResultSymbols",
    maxWaitingResultSymbols,
    "symbols of those answers, before a further command is taken",
    "the same",
  ],
  [
    "maxStartResultSymbols",
    maxStartResultSymbols,
    "symbols in the answers to the commands of a request",
    "INVALID_ARGUMENT",
  ],
  [
    "maxLoggedQuotes",
    maxLoggedQuotes,
    "quotes that the log holds, and so what a stream can be resumed from",
    "OUT_OF_RANGE with what there is",
  ],
  ["maxLoggedSeconds", maxLoggedSeconds, "how long the log holds a quote, in seconds", "the same"],
  ["maxQuotesInResponse", maxQuotesInResponse, "quotes in one response", "the others follow in the next"],
  [
    "maxInstruments",
    maxInstruments,
    "instruments of all feeds and of `--instruments` together, and symbols of a request",
    "the server does not start; INVALID_ARGUMENT",
  ],
  ["maxRejections", maxRejections, "refused quotes that PublishQuotes reports", "further ones are only counted"],
  [
    "maxUnsavedCandles",
    maxUnsavedCandles,
    "complete candles that wait in memory where they cannot be stored",
    "further ones are missing",
  ],
] as const;

const ofProducts = [
  [
    "maxCatalogueReads",
    maxCatalogueReads,
    "lists and searches under way, of all clients together",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "maxUnprunedRevisions",
    maxUnprunedRevisions,
    "states of changed products that are kept though no list needs them; each list needs one of a product at most",
    "older ones are dropped",
  ],
  ["maxMaskPaths", maxMaskPaths, "paths in the mask of an update", "INVALID_ARGUMENT"],
  ["maxScoresPerBatch", maxScoresPerBatch, "scores of one stream that are counted together", "the client has to wait"],
  ["maxListedImages", maxListedImages, "images that are listed with a product", "the newest are left out"],
] as const;

const ofOrders = [
  [
    "maxUnansweredOrders",
    maxUnansweredOrders,
    "orders of one stream that are not answered, or whose answers are not read",
    "the stream is read no further until then",
  ],
  [
    "maxWaitingOrders",
    maxWaitingOrders,
    "orders of all streams that wait for a commit",
    "streams are read no further until there is room",
  ],
  [
    "maxGroupOrders",
    maxGroupOrders,
    "orders of one commit",
    "the others are in the next; each takes from all clients in turn",
  ],
  [
    "maxExports",
    maxExports,
    "exports, lists and summaries of orders under way, of all clients together",
    "RESOURCE_EXHAUSTED",
  ],
  ["maxResponseBytes", maxResponseBytes, "the orders of one response of an export", "the others follow in the next"],
  ["maxPositionBytes", maxPositionBytes, "the position in a resume token, which has 83 bytes besides", "none is made"],
  ["maxWaitingWrites", maxWaitingWrites, "writes that wait for the database", "UNAVAILABLE: try again"],
] as const;

const ofClassic = [
  ["maxJoinedBytes", maxJoinedBytes, "bytes that ClientStream joins, commas included", "RESOURCE_EXHAUSTED"],
  ["maxFiles", maxFiles, "files of one call of UploadFile", "RESOURCE_EXHAUSTED; those before are stored"],
  ["maxFilesBytes", maxFilesBytes, "bytes of the files of one call of UploadFile", "the same"],
  ["maxListedOrders", maxListedOrders, "orders that OrderList has numbers for", "further ones are left out"],
  ["maxSummedNumbers", maxSummedNumbers, "numbers of one call of SumData", "RESOURCE_EXHAUSTED"],
] as const;

const ofUploads = [
  ["max-upload", Number(settings["max-upload"].fallback), "bytes of one file: `--max-upload`", "RESOURCE_EXHAUSTED"],
  [
    "upload-quota",
    Number(settings["upload-quota"].fallback),
    "bytes of all uploads together: what is stored, and what is reserved for open ones: `--upload-quota`",
    "RESOURCE_EXHAUSTED that names the numbers; the upload stays, and can be resumed when there is room",
  ],
  [
    "max-open-uploads",
    Number(settings["max-open-uploads"].fallback),
    "uploads under way, each an open file: `--max-open-uploads`",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "upload-expiry",
    Number(settings["upload-expiry"].fallback),
    "seconds that an upload is kept when nothing more of it comes: `--upload-expiry`",
    "it has expired, and its bytes are gone",
  ],
  [
    "emptyExpiryMs",
    emptyExpiryMs,
    "how long an upload is kept of which no byte has come, unless `--upload-expiry` is shorter",
    "it is forgotten, and can be started anew",
  ],
  [
    "minReservedBytes",
    minReservedBytes,
    "what an upload of an announced size reserves at least, unless it announces less",
    "its size has to fit in what is free when it starts",
  ],
  [
    "maxReservedBytes",
    maxReservedBytes,
    "what it reserves at most; in between it is a thousandth of its announced size",
    "the same",
  ],
  [
    "maxChunkBytes",
    maxChunkBytes,
    "bytes of one chunk, and how far ahead one may come",
    "INVALID_ARGUMENT; OUT_OF_RANGE",
  ],
  [
    "maxChunkCalls",
    maxChunkCalls,
    "calls of UploadChunk under way for one upload: two of a client, and two of a connection that broke",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "maxHeldBytes",
    maxBufferedBytes,
    "bytes of chunks that wait for those before them, of all uploads together",
    "RESOURCE_EXHAUSTED: send chunks in order",
  ],
  ["holdMs", holdMs, "how long a chunk waits for the one before it", "OUT_OF_RANGE with the committed offset"],
  [
    "gatherMs",
    gatherMs,
    "how long a chunk of a client that sends them in pairs waits to be committed with the next one",
    "it is committed alone",
  ],
  ["uploadStallMs", uploadStallMs, "how long a stream may be silent", "DEADLINE_EXCEEDED; the upload stays"],
  [
    "maxUnwrittenBytes",
    maxUnwrittenBytes,
    "bytes of one upload that wait in memory for the disk, beyond a chunk",
    "the client has to wait",
  ],
  [
    "maxUnsyncedBytes",
    maxUnsyncedBytes,
    "bytes of one upload that are written and not yet synced",
    "the client has to wait",
  ],
  [
    "maxReaders",
    maxReaders,
    "downloads under way, of all clients together, by RPC and by HTTP: each is an open file, and up to a MiB where the client does not read",
    "RESOURCE_EXHAUSTED; 503",
  ],
  ["maxFileNameBytes", maxFileNameBytes, "bytes of a file's name", "INVALID_ARGUMENT"],
  ["maxImageBytes", maxImageBytes, "bytes of an image that a thumbnail is made of", "there is no thumbnail: 415"],
  ["maxImagePixels", maxImagePixels, "pixels of such an image", "there is no thumbnail: 415"],
  [
    "maxImagesAtWork",
    maxImagesAtWork,
    "images that are decoded at the same time",
    "they wait, and are taken from all clients in turn",
  ],
  ["maxWaitingThumbnails", maxWaitingThumbnails, "thumbnails that wait to be made, of all clients together", "503"],
  ["maxThumbnailBytes", maxThumbnailBytes, "bytes of all thumbnails on the disk", "the least used are made anew"],
] as const;

/** What a client gets that has used its share of a limit. */
const beyondShare = [
  [definitionOf("maxConnections"), "the connection is closed"],
  [definitionOf("maxActiveCalls"), "RESOURCE_EXHAUSTED"],
  [subscriberLimit, "RESOURCE_EXHAUSTED"],
  [subscriptionLimit, "TOO_MANY for each further symbol"],
  [catalogueReadLimit, "RESOURCE_EXHAUSTED"],
  [exportLimit, "RESOURCE_EXHAUSTED"],
  [waitingOrderLimit, "its streams are read no further until there is room"],
  [writeLimit, "RESOURCE_EXHAUSTED"],
  [settingOf("upload-quota"), "RESOURCE_EXHAUSTED; the upload stays, and can be resumed when there is room"],
  [settingOf("max-open-uploads"), "RESOURCE_EXHAUSTED"],
  [bufferedBytesLimit, "RESOURCE_EXHAUSTED: send chunks in order"],
  [{ name: "maxReaders", max: maxReaders }, "RESOURCE_EXHAUSTED; 503"],
  [waitingThumbnailLimit, "503"],
] as const;

/** Limits of the whole server that clients do not share out, and why one client cannot starve the others by them. */
const withoutShare = [
  ["maxDecompressions", "a message takes some milliseconds, and the calls that wait are within the share of calls"],
  ["maxImagesAtWork", "images are taken from all clients in turn"],
  ["maxGroupOrders", "each commit takes from all clients in turn, as do the slices in which exports are read"],
  ["maxUnprunedRevisions", "what a list needs is not dropped"],
  ["maxThumbnailBytes", "what was dropped is made anew"],
  ["maxLoggedQuotes", "the log is always full: the newest quotes evict the oldest, whoever published them"],
  ["maxUnsavedCandles", "clients do not add to it, but instruments"],
  ["max-store", "it has none: what is stored for good in the database is not counted by client, as it has no owner"],
] as const;

const ofDashboard = [
  ["maxRows", maxRows, "orders that the page keeps, of 60 bytes each", "the export ends, and the page says so"],
  ["maxTextBytes", maxTextBytes, "distinct texts of those orders", "the same"],
  ["pageSize", pageSize, "products that a search shows at a time", "the others follow when they are asked for"],
  ["maxProducts", maxProducts, "products that a search shows", "the page says that the search is to be narrowed"],
] as const;

test("the table of shares has every limit that clients share", () => {
  expect(beyondShare.map(([{ name }]) => name).toSorted()).toEqual(Object.keys(attacks).toSorted());
});

// `vitest run test/docs -u` writes the page anew.
test("docs/reference/limits.md tells the limits as they are in the code", async () => {
  await expect(page()).toMatchFileSnapshot("../../docs/reference/limits.md");
});

test("what can be set has the default that the table tells", () => {
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

Nothing that a client can make the server hold, send or wait for is without a limit. Names that end in Bytes are in bytes, in Ms in milliseconds.

## The wire

From \`server/transport/protection/limits.ts\`. Who uses the transport for services of their own sets any of them with the option \`limits\` of \`startTransportServer\`; for Bourse the flags and variables named here do.

| Limit | Default | What it bounds | Setting | What a client gets beyond it |
| --- | --- | --- | --- | --- |
${transport.join("\n")}

## Time and memory

Calls share the event loop: all together have ${number(sliceMs)} ms in each of its turns, and those that wait are served in turn, by client address and by connection ([why](../decisions/0022-shared-event-loop.md)). What calls hold in memory counts against \`maxBufferedBytes\` and \`maxSessionBufferedBytes\`: bytes of requests that are not handled, bytes of responses that are not read, and ${number(callBytes)} bytes for each call ([why](../decisions/0024-memory-budgets.md)). Both follow from the heap limit of Node, \`--max-old-space-size\`. When ${number(maxUnreadRefusals)} refusals of a connection are unread, further calls are refused with REFUSED_STREAM, and an HTTP/1.1 connection is closed. When 70 % of the heap is in use after a full garbage collection, no new call is taken; from 85 % on the calls of the connection that holds most are ended.

## What one client may use

A client may use half of each limit that all clients share, so that none can take what the others need; \`--peer-share\` (\`BOURSE_PEER_SHARE\`) is the part, above 0 and up to 1. The error says whether the limit of the server is reached or that of the client.

Until the server has authentication, a client is an IP address; addresses of IPv6 count by their network of 64 bits, and IPv4 addresses that are mapped into IPv6 as IPv4. All programs on the server's own machine that call by loopback are one client, and so is everybody behind one proxy or NAT: with a proxy before the server, and for load tests, set \`--peer-share 1\`, by which one client may use all.

| Limit | All clients | One client, by default | What a client gets beyond it |
| --- | --- | --- | --- |
${beyondShare.map(shareRow).join("\n")}

The bytes of an upload count for the client that has started it, also when it is complete and after a restart, until it is deleted. An upload whose client is not recorded, as before that was, counts for no client, only for all together.

What waits below a call is served from all clients in turn: queries and transactions of the database, groups of orders, images, and the event loop itself.

These need no share:

| Limit | Why |
| --- | --- |
${withoutShare.map(([name, why]) => row([`\`${name}\``, why])).join("\n")}

## Requests

How large a message a method takes is computed from the rules of its request in the [protos](../../proto): as large as they allow, but never more than \`readMaxBytes\`. The chunks and files of UploadImage and UploadFile alone may be that large. Elements and fields are counted before objects are made of them; unknown fields are not kept. What cannot be decoded is INVALID_ARGUMENT.

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${rows(ofRequests)}

## Quotes

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${rows(ofQuotes)}

## Products

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${rows(ofProducts)}

## Orders and the store

How large the database may become is \`--max-store\`: RESOURCE_EXHAUSTED beyond it.

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${rows(ofOrders)}

## Uploads

GetUploadLimits reports the first five, the share of the client, the size of a chunk, and how much is in use.

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${rows(ofUploads)}

## The classic services

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${rows(ofClassic)}

## The dashboard

| Limit | Value | What it bounds | What happens beyond it |
| --- | --- | --- | --- |
${rows(ofDashboard)}

Fields of requests have limits of their own, which stand beside them in the [protos](../../proto/bourse). A request that breaks one gets INVALID_ARGUMENT with a \`google.rpc.BadRequest\` that names the field.
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
