import type { DescFile } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { Health as HealthService } from "../gen/health/v1/health_pb.ts";
import { type ClassicOptions, registerClassicRoutes } from "./classic/classic-routes.ts";
import type { Health } from "./transport/services/health.ts";
import { registerReflection } from "./transport/services/reflection.ts";

/** The services of Bourse's own: what health is told of. */
export const bourseServices = [ProductService, OrderService, QuoteService, UploadService] as const;

/** What the routes lead to. */
export interface Routes {
  readonly product: ServiceImpl<typeof ProductService>;
  readonly order: ServiceImpl<typeof OrderService>;
  readonly quote: ServiceImpl<typeof QuoteService>;
  readonly upload: ServiceImpl<typeof UploadService>;
  /** Absent: the classic services are left out. */
  readonly classic?: ClassicOptions;
  readonly health: Health;
  /** The descriptors of all services, for reflection. */
  readonly files: Iterable<DescFile>;
}

/** Registers every service that is served. */
export function registerRoutes(router: ConnectRouter, routes: Routes): void {
  const { product, order, quote, upload, classic, health, files } = routes;
  router.service(ProductService, product);
  router.service(OrderService, order);
  router.service(QuoteService, quote);
  router.service(UploadService, upload);
  if (classic !== undefined) registerClassicRoutes(router, classic);
  router.service(HealthService, health.service());
  registerReflection(router, files);
}
