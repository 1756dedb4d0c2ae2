import { readFileSync } from "node:fs";
import { createFileRegistry, type DescFile, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { Health as HealthService } from "../gen/health/v1/health_pb.ts";
import {
  type ClassicOptions,
  isClassic,
  registerClassicRoutes,
  storingClassicServices,
} from "./classic/classic-routes.ts";
import type { Health } from "./transport/services/health-service.ts";
import { registerReflection } from "./transport/services/reflection-service.ts";

/** The services of Bourse. */
// biome-ignore format: one entry on each line
export const bourseServices = [
  ProductService,
  OrderService,
  QuoteService,
  UploadService,
] as const;

/** The services that store data. All of Bourse do; QuoteService stores candles. */
export const storingServices = [...bourseServices, ...storingClassicServices] as const;

/** The implementations of the services. */
export interface Routes {
  readonly product: ServiceImpl<typeof ProductService>;
  readonly order: ServiceImpl<typeof OrderService>;
  readonly quote: ServiceImpl<typeof QuoteService>;
  readonly upload: ServiceImpl<typeof UploadService>;
  /** Undefined if the tutorial services are not served. */
  readonly classic: ClassicOptions | undefined;
  readonly health: Health;
}

/** Registers every service, and the standard services for health and reflection. */
export function registerRoutes(router: ConnectRouter, routes: Routes): void {
  const { classic, health } = routes;
  router.service(ProductService, routes.product);
  router.service(OrderService, routes.order);
  router.service(QuoteService, routes.quote);
  router.service(UploadService, routes.upload);
  if (classic !== undefined) registerClassicRoutes(router, classic);
  router.service(HealthService, health.service());
  registerReflection(
    router,
    readDescriptors().filter((file) => classic !== undefined || !isClassic(file)),
  );
}

/** Reads the descriptors of all services. Unlike those in the generated code, they include the comments of the protos. */
function readDescriptors(): DescFile[] {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../gen/descriptors.binpb", import.meta.url)));
  return [...createFileRegistry(set).files];
}
