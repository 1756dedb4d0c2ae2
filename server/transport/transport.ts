// biome-ignore-all lint/performance/noBarrelFile: what other projects import must be one file
/**
 * What `bourse/transport` gives to other projects; README.md beside this file shows its use. Nothing in here may import
 * it: it is the outside of this folder.
 */
export {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as HealthStatus,
} from "../../gen/health/v1/health_pb.ts";
export { share } from "./encoding/shared-message.ts";
export type { Exchange, OutgoingHeaders } from "./exchange/exchange.ts";
export { failRequests, type IdlePolicy, setIdlePolicy } from "./port/client-idle-timeout.ts";
export { createRequestListener, type RequestListener, type RequestListenerOptions } from "./port/request-listener.ts";
export { createStaticFiles } from "./port/static-files.ts";
export type { TlsFiles } from "./port/tls-credentials.ts";
export type { CorsOptions } from "./protection/cors.ts";
export { LimitError, type ReachedLimit } from "./protection/limit-error.ts";
export { defaultLimits, type Limits } from "./protection/limits.ts";
export { peerOf } from "./protection/peer-of.ts";
export { type LimitDefinition, type Peer, SharedLimit, type SharedLimitOptions } from "./protection/shared-limit.ts";
export type { TrustedOrigins } from "./protection/trusted-origins.ts";
export { tuneGarbageCollection } from "./protection/tune-garbage-collection.ts";
export type { MessageLimits, MessageLimitsOf } from "./request/message-limits.ts";
export { batch } from "./rpc/batch.ts";
export { logCalls } from "./rpc/call-log.ts";
export type { CallRecord } from "./rpc/call-record.ts";
export { Health, type ServingStatus } from "./rpc/health.ts";
export { metadataBytes, sendHeader, setHeader, setTrailer, trailerRoom } from "./rpc/metadata.ts";
export { type Metadata, MetadataError, type MetadataValue } from "./rpc/metadata-rules.ts";
export { createNodeHandler, type NodeHandler, type NodeHandlerOptions } from "./rpc/node-handler.ts";
export { registerReflection } from "./rpc/reflection.ts";
export { startTransportServer, type TransportServer, type TransportServerOptions } from "./transport-server.ts";
