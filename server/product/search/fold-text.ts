/** A text for comparison whatever the case and the form of its characters. */
export function foldText(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
