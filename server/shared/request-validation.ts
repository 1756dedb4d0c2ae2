import { create, type DescMessage, type DescService, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { createValidator, type ValidationError, type Validator } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { onEachMessage } from "../transport/rpc/message-iterables.ts";

/**
 * The maximum number of elements of a message whose violations are all collected: each takes about 20 microseconds. In a
 * larger message, validation stops at the first violation.
 */
export const maxCollectedElements = 1_000;

/**
 * Returns the interceptor that checks the rules of the protos on every request message. `toConnectError` makes the error
 * that the client receives.
 *
 * Compiles the rules of all methods first: the first use of a rule takes tens of milliseconds, which would delay a call.
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
 * Returns a function that returns the violations of a message, or undefined if it is valid. Its cost does not grow with the
 * number of violations: validation stops at the first one, and is repeated for all if the message is small.
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

/** Counts the elements of the lists and maps of a message at every depth. Stops after {@link maxCollectedElements}. */
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
