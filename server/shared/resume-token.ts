import { createCipheriv, createHmac, hash, timingSafeEqual } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { DomainError, type ErrorDetail } from "./domain-error.ts";
import { badRequest } from "./request-errors.ts";

/** The length of the key of {@link ResumeTokens}, in bytes. */
export const resumeKeyBytes = 32;

/** The maximum length of a position, in bytes. */
export const maxPositionBytes = 256;

/** A point at which an export or a search can resume. It has all state, so the server keeps none between calls. */
export interface ResumePoint {
  /** The position of the last sent item, in the encoding of its store; up to 256 bytes. */
  readonly position: Uint8Array;
  /** The newest sequence of the snapshot that is read. A safe integer, 0 or more. */
  readonly snapshot: number;
  /** The number of items in the whole selection. A safe integer, 0 or more. */
  readonly total: number;
  /** The running digest of all sent items, 32 bytes; 32 zero bytes for streams without a digest. */
  readonly digest: Uint8Array;
}

/** Identifies a selection: the request without its position and its batch size. Different selections have other names. */
export type SelectionName = Uint8Array & { readonly [selectionName]: true };
declare const selectionName: unique symbol;

/**
 * Returns the name of a selection.
 *
 * @param method the method of the request, as in `bourse.order.v1.OrderService/ExportOrders`
 * @param request bytes that identify the selection within the method, such as the encoded filter
 */
export function nameSelection(method: string, request: Uint8Array): SelectionName {
  const digest = hash("sha256", Buffer.concat([Buffer.from(`${method}\n`), request]), "buffer");
  return digest.subarray(0, selectionNameBytes) as Uint8Array as SelectionName;
}

/** The content of a token: a point, and the number of items after it that were sent too. The digest is that of the point. */
export interface OpenedToken extends ResumePoint {
  /** The number of items after the point that were sent, up to {@link maxSkip}. */
  readonly skip: number;
}

/** The maximum number of items between a point and a token. */
export const maxSkip = 1_000;

/**
 * Issues and opens resume tokens, which are opaque to clients and authenticated.
 *
 * A token is a version, the name of the selection, a point, the number of items to skip after it, and a tag. The first
 * 16 bytes of the HMAC-SHA256 of the version, the name and the point are an AES-128 key. The tag is the number of items
 * to skip, encrypted with this key as one block. So the tokens of a page, one for each message of an export, cost one
 * HMAC and one encryption of a few kilobytes.
 */
export class ResumeTokens {
  readonly #key: Uint8Array;

  /** @param key 32 random bytes; another key invalidates all tokens */
  constructor(key: Uint8Array) {
    if (key.length !== resumeKeyBytes) throw new RangeError(`the key has ${key.length} bytes: use ${resumeKeyBytes}`);
    this.#key = key;
  }

  /** Returns the token of a point, at most 512 bytes. */
  seal(selection: SelectionName, point: ResumePoint): Uint8Array {
    return this.sealPage(selection, point, 0)(0);
  }

  /**
   * Returns a function that makes the tokens of the items after a point.
   *
   * @param count the number of items after the point, up to {@link maxSkip}
   * @returns a function that returns the token for `skip` items, at most `count`, after the point
   */
  sealPage(selection: SelectionName, point: ResumePoint, count: number): (skip: number) => Uint8Array {
    const { position, snapshot, total, digest } = point;
    if (position.length > maxPositionBytes)
      throw new RangeError(`the position has ${position.length} bytes; the limit is ${maxPositionBytes}`);
    if (count > maxSkip) throw new RangeError(`the page has ${count} items; the limit is ${maxSkip}`);
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
   * Returns the content of a token. Throws an InvalidResumeTokenError if the token was not made with this key, was
   * changed, or is of another selection.
   */
  open(token: Uint8Array, selection: SelectionName): OpenedToken {
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

  /** Returns the tags of `count` tokens after the point of a payload, starting with the one `skip` items after it. */
  #tags(payload: Uint8Array, skip: number, count: number): Buffer {
    const key = createHmac("sha256", this.#key).update(payload).digest().subarray(0, tagBytes);
    const first = Buffer.alloc(tagBytes);
    first.writeUInt16BE(skip, tagBytes - skipBytes);
    // Counter mode encrypts consecutive numbers: with zeros as the input, its output is the encrypted numbers.
    return createCipheriv("aes-128-ctr", key, first).update(Buffer.alloc(count * tagBytes));
  }
}

const version = 1;
const selectionNameBytes = 16;
const digestBytes = 32;
const skipBytes = 2;
const tagBytes = 16; // a block of AES

const selectionAt = 1;
const snapshotAt = selectionAt + selectionNameBytes;
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

/** A resume token was not issued by this server, was changed, or belongs to another selection. */
export class InvalidResumeTokenError extends DomainError {
  override name = "InvalidResumeTokenError";
  readonly code = Code.InvalidArgument;

  constructor(problem: "forged" | "other-selection") {
    super(
      problem === "forged"
        ? "resume_token: this server did not issue it, or it was changed: " +
            "send the bytes of a response unchanged, or send no token"
        : "resume_token: it belongs to another selection: repeat the request that it was issued for, or send no token",
    );
  }

  override toDetail(): ErrorDetail {
    return badRequest([{ field: "resume_token", description: this.message }]);
  }
}

/** The position of a resume token is no longer available. */
export class ResumeTokenExpiredError extends DomainError {
  override name = "ResumeTokenExpiredError";
  readonly code = Code.OutOfRange;

  /** @param problem the reason, as in `the token is of a store with 9 orders, but the store has only 5` */
  constructor(problem: string) {
    super(`resume_token: its position is no longer available (${problem}): start from the beginning, without a token`);
  }
}
