/** Escapes of printable ASCII, but of the space, which HTTP cuts off at the ends of a value, and of "%". */
const needless = /%(?:2[1-46-9A-F]|[3-6][0-9A-F]|7[0-9A-E])/gi;

/**
 * Takes escapes out of a `grpc-message` that gRPC does not ask for. Connect escapes what a URL would need, and grpc-js
 * shows some of that to its users as it is: `%3A` for a colon.
 */
export function withoutNeedlessEscapes(grpcMessage: string): string {
  return grpcMessage.replaceAll(needless, decodeURIComponent);
}
