import { create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { CreateProductRequestSchema } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { WatchQuotesRequestSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { truncateError } from "../transport/response/truncate-error.ts";
import { BrokenRulesError, maxViolations } from "./request-errors.ts";
import { createValidate } from "./request-validation.ts";
import { toConnectError } from "./to-connect-error.ts";

const validate = createValidate();

/** The time limit of a check, which takes milliseconds on an idle machine. */
const maxMs = 2_000;

test("a valid message has no error", () => {
  expect(validate(WatchQuotesRequestSchema, create(WatchQuotesRequestSchema, { symbols: ["A"] }))).toBeUndefined();
});

test("all violations of a small message are collected", () => {
  const message = create(WatchQuotesRequestSchema, { symbols: ["", "", ""], maxRate: -1 });
  expect(validate(WatchQuotesRequestSchema, message)?.violations).toHaveLength(4);
});

test("validation of a large message stops at the first violation", () => {
  const symbols = Array.from({ length: 1_000_000 }, () => "");
  const message = create(WatchQuotesRequestSchema, { symbols });
  const start = performance.now();
  expect(validate(WatchQuotesRequestSchema, message)?.violations).toHaveLength(1);
  expect(performance.now() - start).toBeLessThan(maxMs);
});

test("an error has the first violations that fit a few KB", () => {
  const message = create(WatchQuotesRequestSchema, { symbols: Array.from({ length: 900 }, () => "") });
  const error = validate(WatchQuotesRequestSchema, message);
  expect(error?.violations).toHaveLength(900);
  const mapped = toConnectError(new ConnectError("", 3, undefined, undefined, error)) as ConnectError;
  const limited = truncateError(mapped);
  expect(limited).toBe(mapped);
  const [badRequest] = limited.findDetails(BadRequestSchema);
  expect(badRequest?.fieldViolations.length).toBeGreaterThan(10);
  expect(badRequest?.fieldViolations.length).toBeLessThanOrEqual(maxViolations);
  expect(badRequest?.fieldViolations[0]?.field).toBe("symbols[0]");
});

test("the violations of an update are reported as far as they fit", () => {
  const gpus = Array.from({ length: 16 }, () => ({
    brand: "x".repeat(200),
    name: "x".repeat(200),
    minGhz: -1,
    maxGhz: -1,
  }));
  const product = { name: "", attributes: { case: "laptop" as const, value: { gpus } } };
  const error = validate(CreateProductRequestSchema, create(CreateProductRequestSchema, { product }));
  if (error === undefined) throw new Error("the product is valid, expected violations");
  const mapped = toConnectError(new BrokenRulesError("product", error)) as ConnectError;
  expect(Buffer.byteLength(mapped.rawMessage)).toBeLessThanOrEqual(1_024);
  expect(truncateError(mapped).findDetails(BadRequestSchema)[0]?.fieldViolations.length).toBeGreaterThan(10);
});
