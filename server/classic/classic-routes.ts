import type { DescFile } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { AllStreamServer } from "../../gen/classic/helloworld/all_stream_pb.ts";
import { ClientStreamServer } from "../../gen/classic/helloworld/client_stream_pb.ts";
import { ServerStreamServer } from "../../gen/classic/helloworld/server_stream_pb.ts";
import { LaptopService } from "../../gen/classic/pcbook/laptop_service_pb.ts";
import { StreamServer } from "../../gen/classic/proto/stream_server_pb.ts";
import { StreamService } from "../../gen/classic/proto/stream_service_pb.ts";
import { ProductInfo } from "../../gen/classic/services/product_info_pb.ts";
import { type LaptopServiceOptions, laptopService } from "./laptop/laptop-service.ts";
import { type ProductInfoServiceOptions, productInfoService } from "./product-info-service.ts";
import {
  type AllStreamServerOptions,
  allStreamServer,
  clientStreamServer,
  serverStreamServer,
} from "./stream/helloworld-services.ts";
import { type StreamServerServiceOptions, streamServerService } from "./stream/stream-server-service.ts";
import { type StreamServiceOptions, streamService } from "./stream/stream-service.ts";

/** The services of the public gRPC tutorials. */
export const classicServices = [
  AllStreamServer,
  ClientStreamServer,
  LaptopService,
  ProductInfo,
  ServerStreamServer,
  StreamServer,
  StreamService,
] as const;

/** The tutorial services that store data. */
export const storingClassicServices = [LaptopService, StreamService] as const;

/** Whether a proto file belongs to the tutorials. */
export function isClassic({ name }: DescFile): boolean {
  return name.startsWith("classic/");
}

/** The dependencies of all tutorial services. */
export type ClassicOptions = AllStreamServerOptions &
  LaptopServiceOptions &
  ProductInfoServiceOptions &
  StreamServerServiceOptions &
  StreamServiceOptions;

/** Registers the tutorial services. */
export function registerClassicRoutes(router: ConnectRouter, options: ClassicOptions): void {
  router.service(AllStreamServer, allStreamServer(options));
  router.service(ClientStreamServer, clientStreamServer());
  router.service(LaptopService, laptopService(options));
  router.service(ProductInfo, productInfoService(options));
  router.service(ServerStreamServer, serverStreamServer());
  router.service(StreamServer, streamServerService(options));
  router.service(StreamService, streamService(options));
}
