import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { parseTimestamp } from "../../../../client/shared/timestamp-text.ts";
import { Cancellations, type OrderFilter, OrderFilterSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";

/** A filter as it stands in the form, and in the page's address: text that may be wrong. */
export interface OrderQuery {
  /** As in `2010-12-01T08:26`, in UTC; empty for no bound. */
  readonly from: string;
  readonly before: string;
  readonly country: string;
  readonly customer: string;
  readonly product: string;
  readonly cancellations: CancellationChoice;
}

/** What becomes of cancellations. */
export type CancellationChoice = "in" | "out" | "only";

/** What is wrong with a query, by its field. */
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

/** The customer that stands for those who are not known. */
const unknownCustomer = "-";

const choices: { readonly [choice in CancellationChoice]: Cancellations } = {
  in: Cancellations.UNSPECIFIED,
  out: Cancellations.EXCLUDED,
  only: Cancellations.ONLY,
};

/** The filter that a query means, or what is wrong with it. */
export function filterOf(query: OrderQuery): OrderFilter | QueryProblems {
  const [from, before] = [query.from, query.before].map(timeOf);
  const problems: QueryProblems = {
    ...(from === null && { from: notATime }),
    ...(before === null && { before: notATime }),
  };
  if (from === null || before === null) return problems;
  if (from !== undefined && before !== undefined && !isEarlier(from, before)) {
    return { before: "This must be later than the time from which orders are meant." };
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

/** Whether a filter could be made. */
export function isFilter(result: OrderFilter | QueryProblems): result is OrderFilter {
  return "$typeName" in result;
}

/** The query in the search part of an address, as in `?country=France`. What is not understood is left out. */
export function parseOrderQuery(search: string): OrderQuery {
  const params = new URLSearchParams(search);
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

/** The search part of an address that {@link parseOrderQuery} makes the query of; empty for all orders. */
export function formatOrderQuery(query: OrderQuery): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== allOrders[name as keyof OrderQuery]) params.set(name, value);
  }
  return params.size === 0 ? "" : `?${params}`;
}

const notATime = "This is no time: write it as in 2010-12-01T08:26.";

type Instant = NonNullable<ReturnType<typeof parseTimestamp>>;

/** Undefined where there is none, null where the text is none. */
function timeOf(text: string): Instant | undefined | null {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : (parseTimestamp(trimmed) ?? null);
}

function isEarlier(a: Instant, b: Instant): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}
