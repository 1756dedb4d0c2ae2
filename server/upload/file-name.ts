import { InvalidFieldError } from "../shared/request-errors.ts";

/** What file systems take, and a line of text can show. */
export const maxFileNameBytes = 255;

/**
 * What a client calls a file, made fit to be shown and to be offered when it is saved: one name without folders,
 * without characters that Windows refuses or that hide or turn other text. It is never used as a path here.
 *
 * Throws an {@link InvalidFieldError} where it is too long, has control characters, or nothing of it is left.
 *
 * @param field what to call it in errors
 */
export function displayName(raw: string, field: string): string {
  if (raw === "") return "";
  const bytes = Buffer.byteLength(raw);
  if (bytes > maxFileNameBytes) {
    throw new InvalidFieldError(field, `has ${bytes} bytes, but may have ${maxFileNameBytes}: shorten it`);
  }
  if (controlCharacters.test(raw)) {
    throw new InvalidFieldError(field, "has control characters, which no name needs: leave them out");
  }
  const name = raw
    .normalize("NFC")
    .replace(foldersBefore, "")
    .replace(invisible, "")
    .replace(/\p{Zs}/gu, " ")
    .replace(refusedByWindows, "_")
    .replace(/^ +|[ .]+$/g, "");
  if (name === "")
    throw new InvalidFieldError(field, `nothing is left of ${JSON.stringify(raw)}: give a name, or none`);
  const shown = reservedByWindows.test(name) ? `_${name}` : name;
  // A composed character may have more bytes than its parts, and so has a name that was reserved.
  const shownBytes = Buffer.byteLength(shown);
  if (shownBytes > maxFileNameBytes) {
    throw new InvalidFieldError(
      field,
      `has ${shownBytes} bytes as a safe name, but may have ${maxFileNameBytes}: shorten it`,
    );
  }
  return shown;
}

const controlCharacters = /\p{Cc}/u;

/** With what only looks like a slash, as fonts show no difference. */
const foldersBefore = /^.*[/\\\u2044\u2215\u29f5\u29f8\ufe68\uff0f\uff3c]/su;

/** Characters without a shape of their own: they turn the direction of text, join, or hide what follows. */
const invisible = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

const refusedByWindows = /[<>:"|?*]/g;

const reservedByWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)( *\..*)?$/i;
