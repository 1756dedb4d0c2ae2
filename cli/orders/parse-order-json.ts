import type { MessageInitShape } from "@bufbuild/protobuf";
import { orderFields } from "../../client/order/order-fields.ts";
import type { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { OrderCsvColumns } from "./order-csv-columns.ts";

/** The fields of an order as a JSON object: those of an export, and the idempotency key. */
const knownFields: readonly string[] = ["key", ...orderFields];

type Order = MessageInitShape<typeof OrderSchema>;

/** Returns a parser of orders as JSON objects with the fields of an export. @param currency for objects without one */
export function orderJsonParser(currency: string): (text: string) => Order {
  const columns = new OrderCsvColumns(orderFields, { currency });
  return (text) => {
    const cells = cellsOf(parseJson(text));
    const { key } = cells;
    return { ...columns.read(orderFields.map((field) => cells[field] ?? "")), ...(key !== undefined && { key }) };
  };
}

/** JSON.parse passes the text of a number, which a double may not hold exactly. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

function parseJson(text: string): unknown {
  return (JSON.parse as ParseWithSource)(text, (_key, value, { source }) =>
    typeof value === "number" ? (source ?? String(value)) : value,
  );
}

/** The values of the fields as text. Null is absent. */
function cellsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error('expected a JSON object such as {"order_number": "1", …}');
  }
  const cells: Record<string, string> = {};
  for (const [field, cell] of Object.entries(value)) {
    if (!knownFields.includes(field)) {
      throw new Error(`${JSON.stringify(field)} is not a field of an order: the fields are ${knownFields.join(", ")}`);
    }
    if (cell === null) continue;
    if (typeof cell !== "string") throw new Error(`${field} ${JSON.stringify(cell)} is neither a text nor a number`);
    cells[field] = cell;
  }
  return cells;
}
