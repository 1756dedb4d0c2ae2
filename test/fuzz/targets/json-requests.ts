import { fromJson, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";
import { registry, requestMethods, validate } from "../engine/request-types.ts";

// A message that is parsed from JSON can be serialized to JSON, and the round trip returns the same message. Validation
// accepts or rejects it.

const options = { registry, ignoreUnknownFields: true };

export const target: FuzzTarget = {
  maxBytes: 4_096,
  seeds: requestMethods.flatMap((method, index) => {
    const names = method.input.fields.map(({ jsonName }) => jsonName);
    const values = ["1", '"ACME"', '["ACME"]', "{}", "[{}]", "true", "null", '"2026-01-02T03:04:05.678Z"', '"3.5s"'];
    return values.map((value, at) =>
      Buffer.from(`${String.fromCharCode(index)}{"${names[at % names.length] ?? "x"}":${value}}`),
    );
  }),
  async run(input) {
    const reader = new InputReader(input);
    const method = reader.pick(requestMethods);
    let message: Message;
    try {
      const json = JSON.parse(reader.rest().toString("utf8")) as JsonValue;
      message = fromJson(method.input, json, options);
    } catch (error) {
      invariant(error instanceof Error && !(error instanceof TypeError), () => `fromJson threw ${error}`);
      return;
    }
    const json = toJson(method.input, message, options);
    const written = JSON.stringify(json);
    const again = JSON.stringify(toJson(method.input, fromJson(method.input, json, options), options));
    invariant(again === written, () => `${written} becomes ${again} in the round trip`);
    await validate(method, message);
  },
};
