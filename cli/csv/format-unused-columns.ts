/** The maximum number of column names in a note. */
const maxNames = 20;

/** Formats the note about columns of a file that are not imported. */
export function formatUnusedColumns(path: string, names: readonly string[]): string {
  const shown = names.slice(0, maxNames).join(", ");
  const more = names.length > maxNames ? `, and ${names.length - maxNames} more` : "";
  return `${path}: these columns are not imported: ${shown}${more}; --columns FIELD=COLUMN maps a column to a field`;
}
