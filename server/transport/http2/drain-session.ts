import { constants, type ServerHttp2Session } from "node:http2";

/**
 * How long a peer may take to answer the ping that follows the first GOAWAY. A Node client never does: it closes its
 * half of an idle connection at once, which a Node server does not notice.
 */
const goAwayPingMs = 200;

/** Ends a session without losing a request that is on its way: tells first, and closes when the peer has heard it. */
export function drainSession(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
  const close = () => {
    clearTimeout(timer);
    if (!session.closed) session.close();
  };
  const timer = setTimeout(close, goAwayPingMs);
  session.once("close", () => clearTimeout(timer));
  session.ping(close);
}
