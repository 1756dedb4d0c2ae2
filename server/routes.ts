import type { DescFile } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { Health as HealthService } from "../gen/health/v1/health_pb.ts";
import type { Health } from "./transport/health.ts";
import { registerReflection } from "./transport/reflection.ts";

/** The services of Bourse's own: what health is told of. */
export const bourseServices = [ProductService, QuoteService, UploadService] as const;

/** What the routes lead to. */
export interface Routes {
  readonly product: ServiceImpl<typeof ProductService>;
  readonly quote: ServiceImpl<typeof QuoteService>;
  readonly upload: ServiceImpl<typeof UploadService>;
  readonly health: Health;
  /** The descriptors of all services, for reflection. */
  readonly files: Iterable<DescFile>;
}

/** Registers every service that is served. */
export function registerRoutes(router: ConnectRouter, { product, quote, upload, health, files }: Routes): void {
  router.service(ProductService, product);
  router.service(QuoteService, quote);
  router.service(UploadService, upload);
  router.service(HealthService, health.service());
  registerReflection(router, files);
}
