import { status } from "@grpc/grpc-js";
import { type Cases, expectEqual, expectTrue } from "../run-cases.ts";
import { type Call, openChannel, start } from "./calls.ts";
import { violationsOf } from "./wire-cases.ts";
import { ok } from "./wire-service.ts";

const bourse = openChannel("INTEROP_BOURSE");

const products = "bourse.product.v1.ProductService";
const quotes = "bourse.quote.v1.QuoteService";

interface ProductResponse {
  readonly product: {
    readonly id: string;
    readonly name: string;
    readonly price: { readonly units: string } | null;
    readonly laptop: { readonly brand: string } | null;
  };
}

interface QuotesResponse {
  readonly started: {
    readonly streamId: string;
    readonly subscriptions: readonly { readonly status: string }[];
  } | null;
  readonly phase: string;
  readonly quotes: readonly { readonly symbol: string }[];
}

/** The cases of a complete server: products, quotes, health and reflection. */
export const bourseCases: Cases = {
  async "list-products"() {
    const call = startBourse(`${products}.ListProducts`, {});
    const [total] = (await call.header).get("bourse-total-count");
    const { code, responses, trailer } = await call.ended;
    expectEqual("end", code, status.OK);
    expectEqual("products", responses.length, Number(total));
    expectEqual("trailer", trailer.get("bourse-sent-count"), [total]);
  },

  async "get-product"() {
    const listing = startBourse<ProductResponse>(`${products}.ListProducts`, {});
    const { product } = await listing.next();
    listing.cancel();
    expectEqual("product", ok(await get(product.id)).product, product);
    expectEqual("missing", (await get("00000000-0000-4000-8000-000000000000")).code, status.NOT_FOUND);
  },

  async "create-product"() {
    const price = { currencyCode: "EUR", units: "250" };
    const draft = { product: { name: "Desk", price, laptop: { brand: "none" } } };
    const made = ok(await startBourse<ProductResponse>(`${products}.CreateProduct`, draft).ended).product;
    const got = ok(await get(made.id)).product;
    expectEqual("product", [got.name, got.price?.units, got.laptop?.brand], ["Desk", "250", "none"]);
  },

  async "invalid-product"() {
    const ended = await startBourse(`${products}.CreateProduct`, { product: { name: "" } }).ended;
    expectEqual("code", ended.code, status.INVALID_ARGUMENT);
    const fields = violationsOf(ended).map((violation) => violation.split(": ")[0]);
    expectEqual("fields", fields, ["product.name"]);
  },

  async "watch-quotes"() {
    const listing = startBourse<{ instruments: { symbol: string }[] }>(`${quotes}.ListInstruments`, {});
    const symbol = ok(await listing.ended).instruments[0]?.symbol;
    const call = startBourse<QuotesResponse>(`${quotes}.WatchQuotes`, { symbols: [symbol, "NO.SUCH"] });
    let response = await call.next();
    expectEqual("stream id", (await call.header).get("bourse-stream-id"), [response.started?.streamId ?? ""]);
    const unknown = response.started?.subscriptions[1]?.status;
    expectEqual("status of NO.SUCH", unknown, "SUBSCRIPTION_STATUS_UNKNOWN_SYMBOL");
    while (response.phase !== "QUOTE_PHASE_LIVE" || response.quotes.length === 0) response = await call.next();
    expectEqual("symbol", response.quotes[0]?.symbol, symbol);
    call.cancel();
    expectEqual("end", (await call.ended).code, status.CANCELLED);
  },

  async "health-check"() {
    for (const service of ["", quotes]) {
      const { status: servingStatus } = ok(await check(service));
      expectEqual(`status of ${service}`, servingStatus, "SERVING");
    }
    expectEqual("missing", (await check("no.Such")).code, status.NOT_FOUND);
  },

  async "health-watch"() {
    for (const [service, want] of [
      ["", "SERVING"],
      ["no.Such", "SERVICE_UNKNOWN"],
    ]) {
      const call = startBourse<{ status: string }>("grpc.health.v1.Health.Watch", { service });
      expectEqual(`status of ${service}`, (await call.next()).status, want);
      call.cancel();
    }
  },

  async reflection() {
    for (const version of ["v1", "v1alpha"]) {
      const call = start<ReflectionResponse>(
        bourse,
        `grpc.reflection.${version}.ServerReflection.ServerReflectionInfo`,
        [],
      );
      call.send({ listServices: "" });
      const listed = (await call.next()).listServicesResponse?.service.map(({ name }) => name) ?? [];
      for (const name of [products, quotes, "grpc.health.v1.Health"]) {
        expectTrue(`${name} is among ${listed}`, listed.includes(name));
      }
      call.send({ fileContainingSymbol: products });
      const files = (await call.next()).fileDescriptorResponse?.fileDescriptorProto ?? [];
      expectTrue("the response contains all imports of a service", files.length > 1);
      call.closeSend();
      expectEqual("end", (await call.ended).code, status.OK);
    }
  },
};

/** Starts a call of the complete server with one request. */
export function startBourse<Response>(name: string, request: object): Call<Response> {
  return start(bourse, name, [request]);
}

interface ReflectionResponse {
  readonly listServicesResponse: { readonly service: readonly { readonly name: string }[] } | null;
  readonly fileDescriptorResponse: { readonly fileDescriptorProto: readonly Buffer[] } | null;
}

function get(id: string) {
  return startBourse<ProductResponse>(`${products}.GetProduct`, { id }).ended;
}

function check(service: string) {
  return startBourse<{ status: string }>("grpc.health.v1.Health.Check", { service }).ended;
}
