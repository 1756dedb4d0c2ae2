import { Code, ConnectError, decodeBinaryHeader } from "@connectrpc/connect";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { codeName } from "../../server/transport/rpc/call-record.ts";
import { sendHeader, setHeader, setTrailer } from "../../server/transport/rpc/response-metadata.ts";
import type { Scenario } from "../wire/wire-service.ts";
import type { Notes } from "./notes.ts";

/** Resolves when a signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The scenarios of the wire service for calls of any kind. The cases of all clients use their names. */
export function wireScenarios(notes: Notes): Record<string, Scenario> {
  return {
    /** Responds to each request with its text. */
    async *echo(_context, requests, text) {
      yield text;
      for await (const request of requests) yield request.text;
    },

    /** Returns the texts of all requests, joined by commas. */
    async *join(_context, requests, text) {
      const texts = [text];
      for await (const request of requests) texts.push(request.text);
      yield texts.join(",");
    },

    /** Sends the numbers from 1 to the number in the text. */
    async *count(_context, _requests, text) {
      for (let at = 1; at <= Number(text); at++) yield String(at);
    },

    /** Sends headers immediately, and then waits until `post` is called with the same text. */
    async *"headers-first"(context, _requests, text) {
      sendHeader(context, { "x-early": "yes" });
      yield await notes.read(text, context.signal);
    },

    async *post(_context, _requests, text) {
      notes.post(text, "posted");
      yield "";
    },

    async *read(context, _requests, text) {
      yield await notes.read(text, context.signal);
    },

    /** Sends two values of a key as headers, and as trailers in two steps, and returns the received values. */
    async *metadata(context) {
      const bytes = decodeBinaryHeader(context.requestHeader.get("x-sent-bin") ?? "");
      setHeader(context, { "x-many": ["a", "b"], "x-echo-bin": bytes });
      setTrailer(context, { "x-many": "c" });
      yield context.requestHeader.get("x-sent") ?? "";
      setTrailer(context, { "x-many": "d", "x-echo-bin": bytes });
    },

    /** Fails with a header, trailers and a detail, after a message if the kind of call allows one. */
    async *fail(context) {
      setHeader(context, { "x-header": "sent" });
      setTrailer(context, { "x-before": "1" });
      yield "before";
      setTrailer(context, { "x-after": "2" });
      throw new ConnectError("the text is wrong: send another", Code.FailedPrecondition, undefined, [
        { desc: BadRequestSchema, value: { fieldViolations: [{ field: "text", description: "is wrong" }] } },
      ]);
    },

    /**
     * Waits until the client disconnects or the deadline expires. Posts a note when it starts to wait, and one with the
     * reason at the end. The text is the name of the notes.
     */
    async *hang(context, _requests, text) {
      const { signal } = context;
      sendHeader(context);
      notes.post(`${text} begun`);
      await aborted(signal);
      notes.post(text, codeName(ConnectError.from(signal.reason).code));
      signal.throwIfAborted();
      yield "continued";
    },

    /** Returns the remaining milliseconds of the deadline. */
    async *timeout(context) {
      yield String(Math.ceil(context.timeoutMs() ?? 0));
    },

    /** Returns the number of characters of all texts. */
    async *length(_context, requests, text) {
      let length = text.length;
      for await (const request of requests) length += request.text.length;
      yield String(length);
    },

    /** Returns a message. The text is the size of the message in bytes. */
    async *answer(_context, _requests, text) {
      yield "x".repeat(Number(text) - fieldOverheadBytes);
    },
  };
}

/** The size of the tag and the length of a text between 2 and 256 MiB, the only field of its message. */
const fieldOverheadBytes = 5;
