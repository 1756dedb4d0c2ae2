import { Code } from "@connectrpc/connect";

/** The response to one call. */
export interface Answer {
  /** The code as Connect writes it, `ok` too; else the status of HTTP, or how the stream or connection ended. */
  readonly code: string;
  /** Bytes of the error: trailers and headers that carry it, or the body. 0 if there is none. */
  readonly errorBytes: number;
  /** Bytes of messages. */
  readonly bodyBytes: number;
  readonly durationMs: number;
}

/** How much of an answer is kept to read its code: no right error is larger. */
const keptBytes = 1024 * 1024;

const prefixBytes = 5;

/** Flags of the envelope that ends a stream: Connect's and gRPC-Web's. */
const endFlags = 0x02 | 0x80;

/** Reads the code of a call from its answer, and keeps no more of it than that needs. */
export class AnswerReader {
  /** Bytes that have come in the body. */
  bytes = 0;
  /** Messages that have begun to come. */
  messages = 0;
  readonly #isEnveloped: boolean;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #prefix: Buffer = Buffer.of();
  #left = 0;
  #isEnd = false;
  #endBytes = 0;

  constructor(isEnveloped: boolean) {
    this.#isEnveloped = isEnveloped;
  }

  /** Takes a chunk of the body. */
  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!this.#isEnveloped) this.#keep(chunk);
    let rest = this.#isEnveloped ? chunk : Buffer.of();
    while (rest.length > 0) {
      if (this.#left === 0) rest = this.#takePrefix(rest);
      const part = rest.subarray(0, this.#left);
      this.#left -= part.length;
      if (this.#isEnd) this.#keep(part);
      rest = rest.subarray(part.length);
    }
  }

  /** The code and size of the error, if there is one, from the status, the headers and the trailers. */
  result(status: number, fields: Readonly<Record<string, unknown>>): Omit<Answer, "durationMs"> {
    const text = Buffer.concat(this.#kept).toString("latin1");
    const grpcStatus = fields["grpc-status"] ?? /grpc-status: ?(\d+)/i.exec(text)?.[1];
    const code = this.#codeOf(status, grpcStatus, text);
    const size = fieldBytes(fields) + (this.#isEnveloped && status === 200 ? this.#endBytes : this.bytes);
    return { code, errorBytes: code === "ok" ? 0 : size, bodyBytes: this.bytes };
  }

  #codeOf(status: number, grpcStatus: unknown, text: string): string {
    if (grpcStatus !== undefined) return grpcCodeName(Number(grpcStatus));
    const code = /"code": ?"(\w+)"/.exec(text)?.[1];
    if (status !== 200 || this.#isEnveloped) return code ?? (status === 200 ? "ok" : `HTTP ${status}`);
    return "ok";
  }

  #takePrefix(chunk: Buffer): Buffer {
    const needed = prefixBytes - this.#prefix.length;
    this.#prefix = Buffer.concat([this.#prefix, chunk.subarray(0, needed)]);
    if (this.#prefix.length < prefixBytes) return Buffer.of();
    this.#left = this.#prefix.readUInt32BE(1);
    this.#isEnd = (this.#prefix.readUInt8(0) & endFlags) !== 0;
    if (this.#isEnd) this.#endBytes = this.#left;
    else this.messages++;
    this.#prefix = Buffer.of();
    return chunk.subarray(needed);
  }

  #keep(chunk: Buffer): void {
    if (this.#keptBytes >= keptBytes) return;
    this.#kept.push(chunk);
    this.#keptBytes += chunk.length;
  }
}

function fieldBytes(fields: Readonly<Record<string, unknown>>): number {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
}

function grpcCodeName(code: number): string {
  if (code === 0) return "ok";
  return (Code[code] ?? `code ${code}`).replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
}
