import { create, type DescMessage, type DescService, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { createValidator, type ValidationError, type Validator } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { onEachMessage } from "../transport/rpc/message-streams.ts";

/**
 * Up to so many elements a message has all of its violations collected, of which the first are reported: each takes some
 * 20 microseconds. Of a larger one only the first violation is.
 */
export const maxCollectedElements = 1_000;

/**
 * Makes the interceptor that enforces the rules in the protos on every request message; `errors.ts` has the answer.
 *
 * Compiles the rules of the services' methods at once: the first use of a rule takes tens of milliseconds, which no call is to
 * wait for.
 */
export function createValidation(services: readonly DescService[]): Interceptor {
  const validate = createValidate();
  for (const { methods } of services) {
    for (const { input } of methods) validate(input, create(input));
  }
  return (next) => (request) => {
    const check = (message: Message) => {
      const error = validate(request.method.input, message);
      if (error !== undefined) throw new ConnectError(error.message, Code.InvalidArgument, undefined, undefined, error);
    };
    if (request.stream) return next({ ...request, message: onEachMessage<Message>(request.message, check) });
    check(request.message);
    return next(request);
  };
}

/**
 * Makes a function that returns the rules that a message breaks, or undefined if it breaks none. What it costs does not
 * grow with the number of violations: validation stops at the first, and is repeated for all if the message is small.
 */
export function createValidate(): (schema: DescMessage, message: Message) => ValidationError | undefined {
  const first = createValidator({ failFast: true });
  const all = createValidator();
  return (schema, message) => {
    const error = violationOf(first, schema, message);
    if (error === undefined || countElements(reflect(schema, message)) > maxCollectedElements) return error;
    return violationOf(all, schema, message) ?? error;
  };
}

function violationOf(validator: Validator, schema: DescMessage, message: Message): ValidationError | undefined {
  const result = validator.validate(schema, message);
  if (result.kind === "error") throw result.error;
  return result.kind === "invalid" ? result.error : undefined;
}

/** The elements of the lists and maps of a message, at every depth; some number beyond the limit if there are more. */
function countElements(message: ReflectMessage, counted = 0): number {
  let elements = counted;
  for (const field of message.fields) {
    if (elements > maxCollectedElements) break;
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") {
      elements = countElements(message.get(field), elements);
    } else if (field.fieldKind === "list") {
      const list = message.get(field);
      elements += list.size;
      if (field.listKind !== "message" || elements > maxCollectedElements) continue;
      for (const each of list) elements = countElements(each as ReflectMessage, elements);
    } else if (field.fieldKind === "map") {
      elements += message.get(field).size;
    }
  }
  return elements;
}
