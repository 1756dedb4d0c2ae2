import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { parseTimestamp } from "../../../../client/shared/timestamp-text.ts";
import { Cancellations, type OrderFilter, OrderFilterSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";

/** The values of the filter form and of the page's address: texts that are not validated. */
export interface OrderQuery {
  /** A UTC time such as `2010-12-01T08:26`; empty: no bound. */
  readonly from: string;
  readonly before: string;
  readonly country: string;
  readonly customer: string;
  readonly product: string;
  readonly cancellations: CancellationChoice;
}

/** Whether to include cancellations, exclude them, or select only them. */
export type CancellationChoice = "in" | "out" | "only";

/** Error messages by field. */
export type QueryProblems = { readonly [field in keyof OrderQuery]?: string };

/** The query that selects all orders. */
export const allOrders: OrderQuery = {
  from: "",
  before: "",
  country: "",
  customer: "",
  product: "",
  cancellations: "in",
};

/** The text in the field of the customer that selects orders without a customer. */
const unknownCustomer = "-";

const choices: { readonly [choice in CancellationChoice]: Cancellations } = {
  in: Cancellations.UNSPECIFIED,
  out: Cancellations.EXCLUDED,
  only: Cancellations.ONLY,
};

/** Converts a query to a filter. Returns error messages if it is invalid. */
export function parseFilter(query: OrderQuery): OrderFilter | QueryProblems {
  const [from, before] = [query.from, query.before].map(parseTime);
  const problems: QueryProblems = {
    ...(from === null && { from: invalidTime }),
    ...(before === null && { before: invalidTime }),
  };
  if (from === null || before === null) return problems;
  if (from !== undefined && before !== undefined && !isEarlier(from, before)) {
    return { before: "Must be later than “Placed from”." };
  }
  const filter: MessageInitShape<typeof OrderFilterSchema> = {
    country: query.country.trim(),
    productCode: query.product.trim(),
    cancellations: choices[query.cancellations],
  };
  const customer = query.customer.trim();
  if (from !== undefined) filter.placedFrom = from;
  if (before !== undefined) filter.placedBefore = before;
  if (customer !== "") filter.customerId = customer === unknownCustomer ? "" : customer;
  return create(OrderFilterSchema, filter);
}

/** Whether {@link parseFilter} returned a filter. */
export function isFilter(result: OrderFilter | QueryProblems): result is OrderFilter {
  return "$typeName" in result;
}

/** Parses the query string of an address, such as `?country=France`. Unknown values are ignored. */
export function parseOrderQuery(queryString: string): OrderQuery {
  const params = new URLSearchParams(queryString);
  const cancellations = params.get("cancellations");
  return {
    from: params.get("from") ?? "",
    before: params.get("before") ?? "",
    country: params.get("country") ?? "",
    customer: params.get("customer") ?? "",
    product: params.get("product") ?? "",
    cancellations: cancellations === "out" || cancellations === "only" ? cancellations : "in",
  };
}

/** Formats a query string for {@link parseOrderQuery}; empty for {@link allOrders}. */
export function formatOrderQuery(query: OrderQuery): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== allOrders[name as keyof OrderQuery]) params.set(name, value);
  }
  return params.size === 0 ? "" : `?${params}`;
}

const invalidTime = "Enter a time such as 2010-12-01T08:26.";

type Instant = NonNullable<ReturnType<typeof parseTimestamp>>;

/** Returns undefined for an empty text, and null for an invalid one. */
function parseTime(text: string): Instant | undefined | null {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : (parseTimestamp(trimmed) ?? null);
}

function isEarlier(a: Instant, b: Instant): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}
