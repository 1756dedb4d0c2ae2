import { type DescMethod, type Message, toJsonString } from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { type CallError, decodeCallError, exitCodeOf, isConnectionError } from "./call-error.ts";
import type { DescriptorSource } from "./descriptor-source.ts";
import { findMethod } from "./find-method.ts";
import { invokeMethod } from "./invoke-method.ts";
import type { Header } from "./parse-header.ts";
import { type RequestInput, readOneMessage, readRequestMessages } from "./request-input.ts";
import { TypeResolver } from "./type-resolver.ts";

export interface CallSettings {
  /** The name of the method, as SERVICE/METHOD. */
  readonly method: string;
  readonly source: DescriptorSource;
  /** Opens the transport of the call. Throws if the method needs another one. */
  openTransport(method: DescMethod): Transport;
  readonly inputs: readonly RequestInput[];
  readonly headers: readonly Header[];
  /** The deadline that the server gets, in milliseconds from now. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** Connect joins the headers and trailers of a failed unary call: those are `metadata`. */
export type MetadataKind = "header" | "trailer" | "metadata";

/** Where a call writes. */
export interface CallOutput {
  /** Indents messages. Otherwise each is on one line. */
  readonly isIndented: boolean;
  /** Prints a line to standard output. Waits for a slow reader. */
  print(line: string): Promise<void>;
  /** Headers and trailers, as they arrive. Absent: they are not shown. */
  readonly onMetadata?: ((kind: MetadataKind, metadata: Headers) => void) | undefined;
  /** The call has ended with an error of the server. */
  onError(method: string, error: CallError): void;
  /** Prints a note for the user. */
  note(line: string): void;
}

/**
 * Calls a method and prints its responses. Returns the exit code: 0, or that of the code of its error. Throws other errors,
 * as if a request does not fit, and connection errors.
 */
export async function callMethod(settings: CallSettings, output: CallOutput): Promise<number> {
  const { source, signal, inputs } = settings;
  const { method, types: files } = await findMethod(source, settings.method);
  const types = new TypeResolver(files, source);
  const end = new AbortController();
  const metadata = new MetadataOutput(output);
  const name = `${method.parent.typeName}/${method.name}`;
  try {
    const responses = invokeMethod({
      transport: settings.openTransport(method),
      method,
      requests: readRequests(method, inputs, types, AbortSignal.any([signal, end.signal]), output),
      headers: new Headers(settings.headers.map(([key, value]) => [key, value])),
      ...(settings.timeoutMs !== undefined && { timeoutMs: settings.timeoutMs }),
      signal: AbortSignal.any([signal, end.signal]),
      onHeader: (header) => metadata.show("header", header),
      onTrailer: (trailer) => metadata.show("trailer", trailer),
    });
    for await (const message of responses) {
      const text = await formatMessage(method, message, types, output.isIndented);
      for (const line of text.split("\n")) await output.print(line);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ConnectError) || signal.aborted || isConnectionError(error)) throw error;
    metadata.showOfError(error);
    output.onError(name, await decodeCallError(error, types));
    return exitCodeOf(error.code);
  } finally {
    end.abort();
  }
}

function readRequests(
  method: DescMethod,
  inputs: readonly RequestInput[],
  types: TypeResolver,
  signal: AbortSignal,
  { note }: CallOutput,
): AsyncIterable<Message> {
  const isStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  if (isStream) {
    if (inputs.length === 0) note(`${method.name} takes a stream of messages, and there is none: --data gives them`);
    return readRequestMessages(inputs, method.input, types, signal);
  }
  return (async function* () {
    yield await readOneMessage(inputs, method.input, types, method.name, signal);
  })();
}

/** Formats a response, with the names of the proto, and with the types that `google.protobuf.Any` names. */
async function formatMessage({ output }: DescMethod, message: Message, types: TypeResolver, isIndented: boolean) {
  return types.convert((registry) =>
    toJsonString(output, message, { registry, useProtoFieldName: true, ...(isIndented && { prettySpaces: 2 }) }),
  );
}

/** Shows the headers and trailers of one call. */
class MetadataOutput {
  readonly #output: CallOutput;
  #header: Headers | undefined;

  constructor(output: CallOutput) {
    this.#output = output;
  }

  show(kind: "header" | "trailer", metadata: Headers): void {
    if (kind === "header") this.#header = metadata;
    this.#output.onMetadata?.(kind, metadata);
  }

  /** Shows the metadata of an error: its headers and its trailers. */
  showOfError({ metadata }: ConnectError): void {
    const header = this.#header;
    if (header === undefined) this.#output.onMetadata?.("metadata", metadata);
    else this.#output.onMetadata?.("trailer", new Headers([...metadata].filter(([key]) => !header.has(key))));
  }
}
