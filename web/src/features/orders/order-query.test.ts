import { expect, test } from "vitest";
import { Cancellations } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { allOrders, formatOrderQuery, type OrderQuery, parseFilter, parseOrderQuery } from "./order-query.ts";

const query: OrderQuery = {
  from: "2010-12-01T08:26",
  before: "2011-01-01T00:00",
  country: "EIRE",
  customer: "17850",
  product: "85123A",
  cancellations: "only",
};

test("a query is converted to a filter", () => {
  expect(parseFilter(query)).toMatchObject({
    placedFrom: { seconds: 1_291_191_960n, nanos: 0 },
    placedBefore: { seconds: 1_293_840_000n, nanos: 0 },
    country: "EIRE",
    customerId: "17850",
    productCode: "85123A",
    cancellations: Cancellations.ONLY,
  });
});

test("an empty query selects all orders", () => {
  const filter = parseFilter(allOrders);
  expect(filter).toMatchObject({ country: "", productCode: "", cancellations: Cancellations.UNSPECIFIED });
  for (const field of ["placedFrom", "placedBefore", "customerId"]) expect(filter).not.toHaveProperty(field);
});

test("a dash selects orders without a customer", () => {
  expect(parseFilter({ ...allOrders, customer: "-" })).toMatchObject({ customerId: "" });
});

test("invalid times have error messages", () => {
  expect(parseFilter({ ...allOrders, from: "yesterday", before: "2010-13-01" })).toEqual({
    from: "Enter a time such as 2010-12-01T08:26.",
    before: "Enter a time such as 2010-12-01T08:26.",
  });
});

test("a time range that is reversed or empty has an error message", () => {
  const problem = { before: "Must be later than “Placed from”." };
  expect(parseFilter({ ...query, from: "2011-01-01T00:01" })).toEqual(problem);
  expect(parseFilter({ ...query, from: query.before })).toEqual(problem);
});

test("an address stores the query", () => {
  expect(parseOrderQuery(formatOrderQuery(query))).toEqual(query);
  expect(formatOrderQuery(allOrders)).toBe("");
  expect(parseOrderQuery("?cancellations=sometimes&country=A%26B")).toEqual({ ...allOrders, country: "A&B" });
});
