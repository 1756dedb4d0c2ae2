import type { IncomingMessage, ServerResponse } from "node:http";
import { resolve } from "node:path";
import send from "send";
import type { Exchange } from "./exchange/exchange.ts";
import { maxEchoBytes, truncateText } from "./response/truncate-error.ts";

/** Files whose names change with their contents: a browser caches them for a year. */
const hashedAssets = "/assets/";

// A page loads nothing from other origins and cannot be framed. It compiles WebAssembly, which computes the checksums of
// uploads, but evaluates no text as code.
const pageHeaders: Record<string, string> = {
  "content-security-policy":
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * Serves the files of a folder, with ETags. Serves `index.html` for every other path that a browser opens as a page: the
 * page has a router. Other requests get 404.
 */
export function createStaticFiles(folder: string): (exchange: Exchange) => void {
  const root = resolve(folder);

  function serve(path: string, request: IncomingMessage, response: ServerResponse, onMissing: () => void): void {
    send(request, path, { root, cacheControl: false })
      .on("headers", () => {
        const hashed = path.startsWith(hashedAssets);
        response.setHeader("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
        for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
      })
      .on("directory", onMissing)
      .on("error", () => {
        // The client must not take a part of a file for the whole.
        if (response.headersSent) response.destroy();
        else onMissing();
      })
      .pipe(response);
  }

  return (exchange) => {
    const { request, response } = exchange.toNode();
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (request.method !== "GET" && request.method !== "HEAD") {
      return looksLikeMethod(path) ? notFound(request, response) : refuseMethod(request, response);
    }
    serve(path, request, response, () => {
      if (!opensPage(path, request)) return notFound(request, response);
      serve("/index.html", request, response, () => notFound(request, response));
    });
  };
}

function opensPage(path: string, request: IncomingMessage): boolean {
  const looksLikeFile = /\.\w+$/.test(path);
  return !looksLikeFile && !looksLikeMethod(path) && (request.headers.accept ?? "").includes("text/html");
}

/** Whether a path is that of an RPC, as in `/package.Service/Method`. */
function looksLikeMethod(path: string): boolean {
  return /^\/[\w.]+\.[A-Z]\w*\/\w+$/.test(path);
}

/** Answers OPTIONS, with which load balancers check a server, and refuses other methods. */
function refuseMethod(request: IncomingMessage, response: ServerResponse): void {
  const allow = { allow: "GET, HEAD, OPTIONS" };
  if (request.method === "OPTIONS") return void response.writeHead(204, allow).end();
  response.writeHead(405, { ...allow, "content-type": "text/plain; charset=utf-8" });
  response.end(`${request.method} is not allowed here: use ${allow.allow}\n`);
}

function notFound(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
  response.end(`nothing is served for ${request.method} ${truncateText(request.url ?? "", maxEchoBytes)}\n`);
}
