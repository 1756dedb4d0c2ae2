import { expect, test } from "vitest";
import { suggestNames } from "./suggest-name.ts";

const services = ["bourse.quote.v1.QuoteService", "bourse.order.v1.OrderService", "grpc.health.v1.Health"];

test("a name without its package, in another case or with a typing error finds the full name", () => {
  expect(suggestNames("QuoteService", services)).toEqual(["bourse.quote.v1.QuoteService"]);
  expect(suggestNames("BOURSE.QUOTE.V1.QUOTE_SERVICE", services)[0]).toBe("bourse.quote.v1.QuoteService");
  expect(suggestNames("bourse.quote.v1.QuotesService", services)[0]).toBe("bourse.quote.v1.QuoteService");
  expect(suggestNames("grpc.health.v2.Health", services)[0]).toBe("grpc.health.v1.Health");
});

test("a name that resembles no other finds nothing", () => {
  expect(suggestNames("acme.Weather", services)).toEqual([]);
});
