import { type DescMessage, fromJsonString, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { DescriptorError } from "./descriptor-source.ts";
import { findMisfit, type Misfit } from "./find-misfit.ts";
import type { JsonText } from "./json-value-splitter.ts";
import type { TypeResolver } from "./type-resolver.ts";

/** JSON that does not fit a message. */
export class MessageJsonError extends Error {
  override name = "MessageJsonError";
  /** The position in the input, from 1. */
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Integers with fewer digits are exact as a double. */
const maybeInexact = /\d{16}/;

/**
 * Parses a message. Throws a {@link MessageJsonError} that names the field and its position if the JSON does not fit, if a
 * key is unknown or repeated, or if an integer is not exact as a JSON number.
 */
export async function parseMessageJson(desc: DescMessage, json: JsonText, types: TypeResolver): Promise<Message> {
  try {
    const message = await types.convert((registry) => fromJsonString(desc, json.text, { registry }));
    if (!maybeInexact.test(json.text)) return message;
    const misfit = await types.convert((registry) => findMisfit(desc, json.text, registry));
    if (misfit === undefined) return message;
    throw misfitError(misfit, json);
  } catch (error) {
    // Types that cannot be loaded are no fault of the JSON.
    if (error instanceof MessageJsonError || error instanceof ConnectError || error instanceof DescriptorError)
      throw error;
    const misfit = await types.convert((registry) => findMisfit(desc, json.text, registry));
    throw misfitError(misfit ?? { path: "", line: 1, column: 1, reason: (error as Error).message }, json);
  }
}

function misfitError(misfit: Misfit, json: JsonText): MessageJsonError {
  const { path, reason, line, column } = misfit;
  return new MessageJsonError(
    path === "" ? reason : `field ${path}: ${reason}`,
    json.line + line - 1,
    line === 1 ? json.column + column - 1 : column,
  );
}
