import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { SearchProductsRequestSchema } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { ListUploadsRequestSchema } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { SearchResumeTokens } from "../../../server/product/search/search-resume-tokens.ts";
import { InvalidFieldError } from "../../../server/shared/request-errors.ts";
import { InvalidResumeTokenError, nameSelection, ResumeTokens } from "../../../server/shared/resume-token.ts";
import { uploadService } from "../../../server/upload/upload-service.ts";
import { BrokenInvariantError, declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// The server accepts only tokens that it has issued. A page token is a valid position or is rejected.

const tokens = new ResumeTokens(Buffer.alloc(32, 7));
const selection = nameSelection("bourse.order.v1.OrderService/ExportOrders", Buffer.from("filter"));
const other = nameSelection("bourse.order.v1.OrderService/ExportOrders", Buffer.from("another filter"));
const searches = ["kestrel", "air"].map(
  (query) => new SearchResumeTokens(tokens, create(SearchProductsRequestSchema, { query })),
);

const digest = Buffer.alloc(32, 3);
const points = [0, 1, 40, 256].map((length) => {
  return { position: Buffer.alloc(length, length), snapshot: length, total: 2 ** 53 - 1, digest };
});
const exports = points.map((point) => Buffer.from(tokens.sealPage(selection, point, 3)(3)));
const places = [
  { maxSequence: 9n, sequence: 2n },
  { maxSequence: 9n, sequence: 3n, relevance: 0.6, units: 5n, nanos: 1n },
] as const;
const found = places.map((place) => Buffer.from(searches[0]?.seal(place) ?? []));

const listedFrom: (bigint | undefined)[] = [];
const uploads = {
  list: async ({ before }: { before?: bigint }) => {
    listedFrom.push(before);
    return { uploads: [], next: undefined };
  },
};
const { listUploads } = uploadService({ uploads: uploads as never, idleTimeoutMs: 60_000 });

/** The largest integer of SQLite. */
const maxPlace = 2n ** 63n - 1n;

export const target: FuzzTarget = {
  maxBytes: 640,
  seeds: [
    ...exports.map((token) => Buffer.concat([Buffer.from([0]), token])),
    ...found.map((token) => Buffer.concat([Buffer.from([1]), token])),
    ...["1", "9223372036854775807", "", "0", "x"].map((token) => Buffer.from(`\x02${token}`)),
  ],
  async run(input) {
    const reader = new InputReader(input);
    switch (reader.pick(["export", "search", "page"])) {
      case "export":
        return checkExport(reader.rest());
      case "search":
        return checkSearch(reader.rest());
      case "page":
        return await checkPage(reader.rest().toString("utf8"));
    }
  },
};

function checkExport(token: Buffer): void {
  const place = declared(() => tokens.open(token, selection), InvalidResumeTokenError);
  const given = exports.findIndex((each) => each.equals(token));
  if (place instanceof Error) {
    invariant(given < 0, `the token of point ${given} is rejected: ${place.message}`);
  } else {
    invariant(given >= 0, `${token.toString("hex")} was not issued`);
    invariant(place.skip === 3 && place.snapshot === points[given]?.snapshot, "the position differs");
    const elsewhere = declared(() => tokens.open(token, other), InvalidResumeTokenError);
    invariant(elsewhere instanceof Error, "the token is accepted for another selection");
  }
}

function checkSearch(token: Buffer): void {
  const place = declared(() => searches[0]?.open(token), InvalidResumeTokenError);
  const given = found.findIndex((each) => each.equals(token));
  if (place instanceof Error) {
    invariant(given < 0, `the token of position ${given} is rejected: ${place.message}`);
    return;
  }
  invariant(given >= 0, `${token.toString("hex")} was not issued`);
  invariant(place?.sequence === places[given]?.sequence, "the position differs");
  invariant(
    declared(() => searches[1]?.open(token), InvalidResumeTokenError) instanceof Error,
    "the token is accepted for another search",
  );
}

async function checkPage(pageToken: string): Promise<void> {
  listedFrom.length = 0;
  const request = create(ListUploadsRequestSchema, { pageToken });
  try {
    await listUploads(request, undefined as unknown as HandlerContext);
  } catch (error) {
    if (error instanceof InvalidFieldError && listedFrom.length === 0) return;
    throw error;
  }
  const [before, ...more] = listedFrom;
  if (more.length > 0) throw new BrokenInvariantError("the page is listed twice");
  if (before === undefined)
    return invariant(pageToken === "", `${JSON.stringify(pageToken)} is accepted as the first page`);
  invariant(before > 0n && before <= maxPlace, `${before} is not a position`);
  invariant(`${before}` === pageToken, `${JSON.stringify(pageToken)} is accepted as ${before}`);
}
