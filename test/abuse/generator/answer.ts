import { Code } from "@connectrpc/connect";

/** The response to one call. */
export interface Answer {
  /** The code in Connect's form, or `ok`. Without a code, the HTTP status or the ending of the stream or connection. */
  readonly code: string;
  /** The size of the error in bytes: of its trailers and headers, or of the body. 0 if there is no error. */
  readonly errorBytes: number;
  /** The size of the messages in bytes. */
  readonly bodyBytes: number;
  readonly durationMs: number;
}

/** The number of response bytes that are kept to read the code. No valid error is larger. */
const keptBytes = 1024 * 1024;

const prefixBytes = 5;

/** The flags of the end-of-stream envelopes of Connect and gRPC-Web. */
const endFlags = 0x02 | 0x80;

/** Reads the code of a call from its response, and keeps only the bytes that it needs. */
export class AnswerReader {
  /** The number of received body bytes. */
  bytes = 0;
  /** The number of messages whose envelope has been received. */
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

  /** Reads a chunk of the body. */
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

  /** Returns the code, and the size of the error if there is one, from the status, the headers and the trailers. */
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
