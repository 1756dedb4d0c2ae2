import { type IncomingHttpHeaders, request as requestHttp1 } from "node:http";
import { connect, type OutgoingHttpHeaders } from "node:http2";
import { Code } from "@connectrpc/connect";
import type { Target } from "./target.ts";

/** A request that is well-formed HTTP, whatever it holds. */
export interface Post {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long an answer may take. */
const answerMs = 8_000;

/**
 * Sends a request over HTTP/2, several times at once on one connection, and resolves to the answers: the code of the
 * call, `ok` too, if there is one, else the status of HTTP or how the stream ended.
 */
export async function postHttp2(target: Target, post: Post, times = 1): Promise<string[]> {
  const session = connect(target.url);
  session.on("error", () => {});
  try {
    return await Promise.all(Array.from({ length: times }, () => postOn(session, post)));
  } finally {
    session.destroy();
  }
}

/** The same over HTTP/1.1, each on a separate connection. */
export function postHttp1(target: Target, post: Post, times = 1): Promise<string[]> {
  return Promise.all(Array.from({ length: times }, () => postOnce(target, post)));
}

/** Gets a target over HTTP/1.1, and resolves to the answer. */
export function getHttp1({ host, port }: Target, path: string): Promise<string> {
  return new Promise((resolve) => {
    const request = requestHttp1({ host, port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("close", () => resolve(codeOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))));
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.end();
  });
}

function postOn(session: ReturnType<typeof connect>, { path, contentType, body, headers }: Post): Promise<string> {
  return new Promise((resolve) => {
    const all: OutgoingHttpHeaders = { ":method": "POST", ":path": path, "content-type": contentType, ...headers };
    const stream = session.request({ te: "trailers", ...all });
    const chunks: Buffer[] = [];
    let answer: IncomingHttpHeaders = {};
    let trailer: IncomingHttpHeaders = {};
    const late = setTimeout(() => stream.close(), answerMs);
    stream.on("response", (response) => {
      answer = response;
    });
    stream.on("trailers", (trailers) => {
      trailer = trailers;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.once("close", () => {
      clearTimeout(late);
      if (answer[":status"] === undefined) resolve(`RST code ${stream.rstCode}`);
      else resolve(codeOf(Number(answer[":status"]), { ...answer, ...trailer }, Buffer.concat(chunks)));
    });
    stream.end(body);
  });
}

function postOnce(target: Target, { path, contentType, body, headers }: Post): Promise<string> {
  return new Promise((resolve) => {
    const all = { "content-type": contentType, "content-length": body.length, ...headers };
    const { host, port } = target;
    const request = requestHttp1({ host, port, path, method: "POST", headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => {});
      response.once("close", () => resolve(codeOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))));
    });
    const late = setTimeout(() => request.destroy(), answerMs);
    request.once("close", () => clearTimeout(late));
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.end(body);
  });
}

/** Where each protocol has the code of a call: gRPC in trailers, gRPC-Web and Connect's streams in the last envelope. */
function codeOf(status: number, header: IncomingHttpHeaders, body: Buffer): string {
  const type = header["content-type"] ?? "";
  const text = body.toString("latin1");
  const grpcStatus = header["grpc-status"] ?? /grpc-status: (\d+)/.exec(text)?.[1];
  if (grpcStatus !== undefined) return grpcCodeName(Number(grpcStatus));
  const code = /"code":"(\w+)"/.exec(text)?.[1];
  if (/json|connect/.test(type) && code !== undefined) return code;
  return status === 200 && type !== "" ? "ok" : `HTTP ${status}`;
}

/** As Connect writes it. */
function grpcCodeName(code: number): string {
  if (code === 0) return "ok";
  return (Code[code] ?? `code ${code}`).replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
}
