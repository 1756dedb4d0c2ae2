import { flaggedPhrases } from "./flagged-phrases.js";

/**
 * @typedef {object} Finding
 * @property {number} line counted from 1
 * @property {string} found the flagged phrase
 * @property {string} standard the standard term
 */

/** A line with this mark is not checked, nor is the line after a line with only the mark. The mark has a reason. */
const exception = /vocabulary: allow, \S/;

/** The leaders of comment lines, because a phrase can continue on the next line. */
const leader = /^[ \t]*(?:\/\/+|\/?\*+|#+|--|<!--|>)?[ \t]*/;

/**
 * Finds flagged phrases in a source file or a document: in prose, in strings and in identifiers.
 *
 * @param {string} text
 * @param {readonly import("./flagged-phrases.js").FlaggedPhrase[]} [phrases]
 * @returns {Finding[]} in the order of their lines
 */
export function findPhrases(text, phrases = flaggedPhrases) {
  const lines = text.split("\n");
  /** @type {number[]} */
  const starts = [];
  let prose = "";
  for (const [index, line] of lines.entries()) {
    starts.push(prose.length);
    const isAllowed = exception.test(line) || isExceptionOnly(lines[index - 1]);
    prose += isAllowed ? "| " : `${splitIdentifiers(line.replace(leader, ""))} `;
  }
  return phrases
    .flatMap(({ pattern, standard }) =>
      [...prose.matchAll(pattern)].map((match) => ({
        line: starts.findLastIndex((start) => start <= match.index) + 1,
        found: match[0],
        standard,
      })),
    )
    .sort((a, b) => a.line - b.line);
}

/** Converts `maxAtHand`, `max_at_hand` and `max-at-hand` to `max at hand`. @param {string} text */
export function splitIdentifiers(text) {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/(?<=\w)[_-](?=\w)/g, " ")
    .toLowerCase();
}

/** Whether a line has an exception and no code or prose. @param {string | undefined} line */
function isExceptionOnly(line = "") {
  return exception.test(line) && /^[ \t]*(?:\/\/|\/\*|\*|#|<!--)[ \t]*vocabulary: allow/.test(line);
}
