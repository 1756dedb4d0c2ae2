import { createReadStream } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { JsonSequenceError, type JsonText, JsonValueSplitter } from "./json-value-splitter.ts";
import { MessageJsonError, parseMessageJson } from "./parse-message-json.ts";
import type { TypeResolver } from "./type-resolver.ts";

/** A value of `--data` that cannot be read, or that is not what the method takes. The message names the position. */
export class RequestInputError extends Error {
  override name = "RequestInputError";
}

/** A value of `--data`: a name for messages, and its text in pieces. */
export interface RequestInput {
  readonly name: string;
  read(signal: AbortSignal): AsyncIterable<string> | Iterable<string>;
}

/**
 * Returns the input of a value of `--data`: JSON, `@FILE`, or `-` or `@-` for standard input.
 *
 * @param position which `--data` it is, from 1, or undefined if it is the only one
 */
export function openRequestInput(value: string, position: number | undefined): RequestInput {
  const option = position === undefined ? "--data" : `--data number ${position}`;
  if (value === "-" || value === "@-") {
    return { name: "standard input", read: (signal) => readText(process.stdin, "standard input", signal) };
  }
  if (!value.startsWith("@")) return { name: option, read: () => [value] };
  const path = value.slice(1);
  return { name: path, read: (signal) => readText(createReadStream(path), path, signal) };
}

/**
 * Yields the messages of inputs, one input after the other, each message when its JSON is complete. Reads an input no faster
 * than its messages are taken.
 *
 * @param signal ends reading
 */
export async function* readRequestMessages(
  inputs: readonly RequestInput[],
  desc: DescMessage,
  types: TypeResolver,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  let count = 0;
  for (const input of inputs) {
    for await (const json of splitInput(input, signal)) {
      count++;
      yield await parse(json, input.name, count, desc, types);
    }
  }
}

/** Returns the only message of inputs. Without inputs, an empty message. */
export async function readOneMessage(
  inputs: readonly RequestInput[],
  desc: DescMessage,
  types: TypeResolver,
  method: string,
  signal: AbortSignal,
): Promise<Message> {
  if (inputs.length === 0) return create(desc);
  const done = new AbortController();
  const messages: Message[] = [];
  try {
    for await (const message of readRequestMessages(inputs, desc, types, AbortSignal.any([signal, done.signal]))) {
      messages.push(message);
      if (messages.length > 1) throw new RequestInputError(`${method} takes one message, and --data has more`);
    }
  } finally {
    done.abort();
  }
  const [message] = messages;
  if (message !== undefined) return message;
  throw new RequestInputError(`${inputs.map(({ name }) => name).join(", ")}: no JSON value; the empty message is {}`);
}

async function parse(
  json: JsonText,
  inputName: string,
  count: number,
  desc: DescMessage,
  types: TypeResolver,
): Promise<Message> {
  try {
    return await parseMessageJson(desc, json, types);
  } catch (error) {
    if (!(error instanceof MessageJsonError)) throw error;
    throw positioned(inputName, error, `message ${count} does not fit ${desc.typeName}: ${error.message}`);
  }
}

async function* splitInput(input: RequestInput, signal: AbortSignal): AsyncGenerator<JsonText> {
  const splitter = new JsonValueSplitter();
  try {
    for await (const text of input.read(signal)) yield* splitter.push(text);
    yield* splitter.end();
  } catch (error) {
    throw error instanceof JsonSequenceError ? positioned(input.name, error, error.message) : error;
  }
}

function positioned(inputName: string, { line, column }: JsonSequenceError | MessageJsonError, reason: string): Error {
  return new RequestInputError(`${inputName}, line ${line}, column ${column}: ${reason}`);
}

async function* readText(stream: Readable, name: string, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  addAbortSignal(signal, stream);
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof TypeError ? "it is not valid UTF-8" : (error as Error).message;
    throw new RequestInputError(`${name} cannot be read: ${reason}`);
  }
}
