import { hash, timingSafeEqual } from "node:crypto";
import { InvalidResumeTokenError } from "./errors.ts";

/** How many bytes the key of {@link ResumeTokens} has. */
export const resumeKeyBytes = 32;

/** How many bytes a position may have. */
export const maxPositionBytes = 256;

/** Where an export or a search stands: all that it takes to go on, so that the server keeps nothing between calls. */
export interface ResumePoint {
  /** What of the selection was delivered last, as the store that serves it writes it; up to 256 bytes. */
  readonly position: Uint8Array;
  /** The newest sequence when the selection was made: what came later is not part of it. A safe integer, 0 or more. */
  readonly snapshot: number;
  /** How many items the whole selection has. A safe integer, 0 or more. */
  readonly total: number;
  /** The running digest of all that was delivered so far, 32 bytes; 32 zero bytes for streams without one. */
  readonly digest: Uint8Array;
}

/** Names a selection: what is asked for, without where to begin and how much at once. Two that differ have other names. */
export type SelectionName = Uint8Array & { readonly [selectionName]: true };
declare const selectionName: unique symbol;

/**
 * The name of a selection.
 *
 * @param method the call that it belongs to, as in `bourse.order.v1.OrderService/ExportOrders`
 * @param request the bytes of what selects: the same for the same selection, as toBinary gives them for a filter
 */
export function nameSelection(method: string, request: Uint8Array): SelectionName {
  const digest = hash("sha256", Buffer.concat([Buffer.from(`${method}\n`), request]), "buffer");
  return digest.subarray(0, selectionBytes) as Uint8Array as SelectionName;
}

/**
 * Makes and reads resume tokens: opaque to clients, and signed with HMAC-SHA256, so that what comes back is what was
 * given away.
 *
 * A token is a version, the selection's name, the point, and the first half of the HMAC of all that.
 */
export class ResumeTokens {
  readonly #inner = Buffer.alloc(blockBytes + maxPayloadBytes);
  readonly #outer = Buffer.alloc(blockBytes + digestBytes);
  /** The beginning of `inner` that was hashed last: tokens of one kind have one length. */
  #hashed = this.#inner;

  /** @param key 32 random bytes, the same for as long as tokens are to be good */
  constructor(key: Uint8Array) {
    if (key.length !== resumeKeyBytes) throw new RangeError(`a key of ${resumeKeyBytes} bytes is needed`);
    for (let at = 0; at < blockBytes; at++) {
      this.#inner[at] = (key[at] ?? 0) ^ innerPad;
      this.#outer[at] = (key[at] ?? 0) ^ outerPad;
    }
  }

  /** The token of a point of a selection, at most 512 bytes. */
  seal(selection: SelectionName, { position, snapshot, total, digest }: ResumePoint): Buffer {
    if (position.length > maxPositionBytes) throw new RangeError(`a position has at most ${maxPositionBytes} bytes`);
    const end = fixedBytes + position.length;
    const token = Buffer.allocUnsafe(end + tagBytes);
    token[0] = version;
    token.set(selection, selectionAt);
    writeInteger(token, snapshot, snapshotAt);
    writeInteger(token, total, totalAt);
    token.set(digest, digestAt);
    token.set(position, fixedBytes);
    token.write(this.#tag(token, end), end, tagBytes, "latin1");
    return token;
  }

  /**
   * The point of a token. Throws an InvalidResumeTokenError where this key did not make it, where it was changed, and
   * where it is of another selection.
   */
  open(token: Uint8Array, selection: SelectionName): ResumePoint {
    const bytes = Buffer.from(token);
    const end = bytes.length - tagBytes;
    if (end < fixedBytes || end > maxPayloadBytes) throw new InvalidResumeTokenError("forged");
    const tag = Buffer.from(this.#tag(bytes, end).slice(0, tagBytes), "latin1");
    if (!timingSafeEqual(tag, bytes.subarray(end))) throw new InvalidResumeTokenError("forged");
    if (bytes[0] !== version) throw new InvalidResumeTokenError("forged");
    if (!bytes.subarray(selectionAt, snapshotAt).equals(selection))
      throw new InvalidResumeTokenError("other-selection");
    return {
      position: bytes.subarray(fixedBytes, end),
      snapshot: readInteger(bytes, snapshotAt),
      total: readInteger(bytes, totalAt),
      digest: bytes.subarray(digestAt, fixedBytes),
    };
  }

  /**
   * HMAC-SHA256 of the first `length` bytes, a character a byte. As RFC 2104 builds it from the hash: an export needs
   * one for each message, and `createHmac` takes five times as long.
   */
  #tag(payload: Buffer, length: number): string {
    payload.copy(this.#inner, blockBytes, 0, length);
    const end = blockBytes + length;
    if (this.#hashed.length !== end) this.#hashed = this.#inner.subarray(0, end);
    const inner = hash("sha256", this.#hashed, "binary");
    this.#outer.write(inner, blockBytes, "latin1");
    return hash("sha256", this.#outer, "binary");
  }
}

const version = 1;
const selectionBytes = 16;
const digestBytes = 32;
const tagBytes = 16;

const selectionAt = 1;
const snapshotAt = selectionAt + selectionBytes;
const totalAt = snapshotAt + 8;
const digestAt = totalAt + 8;
const fixedBytes = digestAt + digestBytes;
const maxPayloadBytes = fixedBytes + maxPositionBytes;

// Of HMAC with SHA-256.
const blockBytes = 64;
const innerPad = 0x36;
const outerPad = 0x5c;

const twoTo32 = 2 ** 32;

function writeInteger(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / twoTo32), at);
  bytes.writeUInt32BE(value % twoTo32, at + 4);
}

function readInteger(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * twoTo32 + bytes.readUInt32BE(at + 4);
}
