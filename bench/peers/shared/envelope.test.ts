import { expect, test } from "vitest";
import { EnvelopeReader, envelope } from "./envelope.ts";

const messages = ["", "one", "a longer message"].map((text) => Buffer.from(text));
const bytes = Buffer.concat(messages.map(envelope));

test.each([1, 2, 3, 7, bytes.length])("the reader reassembles messages from fragments of %i bytes", (size) => {
  const read: string[] = [];
  const reader = new EnvelopeReader((message) => read.push(message.toString()));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  expect(read).toEqual(["", "one", "a longer message"]);
});
