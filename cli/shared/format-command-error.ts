import { Code, ConnectError } from "@connectrpc/connect";

/** Formats an error as one sentence, with what to do. @param address the URL of the called server, or empty */
export function formatCommandError(error: unknown, address: string): string {
  if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : String(error);
  return formatConnectionProblem(error, address) ?? `${address} returned ${Code[error.code]}: ${error.rawMessage}`;
}

/** Error codes of Node if nobody listens on an address. */
const unreachable = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/;

/** Error codes of Node and OpenSSL if the certificate of a server does not verify. */
const unverified =
  /DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)|CERT_|ERR_TLS_CERT_ALTNAME_INVALID/;

/** Error codes of Node and OpenSSL if only one side speaks TLS. */
const notTls = /ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO/;

function formatConnectionProblem(error: ConnectError, address: string): string | undefined {
  const cause = error.cause as { readonly code?: unknown; readonly message?: unknown } | undefined;
  const code = String(cause?.code ?? error.rawMessage);
  if (unreachable.test(code)) return `cannot connect to ${address}: is the server running? bourse serve starts it`;
  if (unverified.test(code)) {
    const reason = String(cause?.message ?? error.rawMessage);
    return (
      `the certificate of ${address} cannot be verified (${reason}): ` +
      "check the address; if you trust its authority, name its PEM file in NODE_EXTRA_CA_CERTS"
    );
  }
  if (notTls.test(code)) return `${address} does not speak TLS: is it an http address?`;
  return undefined;
}
