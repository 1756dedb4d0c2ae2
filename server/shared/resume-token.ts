import { createCipheriv, createHmac, hash, timingSafeEqual } from "node:crypto";
import { InvalidResumeTokenError } from "./resume-token-errors.ts";

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

/** A point, and some items behind it that were delivered as well: `digest` is of those up to `position` only. */
export interface ResumePlace extends ResumePoint {
  /** How many those are, up to {@link maxSkip}. */
  readonly skip: number;
}

/** How many items behind a point a token may stand. */
export const maxSkip = 1_000;

/**
 * Makes and reads resume tokens: opaque to clients, and signed, so that what comes back is what was given away.
 *
 * A token is a version, the selection's name, the point, how many items to skip behind it, and a tag. HMAC-SHA256 of all
 * but the last two makes a key of AES-128, and that key's encryption of the number is the tag: an export needs a token
 * for each message, and so a page of them costs one HMAC and one encryption of a few kilobytes.
 */
export class ResumeTokens {
  readonly #key: Uint8Array;

  /** @param key 32 random bytes, the same for as long as tokens are to be good */
  constructor(key: Uint8Array) {
    if (key.length !== resumeKeyBytes) throw new RangeError(`a key of ${resumeKeyBytes} bytes is needed`);
    this.#key = key;
  }

  /** The token of a point of a selection, at most 512 bytes. */
  seal(selection: SelectionName, point: ResumePoint): Uint8Array {
    return this.sealPage(selection, point, 0)(0);
  }

  /**
   * Makes the tokens of places that follow a point closely.
   *
   * @param count how many items behind the point there will be, up to {@link maxSkip}
   * @returns the token of the place that is `skip` items, at most `count`, behind the point
   */
  sealPage(selection: SelectionName, point: ResumePoint, count: number): (skip: number) => Uint8Array {
    const { position, snapshot, total, digest } = point;
    if (position.length > maxPositionBytes) throw new RangeError(`a position has at most ${maxPositionBytes} bytes`);
    if (count > maxSkip) throw new RangeError(`a token is at most ${maxSkip} items behind a point`);
    const end = fixedBytes + position.length;
    const payload = Buffer.alloc(end);
    payload[0] = version;
    payload.set(selection, selectionAt);
    writeInteger(payload, snapshot, snapshotAt);
    writeInteger(payload, total, totalAt);
    payload.set(digest, digestAt);
    payload.set(position, fixedBytes);
    const tags = this.#tags(payload, 0, count + 1);
    return (skip) => {
      const token = Buffer.allocUnsafe(end + skipBytes + tagBytes);
      token.set(payload);
      token[end] = skip >> 8;
      token[end + 1] = skip;
      for (let from = skip * tagBytes, to = end + skipBytes; to < token.length; ) token[to++] = tags[from++] as number;
      return token;
    };
  }

  /**
   * The place of a token. Throws an InvalidResumeTokenError where this key did not make it, where it was changed, and
   * where it is of another selection.
   */
  open(token: Uint8Array, selection: SelectionName): ResumePlace {
    const bytes = Buffer.from(token);
    const end = bytes.length - skipBytes - tagBytes;
    if (end < fixedBytes || end > maxPayloadBytes) throw new InvalidResumeTokenError("forged");
    const skip = bytes.readUInt16BE(end);
    const tag = this.#tags(bytes.subarray(0, end), skip, 1);
    if (!timingSafeEqual(tag, bytes.subarray(end + skipBytes))) throw new InvalidResumeTokenError("forged");
    if (bytes[0] !== version) throw new InvalidResumeTokenError("forged");
    if (!bytes.subarray(selectionAt, snapshotAt).equals(selection))
      throw new InvalidResumeTokenError("other-selection");
    return {
      position: bytes.subarray(fixedBytes, end),
      skip,
      snapshot: readInteger(bytes, snapshotAt),
      total: readInteger(bytes, totalAt),
      digest: bytes.subarray(digestAt, fixedBytes),
    };
  }

  /** The tags of places that follow the point of a payload, from the one `skip` items behind it on. */
  #tags(payload: Uint8Array, skip: number, count: number): Buffer {
    const key = createHmac("sha256", this.#key).update(payload).digest().subarray(0, tagBytes);
    const first = Buffer.alloc(tagBytes);
    first.writeUInt16BE(skip, tagBytes - skipBytes);
    // In counter mode zeros come out as the encrypted numbers.
    return createCipheriv("aes-128-ctr", key, first).update(Buffer.alloc(count * tagBytes));
  }
}

const version = 1;
const selectionBytes = 16;
const digestBytes = 32;
const skipBytes = 2;
const tagBytes = 16; // a block of AES

const selectionAt = 1;
const snapshotAt = selectionAt + selectionBytes;
const totalAt = snapshotAt + 8;
const digestAt = totalAt + 8;
const fixedBytes = digestAt + digestBytes;
const maxPayloadBytes = fixedBytes + maxPositionBytes;

const twoTo32 = 2 ** 32;

function writeInteger(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / twoTo32), at);
  bytes.writeUInt32BE(value % twoTo32, at + 4);
}

function readInteger(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * twoTo32 + bytes.readUInt32BE(at + 4);
}
