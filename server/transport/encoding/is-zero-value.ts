import { ScalarType } from "@bufbuild/protobuf";
import type { ScalarFieldPlan } from "./message-plan.ts";

/** Whether a value is the one that stands for a field that is not set, in a field without presence of its own. */
export function isZeroValue(field: ScalarFieldPlan, value: unknown): boolean {
  if (field.enumZero !== undefined) return value === field.enumZero;
  switch (field.scalar) {
    case ScalarType.BOOL:
      return value === false;
    case ScalarType.STRING:
      return value === "";
    case ScalarType.BYTES:
      return value instanceof Uint8Array && value.byteLength === 0;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return Object.is(value, 0); // -0 is written
    default:
      if (typeof value === "bigint") return !value; // faster than to compare it
      // biome-ignore lint/suspicious/noDoubleEquals: "0" and the like are zero to protobuf-es too
      return typeof value === "number" ? value === 0 : (value as number) == 0;
  }
}
