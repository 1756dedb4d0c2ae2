import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { createStaticFiles } from "../../../server/transport/static-files.ts";
import { startTransportServer } from "../../../server/transport/transport-server.ts";
import { fuzzOutput } from "../engine/corpus.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// Requests for ranges of a file over HTTP/1.1, with any path and conditions. The response is the file, the range that
// the response names, or an error. It is never another file or more than the file.

const folder = join(fuzzOutput, "files");
const inside = join(folder, "served");
const content = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 251));
const secret = "this file must not be served";
mkdirSync(inside, { recursive: true });
writeFileSync(join(inside, "file.bin"), content);
writeFileSync(join(inside, ".hidden"), secret);
writeFileSync(join(folder, "outside.bin"), secret);

const server = await startTransportServer({
  host: "127.0.0.1",
  port: 0,
  routes: () => {},
  otherwise: createStaticFiles(inside),
});
const { hostname, port } = new URL(server.url);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const statuses = [200, 206, 304, 400, 403, 404, 405, 412, 416];
const headerNames = ["range", "if-range", "if-none-match", "if-modified-since", "if-match", "accept"] as const;

/** The maximum size of an error without the method and the path that it quotes. */
const maxErrorBytes = 400;

interface Answer {
  readonly status: number;
  readonly range: string | undefined;
  readonly body: Buffer;
}

export const target: FuzzTarget = {
  maxBytes: 400,
  seeds: [
    "\x00/file.bin\n\x00bytes=0-99",
    "\x00/file.bin\n\x00bytes=-1",
    "\x00/file.bin\n\x00bytes=0-0,2-3, 290-",
    "\x01/file.bin\n\x01x\n\x00bytes=299-",
    "\x00/%2e%2e/outside.bin\n\x02*",
    "\x00/.hidden\n\x03Mon, 30 Nov 2026 13:00:00 GMT",
    "\x00/a/b?c\n\x05text/html",
  ].map((text) => Buffer.from(text, "latin1")),
  async run(input) {
    const reader = new InputReader(input);
    const method = reader.pick(["GET", "HEAD"]);
    const path = reader.line();
    const headers: Record<string, string> = {};
    while (!reader.isAtEnd) headers[reader.pick(headerNames)] = reader.line();
    const answer = await ask(method, path, headers);
    if (answer === undefined) return;
    const { status, range, body } = answer;
    invariant(statuses.includes(status), `the status is ${status}`);
    invariant(!body.includes(secret), `${path} must not be served`);
    if (method === "HEAD") return invariant(body.length === 0, "the response to HEAD has a body");
    if (status === 206) {
      const [, first = "", last = ""] = /^bytes (\d+)-(\d+)\/300$/.exec(range ?? "") ?? [];
      invariant(first !== "", `the range is ${range}`);
      invariant(
        body.equals(content.subarray(Number(first), Number(last) + 1)),
        `the body differs from the range ${range}`,
      );
    } else if (status === 200) {
      invariant(body.equals(content), `received ${body.length} of 300 bytes`);
    } else {
      invariant(body.length <= maxErrorBytes + 4 * input.length, `the error has ${body.length} bytes`);
    }
  },
};

/** Returns undefined if Node's client rejects the request. */
function ask(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    try {
      const sent = request({ host: hostname, port, agent, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const range = response.headers["content-range"];
          resolve({ status: response.statusCode ?? 0, range, body: Buffer.concat(chunks) });
        });
      });
      sent.once("error", reject);
      sent.end();
    } catch (error) {
      if (error instanceof TypeError) resolve(undefined);
      else reject(error);
    }
  });
}
