/**
 * The path of an installed Chromium that starts, or undefined; see chromium.js. Throws where the environment variable
 * BOURSE_CHROMIUM names one that does not start.
 */
export function findChromium(env?: NodeJS.ProcessEnv): Promise<string | undefined>;
