import { type IncomingHttpHeaders, request as requestHttp1 } from "node:http";
import { connect, type OutgoingHttpHeaders } from "node:http2";
import { Code } from "@connectrpc/connect";
import type { Target } from "./target.ts";

/** A well-formed HTTP request with any content. */
export interface Post {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The time limit for a response. */
const answerMs = 8_000;

/**
 * Sends a request over HTTP/2, several times concurrently on one connection. Resolves to the outcomes: the code of the
 * call or `ok`, or the HTTP status or the ending of the stream if there is no code.
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

/** Does the same over HTTP/1.1, with a connection for each request. */
export function postHttp1(target: Target, post: Post, times = 1): Promise<string[]> {
  return Promise.all(Array.from({ length: times }, () => postOnce(target, post)));
}

/** Sends a GET over HTTP/1.1, and resolves to the outcome. */
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

/** Reads the code of a call. gRPC sends it in trailers, gRPC-Web and Connect streams in the last envelope. */
function codeOf(status: number, header: IncomingHttpHeaders, body: Buffer): string {
  const type = header["content-type"] ?? "";
  const text = body.toString("latin1");
  const grpcStatus = header["grpc-status"] ?? /grpc-status: (\d+)/.exec(text)?.[1];
  if (grpcStatus !== undefined) return grpcCodeName(Number(grpcStatus));
  const code = /"code":"(\w+)"/.exec(text)?.[1];
  if (/json|connect/.test(type) && code !== undefined) return code;
  return status === 200 && type !== "" ? "ok" : `HTTP ${status}`;
}

/** Formats the code as Connect does. */
function grpcCodeName(code: number): string {
  if (code === 0) return "ok";
  return (Code[code] ?? `code ${code}`).replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
}
