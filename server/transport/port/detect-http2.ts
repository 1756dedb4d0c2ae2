import type { Socket } from "node:net";

/** The first bytes of every HTTP/2 connection, as far as is needed: no method of HTTP/1.1 begins with them. */
const http2Preface = Buffer.from("PRI ");

/**
 * Tells from the first bytes of a connection whether it speaks HTTP/2, and puts the bytes back.
 *
 * `decide` is called once, unless the connection ends first or sends too little within `timeoutMs`; then it is closed.
 */
export function detectHttp2(socket: Socket, timeoutMs: number, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  const timer = setTimeout(giveUp, timeoutMs);
  const stop = () => {
    clearTimeout(timer);
    socket.off("readable", look).off("end", giveUp).off("error", giveUp).off("close", stop);
  };
  const look = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) seen = Buffer.concat([seen, chunk]);
    const compared = Math.min(seen.length, http2Preface.length);
    const isHttp2 = seen.subarray(0, compared).equals(http2Preface.subarray(0, compared));
    if (seen.length === 0 || (isHttp2 && compared < http2Preface.length)) return;
    stop();
    socket.unshift(seen);
    decide(isHttp2);
  };
  socket.on("readable", look).once("end", giveUp).once("error", giveUp).once("close", stop);
}
