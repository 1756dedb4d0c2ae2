import leven from "leven";

/** The maximum number of suggestions. */
const maxSuggestions = 3;

/**
 * Returns the candidates that a user may have meant, best first: those whose last part is equal except for case, and those
 * that differ in a few characters.
 */
export function suggestNames(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const distances = Array.from(new Set(candidates), (candidate) => {
    const full = candidate.toLowerCase();
    const distance = Math.min(leven(wanted, full), leven(lastPart(wanted), lastPart(full)) + partPenalty(wanted, full));
    return { candidate, distance };
  });
  const best = Math.min(...distances.map(({ distance }) => distance));
  const limit = Math.min(Math.max(2, Math.floor(lastPart(wanted).length / 3)), best + 1);
  const near = distances.filter(({ distance }) => distance <= limit);
  return near
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, maxSuggestions)
    .map(({ candidate }) => candidate);
}

/** Formats suggestions as the end of a message, as in `: did you mean A or B?`. Empty if there are none. */
export function formatSuggestions(name: string, candidates: Iterable<string>): string {
  const suggestions = suggestNames(name, candidates);
  return suggestions.length === 0 ? "" : `: did you mean ${suggestions.join(" or ")}?`;
}

/** Prefers a candidate of the same package among candidates with equal last parts. */
function partPenalty(wanted: string, candidate: string): number {
  return wanted.includes(".") && !candidate.startsWith(wanted.slice(0, wanted.lastIndexOf("."))) ? 0.5 : 0;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
