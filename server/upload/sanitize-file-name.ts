import { InvalidFieldError } from "../shared/request-errors.ts";

/** The longest file name, in bytes, both as sent and as converted: the limit of most file systems. */
export const maxFileNameBytes = 255;

/**
 * Converts the file name of a client to a name that is safe to display and to offer for saving: removes folders and
 * characters that hide or reorder text, and replaces characters that Windows refuses. The server never uses it as a path.
 *
 * Throws an {@link InvalidFieldError} if the name is too long, has control characters, or is empty after the conversion.
 *
 * @param field the field of the request, for errors
 */
export function sanitizeFileName(raw: string, field: string): string {
  if (raw === "") return "";
  const bytes = Buffer.byteLength(raw);
  if (bytes > maxFileNameBytes) {
    throw new InvalidFieldError(field, `has ${bytes} bytes, more than the limit of ${maxFileNameBytes}: shorten it`);
  }
  if (controlCharacters.test(raw)) {
    throw new InvalidFieldError(field, "has control characters: remove them");
  }
  const name = raw
    .replace(foldersBefore, "")
    .replace(invisible, "")
    .normalize("NFC") // after the removal of characters that can separate a letter from its accent
    .replace(/\p{Zs}/gu, " ")
    .replace(refusedByWindows, "_")
    .replace(/^ +|[ .]+$/g, "");
  if (name === "")
    throw new InvalidFieldError(field, `${JSON.stringify(raw)} has no usable character: send another name, or none`);
  const safe = reservedByWindows.test(name) ? `_${name}` : name;
  // A composed character may have more bytes than its parts, and a reserved name gets a prefix.
  const safeBytes = Buffer.byteLength(safe);
  if (safeBytes > maxFileNameBytes) {
    throw new InvalidFieldError(
      field,
      `has ${safeBytes} bytes as a safe name, more than the limit of ${maxFileNameBytes}: shorten it`,
    );
  }
  return safe;
}

const controlCharacters = /\p{Cc}/u;

/** Folders, separated by slashes and by characters that look like slashes. */
const foldersBefore = /^.*[/\\\u2044\u2215\u29f5\u29f8\ufe68\uff0f\uff3c]/su;

/** Characters without a glyph: they change the direction of text, join characters, or hide text. */
const invisible = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file */
const refusedByWindows = /[<>:"|?*]/g;

const reservedByWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)( *\..*)?$/i;
