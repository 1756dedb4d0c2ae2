/** The headers whose values Connect quotes when it refuses them. */
const quoted = ["grpc-encoding", "content-encoding", "connect-content-encoding", "grpc-timeout", "connect-timeout-ms"];

/** No valid value of them is longer. */
const maxQuotedLength = 64;

/**
 * Headers whose invalid values are short: each of {@link quoted} that is too long to be valid is cut, and is still not
 * valid, so that an error which quotes it is short too. Others, and the headers themselves if none is too long, stay.
 */
export function limitHeaderEcho(header: Headers): Headers {
  const tooLong = quoted.filter((name) => (header.get(name)?.length ?? 0) > maxQuotedLength);
  if (tooLong.length === 0) return header;
  const limited = new Headers(header);
  for (const name of tooLong) limited.set(name, (header.get(name) ?? "").slice(0, maxQuotedLength + 1));
  return limited;
}
