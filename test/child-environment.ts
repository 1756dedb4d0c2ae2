/**
 * The environment of programs that tests start: without the variables of the developer, which could change the result, but
 * with the cache of compiled code, which saves a third of a start.
 */
export const childEnvironment: Readonly<NodeJS.ProcessEnv> = {
  PATH: process.env.PATH,
  ...(process.env.NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
};
