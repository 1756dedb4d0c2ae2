// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
// biome-ignore-all lint/performance/noReExportAll: the generated code of a family is a part of its API
/** The exports of `bourse/client/order`: its generated code and its helpers. No file of this folder imports this one. */
export * from "../../gen/bourse/order/v1/order_pb.ts";
export * from "../../gen/bourse/order/v1/order_service_pb.ts";
export { DigestChain, type Sha256 } from "./digest-chain.ts";
export {
  type ExportedOrders,
  ExportMismatchError,
  type ExportOrdersOptions,
  type ExportPosition,
  type ExportSummary,
  exportOrders,
} from "./export-orders.ts";
export {
  defaultMaxInFlight,
  type Submission,
  type SubmitOrdersOptions,
  type Submitted,
  submitOrders,
} from "./submit-orders.ts";
