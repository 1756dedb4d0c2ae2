import type { IncomingMessage, ServerResponse } from "node:http";
import sirv from "sirv";
import type { Exchange } from "./exchange.ts";

/** Files whose names change with their contents: a browser need not ask again for a year. */
const hashedAssets = "/assets/";

// A page may load nothing from elsewhere and may not be framed.
const pageHeaders: Record<string, string> = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Serves the files of a folder, with ETags; `index.html` for every other path that a browser opens as a page, as the
 * page finds its way by itself; and 404 for the rest. The folder is looked through once.
 */
export function createStaticFiles(folder: string): (exchange: Exchange) => void {
  const serve = sirv(folder, {
    etag: true,
    setHeaders(response, path) {
      const hashed = path.startsWith(hashedAssets);
      response.setHeader("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
      for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
    },
  });
  return (exchange) => {
    const { request, response } = exchange.toNode();
    if (request.method !== "GET" && request.method !== "HEAD") return notFound(request, response);
    serve(request, response, () => {
      if (!opensPage(request)) return notFound(request, response);
      request.url = "/";
      serve(request, response, () => notFound(request, response));
    });
  };
}

function opensPage(request: IncomingMessage): boolean {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const looksLikeFile = /\.\w+$/.test(path);
  const looksLikeMethod = /^\/[\w.]+\.[A-Z]\w*\/\w+$/.test(path);
  return !looksLikeFile && !looksLikeMethod && (request.headers.accept ?? "").includes("text/html");
}

function notFound(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
  response.end(`nothing is served for ${request.method} ${request.url}\n`);
}
