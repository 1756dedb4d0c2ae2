import { inspect } from "node:util";

/** What headers begin with: keys in lower case, values that HTTP allows. */
type HeaderSource = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Web `Headers` that cost little to make: each call has three, of which most are asked for one value or two. They do
 * what the platform's do and pass for those, but read Node's headers where these are, and copy them only to be changed.
 */
export class LazyHeaders implements Headers {
  readonly #source: HeaderSource;
  /** All of them, once they were changed. */
  #changed: Map<string, string[]> | undefined;

  /** @param source read when asked for, and never changed; pseudo-headers of HTTP/2 among them are left out */
  constructor(source: HeaderSource) {
    this.#source = source;
  }

  get(name: string): string | null {
    const values = this.#valuesOf(name);
    if (values === undefined || typeof values === "string") return values ?? null;
    // https://www.rfc-editor.org/rfc/rfc9113.html#section-8.2.3
    return values.join(name.toLowerCase() === "cookie" ? "; " : ", ");
  }

  has(name: string): boolean {
    return this.#valuesOf(name) !== undefined;
  }

  set(name: string, value: string): void {
    this.#toChange().set(checkedName(name), [checkedValue(value)]);
  }

  append(name: string, value: string): void {
    const [key, checked] = [checkedName(name), checkedValue(value)];
    const all = this.#toChange();
    const values = all.get(key);
    if (values === undefined) all.set(key, [checked]);
    else values.push(checked);
  }

  delete(name: string): void {
    this.#toChange().delete(checkedName(name));
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
    const key = `${name}`.toLowerCase();
    const values = this.#changed === undefined ? ownValue(this.#source, key) : this.#changed.get(key);
    // What is there has a name that may be.
    if (values === undefined) checkedName(key);
    return values;
  }

  #toChange(): Map<string, string[]> {
    if (this.#changed === undefined) {
      this.#changed = new Map();
      for (const name of namesOf(this.#source)) this.#changed.set(name, [this.#source[name] ?? []].flat());
    }
    return this.#changed;
  }

  /** By name; cookies, which cannot be joined, one by one. */
  #sorted(): [string, string][] {
    const sorted: [string, string][] = [];
    for (const name of [...(this.#changed?.keys() ?? namesOf(this.#source))].sort()) {
      if (name === setCookie) for (const value of this.getSetCookie()) sorted.push([name, value]);
      else sorted.push([name, this.get(name) ?? ""]);
    }
    return sorted;
  }
}

// Others ask whether it is an instance of theirs. To inherit would also make what theirs have in them, for nothing.
Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);

const setCookie = "set-cookie";

function ownValue(source: HeaderSource, key: string): string | readonly string[] | undefined {
  return key.startsWith(":") || !Object.hasOwn(source, key) ? undefined : source[key];
}

function namesOf(source: HeaderSource): string[] {
  return Object.keys(source).filter((name) => source[name] !== undefined && !name.startsWith(":"));
}

/** What a name consists of: a token of HTTP. */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** Ends of lines, which would begin another header, and what is more than a byte. */
const notInValue = /[\0\r\n]|[^\0-\xff]/;

const space = "\t\n\r ";

function checkedName(name: string): string {
  const key = `${name}`;
  if (!token.test(key)) throw new TypeError(`the header name ${JSON.stringify(key)} is not one that HTTP allows`);
  return key.toLowerCase();
}

function checkedValue(value: string): string {
  const text = `${value}`;
  let [start, end] = [0, text.length];
  // Not by a pattern, whose time would be the square of the spaces in between.
  while (start < end && space.includes(text.charAt(start))) start++;
  while (end > start && space.includes(text.charAt(end - 1))) end--;
  const trimmed = text.slice(start, end);
  if (notInValue.test(trimmed)) {
    throw new TypeError(`the header value ${JSON.stringify(trimmed)} is not one that HTTP allows`);
  }
  return trimmed;
}
