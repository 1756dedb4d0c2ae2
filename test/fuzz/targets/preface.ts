import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { detectHttp2 } from "../../../server/transport/port/multi-protocol-port.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { cut, InputReader } from "../engine/input-reader.ts";

// The detection of HTTP/2 decides once from the first bytes of a connection, in fragments of any size, and loses no
// byte.

const preface = "PRI ";
const timeoutMs = 60_000;

export const target: FuzzTarget = {
  maxBytes: 64,
  seeds: ["\x00PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x01PRI ", "\x01PRIx", "\x03GET / HTTP/1.1\r\n\r\n", "\x01P"].map(
    (text) => Buffer.from(text),
  ),
  async run(input) {
    const reader = new InputReader(input);
    const pieces = cut(Buffer.from(reader.bytes(1)), 0).length === 0 ? [] : cut(reader.rest(), input[0] ?? 0);
    const bytes = Buffer.concat(pieces);
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const decisions: boolean[] = [];
    detectHttp2(socket as Socket, timeoutMs, (isHttp2) => decisions.push(isHttp2));
    for (const piece of pieces) {
      socket.push(piece);
      await nextTurn();
    }
    const begun = bytes.subarray(0, preface.length).toString("latin1");
    const isKnown = begun.length > 0 && (begun === preface || !preface.startsWith(begun));
    invariant(decisions.length === Number(isKnown), `the detection decided ${decisions.length} times`);
    if (isKnown) {
      invariant(decisions[0] === (begun === preface), `HTTP/2: ${decisions[0]}`);
      const left: Buffer[] = [];
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) left.push(chunk);
      invariant(Buffer.concat(left).equals(bytes), "bytes are lost or duplicated");
    }
    socket.destroy();
    await nextTurn();
  },
};
