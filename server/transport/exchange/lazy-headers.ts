import { inspect } from "node:util";

/** Headers of Node: keys in lower case, with values that HTTP allows. */
type HeaderSource = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Web `Headers` that cost little to create: each call has three, and most are read once or twice. They behave like the
 * platform's, and are instances of them. They read Node's headers in place, and copy them only before a change
 * (docs/decisions/0020-lazy-headers.md).
 */
export class LazyHeaders implements Headers {
  readonly #source: HeaderSource;
  /** All headers, after the first change. */
  #changed: Map<string, string | readonly string[]> | undefined;

  /** @param source read on demand, and never changed. Its HTTP/2 pseudo-headers are ignored */
  constructor(source: HeaderSource) {
    this.#source = source;
  }

  get(name: string): string | null {
    const values = this.#valuesOf(name);
    if (values === undefined || typeof values === "string") return values ?? null;
    // https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3
    return values.join(name.toLowerCase() === "cookie" ? "; " : ", ");
  }

  has(name: string): boolean {
    return this.#valuesOf(name) !== undefined;
  }

  set(name: string, value: string): void {
    const [key, checked] = [checkedName(name), checkedValue(value)];
    if (this.#valuesOf(key) !== checked) this.#copyForChange().set(key, checked);
  }

  append(name: string, value: string): void {
    const [key, checked] = [checkedName(name), checkedValue(value)];
    const all = this.#copyForChange();
    const values = all.get(key);
    if (values === undefined) all.set(key, checked);
    else all.set(key, typeof values === "string" ? [values, checked] : [...values, checked]);
  }

  delete(name: string): void {
    this.#copyForChange().delete(checkedName(name));
  }

  getSetCookie(): string[] {
    return [this.#valuesOf(setCookie) ?? []].flat();
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#sorted()) callback.call(self, value, name, this);
  }

  *keys(): Generator<string, undefined> {
    for (const [name] of this.#sorted()) yield name;
  }

  *values(): Generator<string, undefined> {
    for (const [, value] of this.#sorted()) yield value;
  }

  *entries(): Generator<[string, string], undefined> {
    yield* this.#sorted();
  }

  [Symbol.iterator](): Generator<[string, string], undefined> {
    return this.entries();
  }

  [inspect.custom](): string {
    return `Headers ${inspect(Object.fromEntries(this))}`;
  }

  #valuesOf(name: string): string | readonly string[] | undefined {
    const key = checkedName(name);
    return this.#changed === undefined ? ownValue(this.#source, key) : this.#changed.get(key);
  }

  #copyForChange(): Map<string, string | readonly string[]> {
    if (this.#changed === undefined) {
      this.#changed = new Map();
      for (const name of namesOf(this.#source)) this.#changed.set(name, this.#source[name] ?? []);
    }
    return this.#changed;
  }

  /** Returns the headers sorted by name. Cookies cannot be joined and are separate. */
  #sorted(): [string, string][] {
    const sorted: [string, string][] = [];
    for (const name of [...(this.#changed?.keys() ?? namesOf(this.#source))].sort()) {
      if (name === setCookie) for (const value of this.getSetCookie()) sorted.push([name, value]);
      else sorted.push([name, this.get(name) ?? ""]);
    }
    return sorted;
  }
}

// For `instanceof Headers`. A subclass would also allocate the platform's own fields.
Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);

const setCookie = "set-cookie";

function ownValue(source: HeaderSource, key: string): string | readonly string[] | undefined {
  return key.startsWith(":") || !Object.hasOwn(source, key) ? undefined : source[key];
}

function namesOf(source: HeaderSource): string[] {
  return Object.keys(source).filter((name) => source[name] !== undefined && !name.startsWith(":"));
}

/** A token of HTTP: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** NUL, line ends, and characters of more than one byte: https://fetch.spec.whatwg.org/#header-value */
const notInValue = /[\0\r\n]|[^\0-\xff]/;

const space = "\t\n\r ";

/** The names that were checked, with their lower-case form. The same few names are used by every call. */
const knownNames = new Map<string, string>();

/** The maximum number of known names, and of characters of each: code may take names from a request. */
const maxKnownNames = 200;
const maxKnownLength = 64;

function checkedName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const text = `${name}`;
  if (!token.test(text)) throw new TypeError(`the header name ${JSON.stringify(text)} is not allowed in HTTP`);
  const key = text.toLowerCase();
  if (knownNames.size < maxKnownNames && text.length <= maxKnownLength) knownNames.set(text, key);
  return key;
}

function checkedValue(value: string): string {
  const text = `${value}`;
  let [start, end] = [0, text.length];
  // Without a regular expression, whose time could be quadratic in the number of spaces.
  while (start < end && space.includes(text.charAt(start))) start++;
  while (end > start && space.includes(text.charAt(end - 1))) end--;
  const trimmed = text.slice(start, end);
  if (notInValue.test(trimmed)) {
    throw new TypeError(`the header value ${JSON.stringify(trimmed)} is not allowed in HTTP`);
  }
  return trimmed;
}
