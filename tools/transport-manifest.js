/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {string} license
 * @property {Record<string, Record<string, string>>} exports
 * @property {Record<string, string>} dependencies
 */

/** The packages that applications also import. They are peers, because two copies have incompatible types. */
const sharedScopes = ["@bufbuild/", "@connectrpc/"];

/**
 * Returns the package.json of `dist/transport` as a separate package: the exports of the project, and the dependencies
 * that the built files import.
 *
 * @param {Manifest} project
 * @param {Iterable<string>} sources the built files' texts
 * @throws if a file imports a package that the project does not depend on
 */
export function transportManifest(project, sources) {
  const { name, version, license } = project;
  const all = [...new Set([...sources].flatMap(importedPackages))].sort().map((imported) => {
    const wanted = project.dependencies[imported];
    if (wanted === undefined) throw new Error(`bourse/transport imports ${imported}; add it to the dependencies`);
    return { imported, wanted, shared: sharedScopes.some((scope) => imported.startsWith(scope)) };
  });
  const some = (/** @type {boolean} */ shared, range = "") =>
    Object.fromEntries(
      all.filter((each) => each.shared === shared).map((each) => [each.imported, range + each.wanted]),
    );
  return {
    name,
    version,
    description: "Serves Connect-ES routers over gRPC, gRPC-Web and Connect on Node, with headers that go out at once.",
    license,
    type: "module",
    exports: JSON.parse(JSON.stringify(project.exports).replaceAll("./dist/transport/", "./")),
    dependencies: some(false),
    peerDependencies: some(true, "^"),
  };
}

/** Returns the packages that a built file imports, without the modules of Node. @param {string} source */
function importedPackages(source) {
  const specifiers = source.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^."][^"]*)";$/gm);
  return [...specifiers].flatMap(([, specifier = ""]) => {
    if (specifier.startsWith("node:")) return [];
    return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  });
}
