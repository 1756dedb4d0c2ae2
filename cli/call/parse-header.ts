/** A request header, as `fetch` takes it. */
export type Header = readonly [name: string, value: string];

/**
 * Parses `name: value`. The value of a name that ends with `-bin` is base64. Throws an error that states what is wrong.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function parseHeader(text: string): Header {
  const at = text.indexOf(":", 1);
  if (at < 0) throw new Error("expected 'name: value'");
  const name = text.slice(0, at).trim().toLowerCase();
  const value = text.slice(at + 1).trim();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new Error(`${name} is not a valid header name`);
  const owner = ownerOf(name);
  if (owner !== undefined) throw new Error(`${name} is set by ${owner}`);
  if (name.endsWith("-bin")) {
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value) || value.replace(/=+$/, "").length % 4 === 1) {
      throw new Error(`the value of ${name} must be base64`);
    }
  } else if (!/^[\x20-\x7e]*$/.test(value)) {
    throw new Error(`the value of ${name} has characters that are not printable ASCII: use a -bin header with base64`);
  }
  return [name, value];
}

/** Returns what sets a header, or undefined if a user may set it. */
function ownerOf(name: string): string | undefined {
  if (name === "grpc-timeout" || name === "connect-timeout-ms") return "--timeout";
  if (/^(grpc-|connect-|content-|accept-encoding$)/.test(name)) return "--protocol";
  return /^(host|connection|te|transfer-encoding|upgrade|keep-alive|proxy-connection)$/.test(name) ? "HTTP" : undefined;
}
