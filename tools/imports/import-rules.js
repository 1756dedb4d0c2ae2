import { isTestCode } from "./source-files.js";

/** The folders of server/ that are not families. The rules of families apply to every other folder. */
const sharedFolders = ["config", "logging", "shared", "storage", "transport"];

/** Families that are composed of other families: the tutorial services, and operation. */
const compositeFamilies = ["classic", "ops"];

/** Files that implement an interface with one technology, or with one source of quotes. */
const implementation = /\/(?:(?:sqlite|postgres|nats|s3)-[^/]+|(?!quote-feed)[^/]+-feed)\.ts$/;

/**
 * @typedef {object} ImportRule
 * @property {string} name
 * @property {(each: import("./import-graph.js").Import) => boolean} refuses
 * @property {string} advice what to do instead
 */

/** The rules for single imports. Tests and test code may import anything. @type {readonly ImportRule[]} */
export const importRules = [
  {
    name: "a family imports no other family",
    refuses: ({ from, to }) => {
      const [importer, imported] = [familyOf(from), familyOf(to)];
      if (importer === undefined || imported === undefined) return false;
      return importer !== imported && !compositeFamilies.includes(importer);
    },
    advice: "declare an interface in the importing family and fill it in server/app.ts",
  },
  {
    name: "server/transport imports only itself and generated code of no family",
    refuses: ({ from, to }) =>
      isIn(from, "server/transport/") && /^(server\/(?!transport\/)|client\/|gen\/(bourse|classic)\/)/.test(to),
    advice: "pass it in as an option of the transport",
  },
  {
    name: "server/storage, server/shared and server/logging import no family",
    refuses: ({ from, to }) => /^server\/(storage|shared|logging)\//.test(from) && familyOf(to) !== undefined,
    advice: "move the file into the family, or pass in what it needs",
  },
  {
    name: "only server/app.ts and a family's open-*.ts import implementations",
    refuses: ({ from, to }) => isIn(from, "server/") && implementation.test(to) && !composes(from, to),
    advice: "depend on the interface that it implements",
  },
  {
    name: "dependencies run main, serve, app, routes, service, domain, store",
    refuses: ({ from, to }) => {
      if (!isIn(from, "server/")) return false;
      if (to === "server/main.ts") return true;
      if (to === "server/serve.ts") return from !== "server/main.ts";
      if (to === "server/app.ts") return from !== "server/serve.ts";
      if (to === "server/routes.ts") return from !== "server/app.ts";
      if (!isFamilyService(to)) return false;
      return !/^server\/(app|routes)\.ts$|-routes\.ts$/.test(from) && !opensFamily(from, to);
    },
    advice: "move what both need into a file that both can import, or pass it in",
  },
  {
    name: "production code imports no test code",
    refuses: ({ to }) => isTestCode(to),
    advice: "move the file out of testing/ if production code needs it",
  },
  {
    name: "web/ imports client/ and gen/, never server/ or Node",
    refuses: ({ from, to }) => isIn(from, "web/src/") && (/^(server|scripts|cli)\//.test(to) || needsNode(to)),
    advice: "the dashboard runs in a browser: move what both need into client/",
  },
  {
    name: "client/ imports neither server/ nor web/ nor Node",
    refuses: ({ from, to }) =>
      isIn(from, "client/") && (/^(server|web|scripts|cli)\//.test(to) || (!needsNode(from) && needsNode(to))),
    advice: "client/ runs in Node and in browsers: pass in what differs, or move what needs Node into client/node/",
  },
  {
    name: "scripts/ imports client/ and gen/ only",
    refuses: ({ from, to }) => isIn(from, "scripts/") && /^(server|web)\//.test(to),
    advice: "users copy the scripts: move what both need into client/",
  },
  {
    name: "cli/ imports client/, gen/ and the version; only cli/server/ imports server/",
    refuses: ({ from, to }) =>
      isIn(from, "cli/") && /^(server|web|scripts)\//.test(to) && !(isIn(to, "server/") && runsServer(from, to)),
    advice: "commands call a server like other clients: move what both need into client/",
  },
  {
    name: "server/ and scripts/ do not import cli/",
    refuses: ({ from, to }) => /^(server|scripts)\//.test(from) && isIn(to, "cli/"),
    advice: "move what both need into client/",
  },
  {
    name: "only server/transport/rpc/node-handler.ts calls Connect's universal functions",
    refuses: ({ from, to, names }) =>
      to.startsWith("@connectrpc/") &&
      names.some((name) => name.startsWith("universal")) &&
      from !== "server/transport/rpc/node-handler.ts",
    advice: "call the function of node-handler.ts",
  },
];

/** Whether an imported file runs in Node only. @param {string} to */
function needsNode(to) {
  return to.startsWith("node:") || isIn(to, "client/node/");
}

/** Returns the family of a path of server/, or undefined if it belongs to none. @param {string} path */
function familyOf(path) {
  const folder = /^server\/([^/]+)\//.exec(path)?.[1];
  return folder === undefined || sharedFolders.includes(folder) ? undefined : folder;
}

/** @param {string} path @param {string} folder */
function isIn(path, folder) {
  return path.startsWith(folder);
}

/** Whether a command is allowed to import a file of server/. @param {string} from @param {string} to */
function runsServer(from, to) {
  return isIn(from, "cli/server/") || to === "server/version.ts";
}

/** Whether a file is allowed to import an implementation. @param {string} from @param {string} to */
function composes(from, to) {
  return from === "server/app.ts" || opensFamily(from, to);
}

/** Whether `from` is the open-*.ts of the family of `to`. @param {string} from @param {string} to */
function opensFamily(from, to) {
  return /\/open-[^/]+\.ts$/.test(from) && familyOf(from) === familyOf(to);
}

/** Whether a file is the service of a family, for example `server/order/order-service.ts`. @param {string} path */
function isFamilyService(path) {
  return familyOf(path) !== undefined && /^server\/[^/]+\/[^/]+-service\.ts$/.test(path);
}
