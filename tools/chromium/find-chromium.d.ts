/**
 * Returns the path of an installed Chromium, or undefined; see find-chromium.js. Throws if the environment variable
 * BOURSE_CHROMIUM names one that does not start.
 */
export function findChromium(env?: NodeJS.ProcessEnv): Promise<string | undefined>;
