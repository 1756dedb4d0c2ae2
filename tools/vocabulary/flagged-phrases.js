/**
 * @typedef {object} FlaggedPhrase
 * @property {RegExp} pattern matches lower-case prose and identifiers that are split into their words
 * @property {string} standard the standard term
 */

/** @param {RegExp} pattern @param {string} standard @returns {FlaggedPhrase} */
const phrase = (pattern, standard) => ({ pattern: new RegExp(`\\b(?:${pattern.source})\\b`, "g"), standard });

const proxies =
  /(?:an? |the )?(?:reverse |tls |same )?(?:prox(?:y|ies)|load balancers?|firewalls?|nat|nginx|haproxy|caddy)/;

/**
 * Phrases that are unclear to a reader, with the standard term for each.
 *
 * A pattern matches whole words. Keep each specific enough that nearly all its matches are wrong.
 *
 * @type {readonly FlaggedPhrase[]}
 */
export const flaggedPhrases = [
  // Speaking in place of the mechanism.
  phrase(/told/, "reported, sent, received, configured, notified"),
  phrase(/tells?|telling/, "reports, sends, returns, distinguishes"),
  phrase(/says?|said|saying/, "reports, states, contains, replies"),
  phrase(/words/, "message, request, metadata; of a search: terms"),
  phrase(/goodbye/, "drain, GOAWAY"),
  phrase(/speaks? of/, "describes, mentions"),
  phrase(/knows? (?:no|nothing)/, "does not depend on, has no"),
  // Places and states.
  phrase(/standing|stood/, "status, state"),
  phrase(/stands?(?! ?in\b)/, "is, is at, is in"),
  phrase(/at hand/, "available, buffered, ready"),
  phrase(/(?<!--)doors?/, "upload method: chunked or streaming"),
  phrase(/wish(?:es|ed)?/, "desired state, DesiredSubscriptions"),
  phrase(/haste|hurry|hurries/, "flush mode, immediate"),
  phrase(/patien(?:ce|t|tly)/, "retry policy, idle timeout, deadline"),
  phrase(/readably/, "every250ms, display interval"),
  phrase(/silence|silent (?:clients?|peers?|streams?|connections?|sockets?|readers?|servers?)/, "idle, idle timeout"),
  phrase(/continuity|unaccounted/, "gap detector, unexplained gap"),
  phrase(/roomless|room/, "capacity, free space"),
  phrase(/(?:quote|paced) lines?/, "subscription, rate-limited subscriptions"),
  phrase(
    /(?:turn|fair|read) turns?|turn lock|takes? turns|takes? (?:its|their|a) turn|(?:its|their|whose) turn|in turns?/,
    "mutex, semaphore, fair scheduling, round-robin",
  ),
  phrase(/under way/, "in progress, active, in flight"),
  phrase(/(?:is|are|be) through/, "is complete"),
  phrase(/(?:lies?|lay) (?:in|at|on|under|beside|there)/, "is in, is stored in"),
  phrase(/engines? flags?|flags of the engine/, "Node flags (V8 options)"),
  phrase(/errands?/, "task, job"),
  // Movement.
  phrase(/go(?:es)? on|going on|went on|gone on/, "continues, resumes"),
  phrase(/tak(?:es?|ing) up again|took up again/, "resumes"),
  phrase(/com(?:es?|ing) back|came back/, "reconnects, restarts, returns"),
  phrase(/(?:it|they|one|client|reader|stream) (?:got|has got) to/, "position, cursor, offset"),
  phrase(/let(?:s|ting)? go(?: of)?(?! away)/, "evicts, expires, releases"),
  phrase(/giv(?:es?|ing) up|gave up/, "stops, stops retrying, aborts"),
  phrase(/begins? again|began again|start(?:s|ed)? anew|anew/, "again, restarts, loops"),
  phrase(/break(?:s|ing)? off|broken off/, "aborts, ends early"),
  phrase(/bears?/, "supports, accepts"),
  // A clause in place of a noun.
  phrase(
    /what (?:is|was|are|were|has been) (?:there|due|left|waiting|pending|stored|kept|held|missing|sent|lost|known|open|under way|in flight)/,
    "stored, received, pending, remaining",
  ),
  phrase(/what (?:came|comes|waits?|arrives?|arrived|follows|remains)/, "received data, queue, pending, next"),
  phrase(/what becomes of/, "handling of, policy for"),
  phrase(/whoever/, "a client that, anyone who"),
  phrase(/(?:for|to|from|by|of|than|and|or) who/, "a client that, a reader that"),
  phrase(/who (?:has|asks|reads|knows|wants|waits|comes|sends|writes)/, "a client that, a reader that"),
  // Grammar.
  phrase(/(?:undefined|null|false|true|throws|rejects|fails|refused|refuses|nothing|empty|unless|none) where/, "if"),
  phrase(/where (?:there (?:is|are|was)|nothing|none|no one|it (?:is|was|has|does|cannot|can) (?:not|no)|not)/, "if"),
  phrase(
    new RegExp(
      `(?<!(?:falls?|fell|fallen|falling|lags?|lagging|far|left|is|are|was|were|be|nothing) )behind(?! ${proxies.source}\\b)`,
    ),
    "after; of a slow reader: falls behind",
  ),
  phrase(
    /counts? (?:an? |the |its |their )?(?:hash(?:es)?|digests?|checksums?)|(?:hash(?:es)?|digests?|checksums?) (?:is|are|was|were) counted|counted (?:hash|digest)/,
    "computes a hash",
  ),
  phrase(/by (?:itself|themselves)/, "automatically; alone"),
  phrase(/of (?:its|their) own/, "its own, separate"),
  phrase(/ha(?:s|d|ve) to/, "must"),
  phrase(/(?:is|are) to be/, "must be, pending"),
  phrase(/(?:is|are|has|have) yet to/, "not yet, pending"),
];
