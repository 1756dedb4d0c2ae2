/**
 * Returns a function that tests host names. A pattern is a name, `*.example.org` for the names below `example.org`, or `*`
 * for every name. A dot at the end of a name is ignored: it marks the root of the DNS.
 */
export function matchHosts(patterns: readonly string[]): (hostname: string) => boolean {
  const names = new Set(patterns.map((pattern) => pattern.toLowerCase()));
  const suffixes = [...names].filter((pattern) => pattern.startsWith("*.")).map((pattern) => pattern.slice(1));
  return (hostname) => {
    const name = hostname.toLowerCase().replace(/\.$/, "");
    return names.has("*") || names.has(name) || suffixes.some((suffix) => name.endsWith(suffix) && name !== suffix);
  };
}

/**
 * Returns a function that tests origins. A pattern is an origin, `https://*.example.org` for the origins of the hosts below
 * `example.org` with the same scheme and port, `*.example.org` for these with any scheme and port, or `*` for every origin.
 */
export function matchOrigins(patterns: readonly string[]): (origin: string) => boolean {
  const exact = new Set(patterns);
  const wildcards = patterns.filter((pattern) => pattern.includes("*.")).map(parsePattern);
  return (origin) => {
    if (exact.has("*") || exact.has(origin)) return true;
    if (wildcards.length === 0 || !URL.canParse(origin)) return false;
    const { protocol, port, hostname } = new URL(origin);
    return wildcards.some(
      (each) => (each.scheme ?? protocol) === protocol && (each.port ?? port) === port && each.matches(hostname),
    );
  };
}

function parsePattern(pattern: string) {
  if (pattern.startsWith("*.")) return { scheme: undefined, port: undefined, matches: matchHosts([pattern]) };
  const { protocol, port, hostname } = new URL(pattern.replace("://*.", "://"));
  return { scheme: protocol, port, matches: matchHosts([`*.${hostname}`]) };
}

/** Whether a text is a pattern for {@link matchHosts}. */
export function isHostPattern(pattern: string): boolean {
  if (pattern === "*") return true;
  const name = pattern.replace(/^\*\./, "");
  return !name.includes("*") && URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name;
}

/** Whether a text is a pattern for {@link matchOrigins}. */
export function isOriginPattern(pattern: string): boolean {
  if (pattern === "*" || pattern.startsWith("*.")) return isHostPattern(pattern);
  const origin = pattern.replace("://*.", "://");
  return !origin.includes("*") && URL.canParse(origin) && new URL(origin).origin === origin;
}
