// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
// biome-ignore-all lint/performance/noReExportAll: the generated code of a family is a part of its API
/** The exports of `bourse/client/product`: its generated code and its helpers. No file of this folder imports this one. */
export * from "../../gen/bourse/product/v1/product_pb.ts";
export * from "../../gen/bourse/product/v1/product_service_pb.ts";
export { parseMemorySize } from "./parse-memory-size.ts";
