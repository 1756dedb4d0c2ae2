import type { ExportResponse } from "../../../gen/bench/v1/bench_service_pb.ts";

const firstOrderNumber = 536_365;
const firstOrderSeconds = 1_291_190_400;

const descriptions = [
  "CERAMIC STORAGE JAR WITH OAK LID",
  "SET OF SIX TALL GLASS TUMBLERS",
  "BRASS READING LAMP WITH GREEN SHADE",
  "PAPER LANTERN PALE BLUE 40 CM",
  "WOODEN PUZZLE FOR SMALL CHILDREN",
  "COTTON APRON WITH TWO POCKETS",
  "TRAVEL ALARM CLOCK BOTTLE GREEN",
] as const;
const countries = ["United Kingdom", "Germany", "France", "Norway", "Portugal"] as const;

/** Creates the order with an index. All peers create the same orders. */
export function orderAt(index: number): ExportResponse {
  return {
    $typeName: "bench.v1.ExportResponse",
    orderNumber: String(firstOrderNumber + index),
    productCode: `P${10_000 + (index % 4_000)}`,
    description: descriptions[index % descriptions.length] ?? "",
    quantity: (index % 48) - 2,
    unitPrice: (85 + (index % 2_000)) / 100,
    customer: String(12_346 + (index % 5_000)),
    country: countries[index % countries.length] ?? "",
    placeTime: { $typeName: "google.protobuf.Timestamp", seconds: BigInt(firstOrderSeconds + index), nanos: 0 },
  };
}
