// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
/** The exports of the package `bourse/transport`; README.md shows their use. No file of this folder imports this one. */
export {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as HealthStatus,
} from "../../gen/health/v1/health_pb.ts";
export { share } from "./encoding/shared-message.ts";
export type { Exchange, OutgoingHeaders } from "./exchange/exchange.ts";
export type { TlsFiles } from "./port/tls-credentials.ts";
export type { CorsOptions } from "./protection/cors.ts";
export { defaultLimits, type Limits } from "./protection/default-limits.ts";
export { LimitError, type ReachedLimit } from "./protection/limit-error.ts";
export { type LimitDefinition, type Peer, SharedLimit, type SharedLimitOptions } from "./protection/shared-limit.ts";
export type { TrustedOrigins } from "./protection/trusted-origins.ts";
export { tuneGarbageCollection } from "./protection/tune-garbage-collection.ts";
export type { IdlePolicy } from "./request/client-idle-timeout.ts";
export type { MessageLimits, RequestLimits } from "./request/message-decoder.ts";
export { createRequestListener, type RequestListener, type RequestListenerOptions } from "./request-listener.ts";
export { failRequests, peerOf, setIdlePolicy } from "./rpc/call.ts";
export { type CallRecord, logCalls } from "./rpc/call-record.ts";
export { type Metadata, MetadataError, type MetadataValue } from "./rpc/metadata-rules.ts";
export { createNodeHandler, type NodeHandler, type NodeHandlerOptions } from "./rpc/node-handler.ts";
export { metadataBytes, sendHeader, setHeader, setTrailer, trailerCapacity } from "./rpc/response-metadata.ts";
export { batch } from "./rpc/yield-batch.ts";
export { Health, type ServingStatus } from "./services/health-service.ts";
export { registerReflection } from "./services/reflection-service.ts";
export { createStaticFiles } from "./static-files.ts";
export { startTransportServer, type TransportServer, type TransportServerOptions } from "./transport-server.ts";
