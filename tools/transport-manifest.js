/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {string} license
 * @property {Record<string, Record<string, string>>} exports
 * @property {Record<string, string>} dependencies
 */

/** What a user's own code calls too: two copies of it in one project would not know each other's types. */
const sharedScopes = ["@bufbuild/", "@connectrpc/"];

/**
 * The package.json of `dist/transport` as a package of its own: the entry of the project's, with the dependencies that
 * the built files import and without the server's.
 *
 * @param {Manifest} project
 * @param {Iterable<string>} sources the built files' texts
 * @throws where a file imports what the project does not depend on
 */
export function transportManifest(project, sources) {
  const { name, version, license } = project;
  const all = [...new Set([...sources].flatMap(importedPackages))].sort().map((imported) => {
    const wanted = project.dependencies[imported];
    if (wanted === undefined) throw new Error(`bourse/transport imports ${imported}: make it a dependency`);
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

/** The packages that a built file imports, without Node's own and those it only mentions. @param {string} source */
function importedPackages(source) {
  const specifiers = source.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^."][^"]*)";$/gm);
  return [...specifiers].flatMap(([, specifier = ""]) => {
    if (specifier.startsWith("node:")) return [];
    return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  });
}
