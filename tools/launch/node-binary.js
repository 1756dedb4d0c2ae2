import { join } from "node:path";

/** The path of the Node that the npm package `node` installs. @param {string} root the project's folder */
export function nodeBinary(root) {
  return join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}
