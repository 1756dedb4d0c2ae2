import { join } from "node:path";
import { loadPackageDefinition, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { expectEqual, expectTrue } from "../run-cases.ts";
import { type Call, type Ended, openChannel, startOf } from "./calls.ts";

const protos = join(import.meta.dirname, "../classic-protos");

const services = loadPackageDefinition(
  loadSync(
    ["productinfo.proto", "streamserver.proto", "streamservice.proto", "helloworld.proto", "pcbook.proto"].map((file) =>
      join(protos, file),
    ),
    { enums: String, longs: Number, defaults: true },
  ),
);

const bourse = openChannel("INTEROP_BOURSE");

/** Calls a classic method, for example `proto.StreamServer.Route`. Without requests, a request stream stays open. */
export function startClassic<Response>(name: string, ...requests: readonly object[]): Call<Response> {
  return startOf(services, bourse, name, requests);
}

/** Fails the case unless a call failed with the code and a message that contains a text. */
export async function failedWith(code: status, text: string, call: Call<unknown>): Promise<Ended<unknown>> {
  const ended = await call.ended;
  expectEqual(`code (${ended.message})`, ended.code, code);
  expectTrue(`"${ended.message}" has ${text}`, ended.message.includes(text));
  return ended;
}

/** Returns the responses of a successful call. */
export async function allOf<Response>(call: Call<Response>): Promise<readonly Response[]> {
  const { code, message, responses } = await call.ended;
  expectEqual(`end (${message})`, code, status.OK);
  return responses;
}
