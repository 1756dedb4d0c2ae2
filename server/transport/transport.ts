// biome-ignore-all lint/performance/noBarrelFile: what other projects import must be one file
/**
 * What `bourse/transport` gives to other projects; README.md beside this file shows its use. Nothing in here may import
 * it: it is the outside of this folder.
 */
export {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as HealthStatus,
} from "../../gen/health/v1/health_pb.ts";
export { batch } from "./batch.ts";
export { logCalls } from "./call-log.ts";
export type { CallRecord } from "./call-record.ts";
export { failRequests, type IdlePolicy, setIdlePolicy } from "./client-idle-timeout.ts";
export type { CorsOptions } from "./cors.ts";
export { share } from "./encoding/shared-message.ts";
export type { Exchange, OutgoingHeaders } from "./exchange.ts";
export { Health, type ServingStatus } from "./health.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { metadataBytes, sendHeader, setHeader, setTrailer, trailerRoom } from "./metadata.ts";
export { type Metadata, MetadataError, type MetadataValue } from "./metadata-rules.ts";
export { createNodeHandler, type NodeHandler, type NodeHandlerOptions } from "./node-handler.ts";
export { LimitError, type ReachedLimit } from "./protection/limit-error.ts";
export { peerOf } from "./protection/peer-of.ts";
export { type LimitDefinition, type Peer, SharedLimit, type SharedLimitOptions } from "./protection/shared-limit.ts";
export { registerReflection } from "./reflection.ts";
export type { RequestLimits, RequestLimitsOf } from "./request-limits.ts";
export { createRequestListener, type RequestListener, type RequestListenerOptions } from "./request-listener.ts";
export { createStaticFiles } from "./static-files.ts";
export type { TlsFiles } from "./tls-credentials.ts";
export { startTransportServer, type TransportServer, type TransportServerOptions } from "./transport-server.ts";
export type { TrustedOrigins } from "./trusted-origins.ts";
export { tuneGarbageCollection } from "./tune-garbage-collection.ts";
