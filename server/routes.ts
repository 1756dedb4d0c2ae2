import type { DescFile } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { Health as HealthService } from "../gen/health/v1/health_pb.ts";
import type { Health } from "./transport/health.ts";
import { registerReflection } from "./transport/reflection.ts";

/** The services of Bourse's own: what health is told of. */
export const bourseServices = [ProductService, OrderService, QuoteService] as const;

/** What the routes lead to. */
export interface Routes {
  readonly product: ServiceImpl<typeof ProductService>;
  readonly order: ServiceImpl<typeof OrderService>;
  readonly quote: ServiceImpl<typeof QuoteService>;
  readonly health: Health;
  /** The descriptors of all services, for reflection. */
  readonly files: Iterable<DescFile>;
}

/** Registers every service that is served. */
export function registerRoutes(router: ConnectRouter, { product, order, quote, health, files }: Routes): void {
  router.service(ProductService, product);
  router.service(OrderService, order);
  router.service(QuoteService, quote);
  router.service(HealthService, health.service());
  registerReflection(router, files);
}
