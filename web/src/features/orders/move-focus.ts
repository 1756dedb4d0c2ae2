/** A cell by its row and column, both from 0 on. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** What a table has, and how many rows of it are seen at a time. */
export interface GridSize {
  readonly rows: number;
  readonly columns: number;
  readonly page: number;
}

/**
 * The cell that a key leads to, as the grid pattern of WAI-ARIA has it: arrows, a page up or down, Home and End in a row,
 * and with Control the first and the last cell of all. Undefined where the key leads nowhere.
 */
export function moveFocus(from: Cell, key: string, control: boolean, size: GridSize): Cell | undefined {
  const { row, column } = from;
  const [lastRow, lastColumn] = [size.rows - 1, size.columns - 1];
  switch (key) {
    case "ArrowUp":
      return { row: Math.max(0, row - 1), column };
    case "ArrowDown":
      return { row: Math.min(lastRow, row + 1), column };
    case "ArrowLeft":
      return { row, column: Math.max(0, column - 1) };
    case "ArrowRight":
      return { row, column: Math.min(lastColumn, column + 1) };
    case "PageUp":
      return { row: Math.max(0, row - size.page), column };
    case "PageDown":
      return { row: Math.min(lastRow, row + size.page), column };
    case "Home":
      return control ? { row: 0, column: 0 } : { row, column: 0 };
    case "End":
      return control ? { row: lastRow, column: lastColumn } : { row, column: lastColumn };
    default:
      return undefined;
  }
}
