import { afterAll, beforeAll, expect, test } from "vitest";
import { classicServices } from "../../server/classic/classic-routes.ts";
import { bourseServices } from "../../server/routes.ts";
import { documentCommands } from "../readme/document-blocks.ts";
import { expectationOf } from "../readme/expectations.ts";
import { ShellCommand } from "../readme/shell-command.ts";
import { type StartedServer, startServer } from "../readme/started-server.ts";

const own = [...bourseServices, ...classicServices].map(({ typeName }) => typeName);

let server: StartedServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server?.[Symbol.asyncDispose]());

/** Runs grpcurl with the address, followed by the flags or the method. */
function grpcurl(flags: string, method: string): ShellCommand {
  return new ShellCommand(server.here(`grpcurl -plaintext ${flags} 127.0.0.1:8080 ${method}`));
}

test("list prints every service", async () => {
  await using command = grpcurl("", "list");
  const [output] = await command.prints(/.*techschool\.pcbook\.LaptopService\n/s);
  const standard = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
  const expected = [...own, ...standard, "grpc.reflection.v1alpha.ServerReflection"].toSorted();
  expect(output.trimEnd().split("\n")).toEqual(expected);
});

test("describe shows a service with its documentation", async () => {
  await using command = grpcurl("", "describe bourse.quote.v1.QuoteService");
  await command.prints(/^bourse\.quote\.v1\.QuoteService is a service:.*\/\/ Streams quotes.*rpc WatchQuotes \(/ms);
});

test.each(["", ...own])('the health of "%s" is SERVING', async (service) => {
  await using command = grpcurl(`-d '{"service": "${service}"}'`, "grpc.health.v1.Health/Check");
  await command.prints(/"status": "SERVING"/);
});

test("an unknown service's health is NOT_FOUND", async () => {
  await using command = grpcurl(`-d '{"service": "nobody"}'`, "grpc.health.v1.Health/Check");
  await command.prints(/Code: NotFound/);
});

test("the response to an unknown symbol is immediate, and the stream stays open", async () => {
  await using command = grpcurl(`-v -d '{"symbols": ["NOBODY"]}'`, "bourse.quote.v1.QuoteService/WatchQuotes");
  await command.prints(/bourse-stream-id: \S+.*SUBSCRIPTION_STATUS_UNKNOWN_SYMBOL.*"caughtUp": \{\}/s);
});

test("a request that violates a rule is INVALID_ARGUMENT with the name of the rule", async () => {
  await using command = grpcurl(`-d '{"symbols": [""]}'`, "bourse.quote.v1.QuoteService/WatchQuotes");
  await command.prints(/Code: InvalidArgument.*symbols\[0\]/s);
});

test("a cursor of another epoch is OUT_OF_RANGE with the available range", async () => {
  const request = `'{"symbols": ["ACME"], "resumeAfter": {"epoch": "1", "seq": "1"}}'`;
  await using command = grpcurl(`-d ${request}`, "bourse.quote.v1.QuoteService/WatchQuotes");
  await command.prints(/Code: OutOfRange.*CursorOutOfRange.*"problem": "CURSOR_PROBLEM_OTHER_EPOCH"/s);
});

test("StreamQuotes starts, and sends the result of a command in the stream", async () => {
  const requests = `{"start": {"symbols": ["TEST"]}} {"command": {"id": 7, "subscribe": {"symbols": ["ACME"]}}}`;
  await using command = grpcurl(`-d '${requests}'`, "bourse.quote.v1.QuoteService/StreamQuotes");
  await command.prints(/"started".*"commandResult": \{\s+"id": "7",.*"symbol": "ACME"/s);
});

test("UpdateWatch sends a command to a running stream, and returns NOT_FOUND for other streams", async () => {
  await using watch = grpcurl(`-d '{"symbols": ["TEST"]}'`, "bourse.quote.v1.QuoteService/WatchQuotes");
  const [, streamId] = await watch.prints(/"streamId": "([^"]+)"/);
  const update = (id: string) => {
    const request = `{"streamId": "${id}", "command": {"ping": {}}}`;
    return grpcurl(`-d '${request}'`, "bourse.quote.v1.QuoteService/UpdateWatch");
  };
  await using command = update(streamId ?? "");
  await command.prints(/"serverTime": "20/);
  await using other = update("nobody");
  await other.prints(/Code: NotFound/);
});

test.each([
  ["GetQuote", '{"symbol": "TEST"}', /"symbol": "TEST"/],
  ["GetQuote", '{"symbol": "NOBODY"}', /Code: NotFound/],
  ["ListInstruments", "{}", /"symbol": "TEST"/],
  ["ListCandles", '{"symbol": "ACME", "interval": "CANDLE_INTERVAL_1M"}', /"openTime"/],
  ["PublishQuotes", '{"quotes": [{"symbol": "NOBODY", "last": 1}]}', /"rejected": "1".*UNKNOWN_INSTRUMENT/s],
])("%s answers %s", async (method, request, answer) => {
  await using command = grpcurl(`-d '${request}'`, `bourse.quote.v1.QuoteService/${method}`);
  await command.prints(answer);
});

test.each(documentCommands().filter((command) => expectationOf(command).runBy === "grpcurl"))("%s", async (command) => {
  await using running = new ShellCommand(server.here(command));
  await running.prints(expectationOf(command).output);
});

const catalogue = "bourse.product.v1.ProductService";

test("a product is created, updated by its mask, rated and deleted", async () => {
  const id = "c0ffee00-1111-4222-8333-444455556666";
  const product = `{"id": "${id}", "name": "Mug", "price": {"currencyCode": "EUR", "units": 4, "nanos": 950000000}}`;
  await using creation = grpcurl(`-d '{"product": ${product}}'`, `${catalogue}/CreateProduct`);
  const [, etag] = await creation.prints(/"etag": "([0-9a-f]{32})"/);

  const change = `{"product": {"id": "${id}", "etag": "${etag}", "description": "Blue"}, "updateMask": {"paths": ["description"]}}`;
  await using update = grpcurl(`-d '${change}'`, `${catalogue}/UpdateProduct`);
  await update.prints(/"name": "Mug",\s+"description": "Blue",\s+"price": \{\s+"currencyCode": "EUR",\s+"units": "4"/);
  await using late = grpcurl(`-d '${change}'`, `${catalogue}/UpdateProduct`);
  await late.prints(/Code: Aborted.*get it, compare, and retry/s);

  const scores = `{"productId": "${id}", "score": 7} {"productId": "${id}", "score": 11} {"productId": "${id}", "score": 8}`;
  await using rating = grpcurl(`-v -d '${scores}'`, `${catalogue}/RateProducts`);
  await rating.prints(
    /"average": 7\n.*RATING_PROBLEM_BAD_SCORE.*"count": "2",\s+"average": 7.5.*bourse-sent-count: 3/s,
  );

  await using deletion = grpcurl(`-d '{"id": "${id}"}'`, `${catalogue}/DeleteProduct`);
  await deletion.prints(/"deleteTime": "20/);
  await using gone = grpcurl(`-d '{"id": "${id}"}'`, `${catalogue}/GetProduct`);
  await gone.prints(/Code: NotFound/);
  await using shown = grpcurl(`-d '{"id": "${id}", "showDeleted": true}'`, `${catalogue}/GetProduct`);
  await shown.prints(/"name": "Mug".*"rating": \{\s+"count": "2",\s+"average": 7.5/s);
});

test("an update of a server-only field is INVALID_ARGUMENT with the field", async () => {
  await using list = grpcurl("", `${catalogue}/ListProducts`);
  const [, id] = await list.prints(/"id": "([^"]+)"/);
  const request = `'{"product": {"id": "${id}"}, "updateMask": {"paths": ["description", "create_time"]}}'`;
  await using command = grpcurl(`-d ${request}`, `${catalogue}/UpdateProduct`);
  await command.prints(/Code: InvalidArgument.*create_time cannot be changed.*"field": "update_mask"/s);
});

test("a search streams results with relevance and tokens, and resumes after a token", async () => {
  const request = (rest: string) =>
    `'{"query": "kestrel air", "minRam": {"value": 16, "unit": "MEMORY_UNIT_GIGABYTE"}${rest}}'`;
  await using search = grpcurl(`-v -d ${request(`, "limit": 2`)}`, `${catalogue}/SearchProducts`);
  const [, name, token] = await search.prints(
    /"name": "Kestrel Air.*"name": "(Kestrel Air[^"]+)".*"relevance": 1,\s+"resumeToken": "([^"]+)".*bourse-cursor: \2\s+bourse-sent-count: 2/s,
  );
  await using rest = grpcurl(`-d ${request(`, "resumeToken": "${token}"`)}`, `${catalogue}/SearchProducts`);
  const [found] = await rest.prints(/"name": "Kestrel Air.*\}\n$/s);
  expect(found).not.toContain(name);
  await using other = grpcurl(`-d '{"query": "dock", "resumeToken": "${token}"}'`, `${catalogue}/SearchProducts`);
  await other.prints(/Code: InvalidArgument.*another selection.*"field": "resume_token"/s);
});

test("a file is uploaded as a stream, and downloaded", async () => {
  const uploadId = "0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c02";
  const data = Buffer.from("brought in by grpcurl").toString("base64");
  const requests = [
    { info: { info: { uploadId, fileName: "../note.txt" } } },
    { chunk: { data } },
    { finish: { size: 21 } },
  ];
  const text = requests.map((request) => JSON.stringify(request)).join("\n");
  await using upload = grpcurl(`-v -d '${text}'`, "bourse.upload.v1.UploadService/Upload");
  await upload.prints(/bourse-upload-offset: 0.*"state": "UPLOAD_STATE_COMPLETE".*"fileName": "note.txt"/s);
  await using download = grpcurl(`-v -d '{"uploadId": "${uploadId}"}'`, "bourse.upload.v1.UploadService/Download");
  await download.prints(new RegExp(`bourse-upload-size: 21.*"data": "${data}".*bourse-upload-offset: 21`, "s"));
});

test("an upload for a product that does not exist is NOT_FOUND", async () => {
  const [uploadId, productId] = ["0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c03", "0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c04"];
  const request = JSON.stringify({ info: { uploadId, productId } });
  await using command = grpcurl(`-d '${request}'`, "bourse.upload.v1.UploadService/StartUpload");
  await command.prints(/Code: NotFound.*there is no product/s);
});

test("a chunk before the info is INVALID_ARGUMENT", async () => {
  await using command = grpcurl(`-d '{"chunk": {"data": "AAAA"}}'`, "bourse.upload.v1.UploadService/Upload");
  await command.prints(/Code: InvalidArgument.*must be the first request/s);
});
