import { expect, test } from "vitest";
import { Cancellations } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { allOrders, filterOf, formatOrderQuery, type OrderQuery, parseOrderQuery } from "./order-query.ts";

const query: OrderQuery = {
  from: "2010-12-01T08:26",
  before: "2011-01-01T00:00",
  country: "EIRE",
  customer: "17850",
  product: "85123A",
  cancellations: "only",
};

test("a form becomes a filter", () => {
  expect(filterOf(query)).toMatchObject({
    placedFrom: { seconds: 1_291_191_960n, nanos: 0 },
    placedBefore: { seconds: 1_293_840_000n, nanos: 0 },
    country: "EIRE",
    customerId: "17850",
    productCode: "85123A",
    cancellations: Cancellations.ONLY,
  });
});

test("an empty form selects all", () => {
  const filter = filterOf(allOrders);
  expect(filter).toMatchObject({ country: "", productCode: "", cancellations: Cancellations.UNSPECIFIED });
  for (const field of ["placedFrom", "placedBefore", "customerId"]) expect(filter).not.toHaveProperty(field);
});

test("a dash stands for customers who are not known", () => {
  expect(filterOf({ ...allOrders, customer: "-" })).toMatchObject({ customerId: "" });
});

test("what is wrong is told by its field", () => {
  expect(filterOf({ ...allOrders, from: "yesterday", before: "2010-13-01" })).toEqual({
    from: "This is no time: write it as in 2010-12-01T08:26.",
    before: "This is no time: write it as in 2010-12-01T08:26.",
  });
});

test("a time range that ends before it begins is told, one that is empty too", () => {
  const problem = { before: "This must be later than the time from which orders are meant." };
  expect(filterOf({ ...query, from: "2011-01-01T00:01" })).toEqual(problem);
  expect(filterOf({ ...query, from: query.before })).toEqual(problem);
});

test("an address keeps the query", () => {
  expect(parseOrderQuery(formatOrderQuery(query))).toEqual(query);
  expect(formatOrderQuery(allOrders)).toBe("");
  expect(parseOrderQuery("?cancellations=sometimes&country=A%26B")).toEqual({ ...allOrders, country: "A&B" });
});
