import { type ClientRequest, type IncomingMessage, request as requestHttp1 } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Target } from "../target.ts";
import { type Answer, AnswerReader } from "./answer.ts";
import type { HttpRequest } from "./encoding.ts";

/** Sends hostile calls and reads the responses. Reuses one HTTP/2 connection until the server closes it. */
export interface AttackClient extends Disposable {
  /** Resolves to the response. Never rejects: after `timeoutMs` it resolves to the code `no answer`. */
  call(request: HttpRequest, timeoutMs: number): Promise<Answer>;
  /** Makes the next call open a connection, because a connection that closes during a burst fails its unsent calls. */
  renew(): void;
}

/** The time after the first message of a stream in which an error would arrive. After it the call is successful. */
const streamLingerMs = 40;

/** The time limit for the first message of a stream after its headers. */
const streamIdleMs = 1_000;

/** The maximum number of calls on one HTTP/2 connection. Each can end with a reset, and the server permits 1,000. */
const callsPerSession = 400;

/** Creates a client. The first call opens a connection. */
export function openAttackClient(target: Target): AttackClient {
  const sessions = new Set<ClientHttp2Session>();
  let session: ClientHttp2Session | undefined;
  let calls = 0;
  const ofSession = () => {
    if (session === undefined || session.closed || session.destroyed || calls >= callsPerSession) {
      session?.close();
      session = connect(target.url, { settings: { initialWindowSize: clientWindowBytes }, maxSessionMemory });
      const opened = session;
      sessions.add(opened);
      opened.once("close", () => sessions.delete(opened));
      session.on("error", () => {});
      session.on("connect", (connected) => connected.setLocalWindowSize(clientWindowBytes));
      calls = 0;
    }
    calls++;
    return session;
  };
  return {
    async call(request, timeoutMs) {
      if (request.http === 1) return callHttp1(target, request, timeoutMs);
      const used = ofSession();
      const answer = await callHttp2(used, request, timeoutMs);
      // Following calls must not use a connection on which a call failed.
      if (isBroken(answer)) {
        used.close();
        if (used === session) session = undefined;
      }
      return answer;
    },
    renew() {
      session?.close();
      session = undefined;
    },
    [Symbol.dispose]() {
      for (const each of sessions) each.destroy();
    },
  };
}

function isBroken({ code }: Answer): boolean {
  return code.startsWith("reset") || code === "no answer";
}

/**
 * In megabytes. Node counts the unsent bytes of reset streams until the session ends. Above the default of 10 it resets
 * each new stream with ENHANCE_YOUR_CALM.
 */
const maxSessionMemory = 10_000;

/** The flow-control window, so large that the client rarely delays the server. */
const clientWindowBytes = 4 * 1024 * 1024;

/** The end of a call. Only the first event counts. */
class CallEnd {
  readonly answer: Promise<Answer>;
  readonly reader: AnswerReader;
  readonly #resolve: (answer: Answer) => void;
  readonly #start = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #abandon: () => void;

  constructor(request: HttpRequest, timeoutMs: number, abandon: () => void) {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#abandon = abandon;
    this.reader = new AnswerReader(request.isEnveloped);
    this.after(timeoutMs, "no answer");
  }

  /** Ends the call with this code after a timeout, unless it has already ended. */
  after(ms: number, code: string): void {
    this.#timers.add(
      setTimeout(() => {
        this.settle({ code, errorBytes: 0, bodyBytes: this.reader.bytes });
        this.#abandon();
      }, ms),
    );
  }

  settle(result: Omit<Answer, "durationMs">): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#resolve({ ...result, durationMs: performance.now() - this.#start });
  }

  /** Handles a chunk. A stream that keeps sending messages is successful. */
  take(chunk: Buffer): void {
    const before = this.reader.messages;
    this.reader.take(chunk);
    if (before === 0 && this.reader.messages > 0) this.after(streamLingerMs, "ok");
  }
}

function callHttp2(session: ClientHttp2Session, request: HttpRequest, timeoutMs: number): Promise<Answer> {
  let stream: ClientHttp2Stream;
  const end = new CallEnd(request, timeoutMs, () => stream.close());
  try {
    stream = session.request({ ":method": request.verb, ":path": request.path, ...request.headers });
  } catch (error) {
    end.settle({ code: (error as NodeJS.ErrnoException).code ?? "no stream", errorBytes: 0, bodyBytes: 0 });
    return end.answer;
  }
  let status = 0;
  let fields: Record<string, unknown> = {};
  const add = (headers: Readonly<Record<string, unknown>>) => {
    fields = { ...fields, ...headers };
  };
  stream.on("response", (headers) => {
    status = Number(headers[":status"]);
    add(headers);
    if (request.isEnveloped && headers["grpc-status"] === undefined) end.after(streamIdleMs, "ok");
  });
  stream.on("trailers", add);
  stream.on("data", (chunk: Buffer) => end.take(chunk));
  stream.on("error", () => {});
  stream.once("close", () => {
    if (status > 0 && stream.rstCode === 0) return end.settle(end.reader.result(status, fields));
    // After the response, a reset means that the server discards the rest of the request. Before it, the call failed.
    const result = end.reader.result(status, fields);
    const isAnswered = status > 0 && result.code !== "ok";
    end.settle(isAnswered ? result : { code: `reset ${stream.rstCode}`, errorBytes: 0, bodyBytes: result.bodyBytes });
  });
  send(stream, request);
  return end.answer;
}

function callHttp1(target: Target, request: HttpRequest, timeoutMs: number): Promise<Answer> {
  const length = request.body.reduce((sum, part) => sum + part.length, 0);
  const outgoing: ClientRequest = requestHttp1({
    host: target.host,
    port: target.port,
    path: request.path,
    method: request.verb,
    headers: { ...request.headers, ...(request.verb === "POST" && { "content-length": length }) },
    agent: false,
  });
  const end = new CallEnd(request, timeoutMs, () => outgoing.destroy());
  let answered: IncomingMessage | undefined;
  outgoing.once("response", (response: IncomingMessage) => {
    answered = response;
    response.on("data", (chunk: Buffer) => end.take(chunk));
    response.on("error", () => {});
    if (request.isEnveloped) end.after(streamIdleMs, "ok");
    response.once("close", () => {
      const fields = { ...response.headers, ...response.trailers };
      end.settle(end.reader.result(response.statusCode ?? 0, fields));
    });
  });
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    // The server does not need to read the rest of a request after the response.
    if (answered !== undefined) return;
    end.settle({ code: error.code ?? error.message, errorBytes: 0, bodyBytes: 0 });
  });
  send(outgoing, request);
  return end.answer;
}

function send(outgoing: ClientRequest | ClientHttp2Stream, { body }: HttpRequest): void {
  for (const part of body.slice(0, -1)) outgoing.write(part);
  outgoing.end(body.at(-1));
}
