import type { Disk, DiskFile } from "../disk-operations.ts";

/** The random choices and failures of a simulated disk. */
export interface DiskFate {
  /** Returns a random integer from 0 to `limit - 1`. */
  readonly below: (limit: number) => number;
  /** Is called before each operation. Throws if the operation must fail. */
  readonly onOperation?: (name: string, path: string) => void;
}

type Change =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** The content of a file, without its name. */
interface Content {
  /** The bytes at the last sync. */
  durable: Uint8Array;
  current: Uint8Array;
  /** The changes since the last sync, in order. */
  pending: Change[];
}

type NameChange =
  | { readonly kind: "create"; readonly path: string; readonly content: Content }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string };

/**
 * A disk in memory that can crash. A crash loses unsynced changes: any writes of a file, or a part of one, and any number
 * of the newest changes of names. Names change in order, as in a file system with a journal.
 */
export class SimulatedDisk implements Disk {
  readonly #fate: DiskFate;
  readonly #folders = new Set<string>([""]);
  #durableNames: Map<string, Content>;
  #names: Map<string, Content>;
  #journal: NameChange[] = [];
  #crashed = false;

  constructor(fate: DiskFate, files: ReadonlyMap<string, Content> = new Map(), folders: Iterable<string> = []) {
    this.#fate = fate;
    this.#durableNames = new Map(files);
    this.#names = new Map(files);
    for (const folder of folders) this.#folders.add(folder);
  }

  /** Fails all operations in progress, and returns the disk after the restart. */
  crash(fate: DiskFate = this.#fate): SimulatedDisk {
    this.#crashed = true;
    const survived = new Map(this.#durableNames);
    const kept = this.#fate.below(this.#journal.length + 1);
    for (const change of this.#journal.slice(0, kept)) applyName(survived, change);
    const files = new Map(Array.from(survived, ([path, content]) => [path, this.#surviving(content)]));
    return new SimulatedDisk(fate, files, this.#folders);
  }

  /** The current bytes of a file. */
  bytesOf(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.current;
  }

  /** Adds a synced file. */
  plant(path: string, bytes: Uint8Array): void {
    const content = { durable: bytes, current: bytes, pending: [] };
    this.#names.set(path, content);
    this.#durableNames.set(path, content);
  }

  async makeFolder(path: string): Promise<void> {
    this.#folders.add(path);
  }

  async list(folder: string): Promise<string[]> {
    await this.#operation("list", folder);
    const start = `${folder}/`;
    return [...this.#names.keys()].filter((path) => path.startsWith(start)).map((path) => path.slice(start.length));
  }

  async sizeOf(path: string): Promise<number | undefined> {
    await this.#operation("sizeOf", path);
    return this.#names.get(path)?.current.byteLength;
  }

  async create(path: string): Promise<DiskFile> {
    await this.#operation("create", path);
    if (this.#names.has(path)) throw failure("EEXIST", path);
    const content = { durable: new Uint8Array(), current: new Uint8Array(), pending: [] };
    this.#change({ kind: "create", path, content });
    return this.#fileOf(content, path);
  }

  async open(path: string): Promise<DiskFile> {
    await this.#operation("open", path);
    const content = this.#names.get(path);
    if (content === undefined) throw failure("ENOENT", path);
    return this.#fileOf(content, path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation("rename", from);
    if (!this.#names.has(from)) throw failure("ENOENT", from);
    this.#change({ kind: "rename", path: from, to });
  }

  async remove(path: string): Promise<void> {
    await this.#operation("remove", path);
    if (this.#names.has(path)) this.#change({ kind: "remove", path });
  }

  async syncFolder(path: string): Promise<void> {
    await this.#operation("syncFolder", path);
    // Syncs up to the newest change of the folder: a journal also contains all earlier changes.
    const inFolder = (name: string) => name.startsWith(`${path}/`);
    const last = this.#journal.findLastIndex(
      (change) => inFolder(change.path) || (change.kind === "rename" && inFolder(change.to)),
    );
    for (const change of this.#journal.splice(0, last + 1)) applyName(this.#durableNames, change);
    await this.#operation("syncFolder done", path);
  }

  #fileOf(content: Content, path: string): DiskFile {
    const operation = (name: string) => this.#operation(name, path);
    const change = (each: Change) => {
      content.pending.push(each);
      content.current = applyChange(content.current, each);
    };
    const sync = async () => {
      await operation("sync");
      content.durable = content.current;
      content.pending = [];
      await operation("sync done");
    };
    return {
      async write(parts, position) {
        let at = position;
        for (const part of parts) {
          await operation("write");
          change({ kind: "write", position: at, bytes: Uint8Array.from(part) });
          at += part.byteLength;
        }
        await operation("write done");
      },
      async read(target, position) {
        await operation("read");
        const stored = content.current.subarray(position, position + target.byteLength);
        target.set(stored);
        return stored.byteLength;
      },
      async truncate(size) {
        await operation("truncate");
        change({ kind: "truncate", size });
      },
      syncData: sync,
      sync,
      async [Symbol.asyncDispose]() {},
    };
  }

  #change(change: NameChange): void {
    this.#journal.push(change);
    applyName(this.#names, change);
  }

  /** Waits for some turns, in which other tasks run. */
  async #operation(name: string, path: string): Promise<void> {
    for (let turns = this.#fate.below(4); turns > 0; turns--) await null;
    if (this.#crashed) throw failure("EIO", path);
    this.#fate.onOperation?.(name, path);
    if (this.#crashed) throw failure("EIO", path);
  }

  /** Applies a random choice of the unsynced changes: completely, in part, as zeros, or not. */
  #surviving({ durable, pending }: Content): Content {
    let bytes = durable;
    for (const change of pending) {
      const choice = this.#fate.below(4);
      if (choice === 0) continue;
      if (change.kind === "truncate" || choice === 1) {
        bytes = applyChange(bytes, change);
      } else {
        const length = choice === 2 ? this.#fate.below(change.bytes.byteLength + 1) : 0;
        const torn = new Uint8Array(change.bytes.byteLength);
        torn.set(change.bytes.subarray(0, length));
        bytes = applyChange(bytes, { ...change, bytes: torn });
      }
    }
    return { durable: bytes, current: bytes, pending: [] };
  }
}

function applyName(names: Map<string, Content>, change: NameChange): void {
  if (change.kind === "create") {
    names.set(change.path, change.content);
    return;
  }
  const content = names.get(change.path);
  names.delete(change.path);
  if (change.kind === "rename" && content !== undefined) names.set(change.to, content);
}

function applyChange(bytes: Uint8Array, change: Change): Uint8Array {
  const size =
    change.kind === "truncate" ? change.size : Math.max(bytes.byteLength, change.position + change.bytes.byteLength);
  const changed = new Uint8Array(size);
  changed.set(bytes.subarray(0, size));
  if (change.kind === "write") changed.set(change.bytes, change.position);
  return changed;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
