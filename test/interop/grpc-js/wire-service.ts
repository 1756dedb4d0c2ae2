import { type Client, status } from "@grpc/grpc-js";
import { type Call, type Ended, openChannel, type Sent, start } from "./calls.ts";

/** The methods of the wire service, one of each kind. */
export const kinds = ["Unary", "ServerStream", "ClientStream", "BidiStream"] as const;
export type Kind = (typeof kinds)[number];

/** A response of the wire service. */
export interface WireResponse {
  readonly text: string;
}

/** The channel of most cases. */
export const wire = openChannel("INTEROP_WIRE");

/** Starts a call of the wire service with a request for each text. Without texts, a request stream stays open. */
export function startWire(
  kind: Kind,
  scenario: string,
  texts: readonly string[],
  { on = wire, ...sent }: Sent & { readonly on?: Client } = {},
): Call<WireResponse> {
  const requests = texts.map((text) => ({ scenario, text }));
  return start(on, `test.wire.v1.WireService.${kind}`, requests, sent);
}

/** Makes a complete call of the wire service. */
export function callWire(
  kind: Kind,
  scenario: string,
  text: string,
  sent: Sent & { readonly on?: Client } = {},
): Promise<Ended<WireResponse>> {
  return startWire(kind, scenario, [text], sent).ended;
}

/** Returns the text of the response to a unary call. */
export async function ask(scenario: string, text = ""): Promise<string> {
  return textOf(await callWire("Unary", scenario, text));
}

/** Returns the text of the last response of a successful call. Throws if the call failed. */
export function textOf(ended: Ended<WireResponse>): string {
  return ok(ended).text;
}

/** Returns the last response of a successful call. Throws if the call failed. */
export function ok<Response>({ code, message, responses }: Ended<Response>): Response {
  const last = responses.at(-1);
  if (code !== status.OK || last === undefined) throw new Error(`the call failed with ${status[code]}: ${message}`);
  return last;
}
