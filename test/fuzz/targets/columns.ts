import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { OrderCsvColumns } from "../../../cli/orders/order-csv-columns.ts";
import { ProductCsvColumns, productFields } from "../../../cli/products/product-csv-columns.ts";
import { orderFields } from "../../../client/order/order-fields.ts";
import { TickCsvColumns } from "../../../client/quote/tick-csv-columns.ts";
import { CsvRowError, parseColumnMapping } from "../../../client/shared/csv-column-mapping.ts";
import { OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// A row is parsed into a message that can be sent, or fails with an error message of bounded size.

/** The maximum length of an error message without the cells and the header that it quotes. */
const maxErrorChars = 2_000;

export const target: FuzzTarget = {
  maxBytes: 1_024,
  seeds: [
    Buffer.from(
      "\x00InvoiceNo|StockCode|Quantity|InvoiceDate|UnitPrice|Country\n536365|85123A|6|2010-12-01T08:26:00Z|2.55|UK\n\n",
    ),
    Buffer.from(
      "\x01id|name|price|currency|ram|cores|screen_inch|release_year\n|Kestrel|49.90|EUR|16 GB|8|13.3|2024\n\n",
    ),
    Buffer.from("\x02time|symbol|bid|ask_size|volume\n2000-01-03|ACME|1.25|100.0|7\n\n"),
    Buffer.from("\x00a|b\n1|2\norder_number=a,quantity=b"),
  ],
  run(input) {
    const reader = new InputReader(input);
    const kind = reader.pick(["orders", "products", "ticks"]);
    const [header, cells] = [reader.line().split("|"), reader.line().split("|")];
    const mapping = reader.line();
    const refusal = declared(() => read(kind, header, cells, mapping), CsvRowError);
    if (!(refusal instanceof Error)) return;
    const { length } = refusal.message;
    invariant(
      length <= 8 * input.length + maxErrorChars,
      `the error for ${input.length} bytes has ${length} characters`,
    );
  },
};

function read(kind: "orders" | "products" | "ticks", header: string[], cells: string[], mapping: string): void {
  switch (kind) {
    case "orders": {
      const columns = new OrderCsvColumns(header, { currency: "EUR" }, mappingOf(mapping, orderFields));
      const bytes = toBinary(OrderSchema, create(OrderSchema, columns.read(cells)));
      const order = fromBinary(OrderSchema, bytes);
      invariant(Number.isInteger(order.quantity), `the quantity is ${order.quantity}`);
      return;
    }
    case "products": {
      const columns = new ProductCsvColumns(header, "EUR", mappingOf(mapping, productFields));
      const { product } = columns.read(cells);
      fromBinary(ProductSchema, toBinary(ProductSchema, create(ProductSchema, product)));
      return;
    }
    case "ticks": {
      const tick = new TickCsvColumns(header, "ACME").read(cells);
      const prices = [tick.bid, tick.ask, tick.last, tick.open, tick.high, tick.low, tick.previousClose];
      invariant(
        prices.every((price) => price === undefined || Number.isFinite(price)),
        `the prices are ${prices}`,
      );
      invariant(tick.volume === undefined || tick.volume >= 0n, `the volume is ${tick.volume}`);
    }
  }
}

/** Parses a mapping. Returns an empty one if the text is not a mapping, after a check of the error. */
function mappingOf<Field extends string>(text: string, fields: readonly Field[]) {
  if (text === "") return {};
  try {
    return parseColumnMapping(text, fields, "time=ts");
  } catch (error) {
    invariant(error instanceof Error && /^expected /.test(error.message), () => String(error));
    return {};
  }
}
