import { Code } from "@connectrpc/connect";
import type { Exchange } from "../exchange/exchange.ts";
import { withoutNeedlessEscapes } from "../response/limit-grpc-status.ts";
import { maxEchoBytes, truncateText } from "../response/truncate-error.ts";
import { codeName } from "./call-record.ts";

/**
 * A protocol of calls: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md,
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md, https://connectrpc.com/docs/protocol
 */
export type RpcProtocol = "grpc" | "grpc-web" | "connect";

/** Returns the protocol of a request by its content type; undefined if the content type is not that of a call. */
export function protocolOf(exchange: Exchange): RpcProtocol | undefined {
  const type = exchange.header.get("content-type") ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  if (type.startsWith("application/grpc")) return "grpc";
  if (exchange.method === "POST" && /^application\/(connect\+)?(proto|json)\b/.test(type)) return "connect";
  return undefined;
}

/** Answers a call of an unknown method with UNIMPLEMENTED, in the format of its protocol. Returns true. */
export function refuseUnknownMethod(exchange: Exchange, path: string, protocol: RpcProtocol): true {
  const shown = truncateText(path, maxEchoBytes);
  const message = `no method is served at ${shown}: check the service and the method, or ask reflection for the list`;
  if (protocol === "connect") {
    exchange.respond(404, { "content-type": "application/json" });
    void exchange.write([Buffer.from(JSON.stringify({ code: codeName(Code.Unimplemented), message }))]);
  } else {
    exchange.respond(
      200,
      {
        "content-type": `application/${protocol}${isJson(exchange) ? "+json" : "+proto"}`,
        "grpc-status": String(Code.Unimplemented),
        "grpc-message": withoutNeedlessEscapes(encodeURIComponent(message)),
      },
      "without body",
    );
  }
  void exchange.end();
  return true;
}

function isJson({ header }: Exchange): boolean {
  return header.get("content-type")?.includes("+json") === true;
}
