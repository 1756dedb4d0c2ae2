import { validateHeaderName, validateHeaderValue } from "node:http";
import { decodeBinaryHeader } from "@connectrpc/connect";
import { withoutNeedlessEscapes } from "../../../server/transport/response/limit-grpc-status.ts";
import { checkMetadata, type Metadata, MetadataError } from "../../../server/transport/rpc/metadata-rules.ts";
import { declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// Valid metadata reaches the client unchanged. Error messages reach the client unchanged over gRPC.

export const target: FuzzTarget = {
  maxBytes: 512,
  seeds: [
    Buffer.from("\x00bourse-order-count\n12"),
    Buffer.from("\x01digest-bin\n\x00\x01\xff"),
    Buffer.from("\x00grpc-status\n0"),
    Buffer.from("\x00Key\n inner blank "),
    Buffer.from("\x02a: b %25 \u20ac"),
  ],
  run(input) {
    const reader = new InputReader(input);
    const kind = reader.pick(["text", "bytes", "message"]);
    if (kind === "message") return checkMessage(reader.rest().toString("utf8"));
    const key = reader.line();
    const value = kind === "bytes" ? Uint8Array.from(reader.rest()) : reader.rest().toString("utf8");
    const checked = declared(() => checkMetadata({ [key]: value } satisfies Metadata), MetadataError);
    if (checked instanceof MetadataError) return;
    for (const [name, values] of checked) {
      const text = values.join();
      validateHeaderName(name);
      validateHeaderValue(name, text);
      const received = new Headers([[name.toLowerCase(), text]]).get(name) ?? "";
      invariant(received === text, () => `${JSON.stringify(text)} is received as ${JSON.stringify(received)}`);
      const came = typeof value === "string" ? received : Buffer.from(decodeBinaryHeader(received)).toString("hex");
      const went = typeof value === "string" ? value : Buffer.from(value).toString("hex");
      invariant(came === went, () => `${JSON.stringify(went)} is received as ${JSON.stringify(came)}`);
      invariant(
        !/^(grpc-|connect-|:|trailer-)|^content-(length|type|encoding)$/.test(name),
        `${name} is the protocols'`,
      );
    }
  },
};

/** Escapes with encodeURIComponent, and then decodes some of the escapes. */
function checkMessage(text: string): void {
  const message = text.toWellFormed();
  const escaped = withoutNeedlessEscapes(encodeURIComponent(message));
  invariant(/^[!-~]*$/.test(escaped), () => `${JSON.stringify(escaped)} is not printable ASCII`);
  invariant(
    decodeURIComponent(escaped) === message,
    () => `${JSON.stringify(message)} became ${JSON.stringify(escaped)}`,
  );
}
