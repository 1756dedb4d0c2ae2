/** The position of a cell: row and column, from 0. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** The size of a grid. `page` is the number of visible rows. */
export interface GridSize {
  readonly rows: number;
  readonly columns: number;
  readonly page: number;
}

/**
 * Returns the cell that a key moves the focus to, or undefined for other keys. Implements the keyboard interaction of
 * https://www.w3.org/WAI/ARIA/apg/patterns/grid/: arrows, Page Up and Down, Home and End, with Control for the whole grid.
 */
export function moveCell(from: Cell, key: string, control: boolean, size: GridSize): Cell | undefined {
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
