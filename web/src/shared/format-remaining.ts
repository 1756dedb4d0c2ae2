/** Writes how long something still takes, in words that do not jump: `10 s left`, `3 min left`, `2 h 5 min left`. */
export function formatRemaining(millis: number): string {
  const seconds = Math.ceil(millis / 1_000);
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min left`;
  return `${Math.round(hours / 24)} days left`;
}
