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
 * Returns the package.json of a part of the project as a separate package: the exports of the part, and the dependencies
 * that the built files import.
 *
 * @param {Manifest} project
 * @param {Pick<import("./part-packages.js").PartPackage, "subpath" | "description">} part
 * @param {Iterable<string>} sources the built files' texts
 * @throws if a file imports a package that the project does not depend on
 */
export function packageManifest(project, { subpath, description }, sources) {
  const { name, version, license } = project;
  const all = [...new Set([...sources].flatMap(importedPackages))].sort().map((imported) => {
    const wanted = project.dependencies[imported];
    if (wanted === undefined) throw new Error(`a file of ${subpath} imports ${imported}: add it to the dependencies`);
    return { imported, wanted, shared: sharedScopes.some((scope) => imported.startsWith(scope)) };
  });
  const some = (/** @type {boolean} */ shared, range = "") =>
    Object.fromEntries(
      all.filter((each) => each.shared === shared).map((each) => [each.imported, range + each.wanted]),
    );
  const exports = Object.entries(project.exports).filter(([path]) => path.startsWith(subpath));
  return {
    name,
    version,
    description,
    license,
    type: "module",
    sideEffects: false, // bundlers drop the modules that a page does not use
    exports: JSON.parse(JSON.stringify(Object.fromEntries(exports)).replaceAll('"./dist/', '"./')),
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
