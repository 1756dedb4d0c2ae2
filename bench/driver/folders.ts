import { fileURLToPath } from "node:url";

export const projectFolder = fileURLToPath(new URL("../..", import.meta.url));
export const benchFolder = fileURLToPath(new URL("..", import.meta.url));
/** The folder for built programs. */
export const builtFolder = fileURLToPath(new URL("../../.cache/bench", import.meta.url));
