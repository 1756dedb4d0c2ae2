/**
 * A part of the project that is also a separate package, for users who do not want the dependencies of the server.
 *
 * @typedef {object} PartPackage
 * @property {string} subpath the exports of the project that the package has, with this prefix
 * @property {string} folder the folder of the sources, with `tsconfig.build.json` and README.md
 * @property {string} description
 */

/** By the name of their folder in `dist/packages`. @type {Readonly<Record<string, PartPackage>>} */
export const partPackages = {
  transport: {
    subpath: "./transport",
    folder: "server/transport",
    description: "Serves Connect-ES routers over gRPC, gRPC-Web and Connect on Node, with headers that go out at once.",
  },
  client: {
    subpath: "./client/",
    folder: "client",
    description:
      "The client of the Bourse market server: quotes, orders, products and uploads, in Node and in browsers.",
  },
};
