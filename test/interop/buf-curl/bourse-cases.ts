import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Cases, expectEqual, expectTrue, mustGet } from "../run-cases.ts";
import { bufCurl, type Ended, ok, type Protocol, type Running } from "./buf-curl.ts";

const products = "bourse.product.v1.ProductService";
const quotes = "bourse.quote.v1.QuoteService";
const health = "grpc.health.v1.Health";

interface ProductResponse {
  readonly product: { readonly id: string; readonly name: string; readonly price?: { readonly units?: string } };
}

interface QuotesResponse {
  readonly started?: { readonly streamId: string; readonly subscriptions: readonly { readonly status: string }[] };
  readonly phase?: string;
  readonly quotes?: readonly { readonly symbol: string }[];
}

/** The cases of a complete server at `url`: products, quotes, health and reflection. The last one ends the server. */
export function bourseCases(url: string, protocol: Protocol): Cases {
  const start = <Response>(method: string, request: object): Running<Response> =>
    bufCurl(`${url}/${method}`, protocol, [request]);
  const get = (id: string): Promise<Ended<ProductResponse>> =>
    start<ProductResponse>(`${products}/GetProduct`, { id }).ended;
  const check = (service: string) => start<{ status: string }>(`${health}/Check`, { service }).ended;

  return {
    async "list-products"() {
      const { header, problem, responses, trailer } = await start(`${products}/ListProducts`, {}).ended;
      expectEqual("problem", problem, undefined);
      const [total = ""] = header.get("bourse-total-count") ?? [];
      expectEqual("products", responses.length, Number(total));
      expectEqual("trailer", trailer.get("bourse-sent-count"), [total]);
    },

    async "get-product"() {
      const listed = ok(await start<ProductResponse>(`${products}/ListProducts`, {}).ended).product;
      expectEqual("product", ok(await get(listed.id)).product, listed);
      expectEqual("missing", (await get("00000000-0000-4000-8000-000000000000")).problem?.code, "not_found");
    },

    async "create-product"() {
      const draft = { product: { name: "Desk", price: { currencyCode: "EUR", units: "250" } } };
      const made = ok(await start<ProductResponse>(`${products}/CreateProduct`, draft).ended).product;
      const { name, price } = ok(await get(made.id)).product;
      expectEqual("product", [name, price?.units], ["Desk", "250"]);
    },

    async "invalid-product"() {
      const { problem } = await start(`${products}/CreateProduct`, { product: { name: "" } }).ended;
      expectEqual("code", problem?.code, "invalid_argument");
      const fields = problem?.violations.map((violation) => violation.split(": ")[0]);
      expectEqual("fields", fields, ["product.name"]);
    },

    async "watch-quotes"() {
      const listing = start<{ instruments: { symbol: string }[] }>(`${quotes}/ListInstruments`, {});
      const symbol = ok(await listing.ended).instruments[0]?.symbol;
      const watch = start<QuotesResponse>(`${quotes}/WatchQuotes`, { symbols: [symbol, "NO.SUCH"] });
      let response = await watch.next();
      const unknown = response.started?.subscriptions[1]?.status;
      expectEqual("status of NO.SUCH", unknown, "SUBSCRIPTION_STATUS_UNKNOWN_SYMBOL");
      const streamId = response.started?.streamId ?? "";
      while (response.phase !== "QUOTE_PHASE_LIVE" || response.quotes === undefined) response = await watch.next();
      expectEqual("symbol", response.quotes[0]?.symbol, symbol);
      watch.interrupt();
      expectEqual("stream id", (await watch.ended).header.get("bourse-stream-id"), [streamId]);
    },

    async "health-check"() {
      for (const service of ["", quotes]) expectEqual(service, ok(await check(service)).status, "SERVING");
      expectEqual("missing", (await check("no.Such")).problem?.code, "not_found");
    },

    async "health-watch"() {
      for (const [service, want] of [
        ["", "SERVING"],
        ["no.Such", "SERVICE_UNKNOWN"],
      ]) {
        const watch = start<{ status: string }>(`${health}/Watch`, { service });
        expectEqual(`status of ${service}`, (await watch.next()).status, want);
        watch.interrupt();
        await watch.ended;
      }
    },

    async reflection() {
      const services = (await list("--list-services", url, protocol)).split("\n");
      for (const name of [products, quotes, health])
        expectTrue(`${name} is among ${services}`, services.includes(name));
      const methods = (await list("--list-methods", url, protocol)).split("\n");
      expectTrue(`methods are among ${methods}`, methods.includes(`${products}/CreateProduct`));
    },

    /** A server that shuts down after a signal notifies the clients that watch. */
    async shutdown() {
      const quoted = start<QuotesResponse>(`${quotes}/WatchQuotes`, { symbols: ["*"] });
      await quoted.next();
      const watch = start<{ status: string }>(`${health}/Watch`, {});
      expectEqual("health", (await watch.next()).status, "SERVING");

      process.kill(Number(mustGet("INTEROP_BOURSE_PID")), "SIGTERM");
      expectEqual("health", (await watch.next()).status, "NOT_SERVING");
      expectEqual("health's end", (await watch.ended).problem?.code, "unavailable");
      const { problem, trailer } = await quoted.ended;
      expectEqual("quotes' end", problem?.code, "unavailable");
      expectEqual("cursors in the trailers", trailer.get("bourse-cursor")?.length, 1);
    },
  };
}

async function list(what: string, url: string, protocol: Protocol): Promise<string> {
  const buf = join(import.meta.dirname, "../../../node_modules/@bufbuild/buf/bin/buf");
  const args = [buf, "curl", what, "--protocol", protocol, "--http2-prior-knowledge", url];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout;
}
