// biome-ignore-all lint/style/noDefaultExport: the plugins have default exports

/** The plugins of size-limit have no declarations. size-limit declares its argument as a list of functions. */
declare module "@size-limit/esbuild" {
  const plugins: readonly (() => unknown)[];
  export default plugins;
}

declare module "@size-limit/file" {
  const plugins: readonly (() => unknown)[];
  export default plugins;
}
