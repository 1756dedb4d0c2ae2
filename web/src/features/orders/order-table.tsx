import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type FocusEvent, type KeyboardEvent, memo, useCallback, useEffect, useId, useRef, useState } from "react";
import { formatCount } from "../../shared/format-count.ts";
import { type Cell, moveFocus } from "./move-focus.ts";
import { orderColumns } from "./order-columns.ts";
import { maxRows, type OrderStore } from "./order-store.ts";

/** As in orders.css, in pixels. {@link maxRows} follows from it. */
const rowHeight = 28;
const overscan = 12;

// Told because some browsers forget what a table is once it is laid out as a grid, and because keys move in this one.
const roles = {
  grid: { role: "grid", "aria-readonly": true },
  group: { role: "rowgroup" },
  row: { role: "row" },
  columnHeader: { role: "columnheader" },
  rowHeader: { role: "rowheader" },
  cell: { role: "gridcell" },
} as const;

const template = { "--columns": orderColumns.map(({ width }) => width).join(" ") } as Record<string, string>;

/**
 * Rows of a store, of which only those exist that are seen, and the one that the keyboard is at. Keys move as in a
 * spreadsheet; a screen reader is told which of how many rows it is in.
 */
export function OrderTable(props: { store: OrderStore; count: number; isBusy: boolean }) {
  const { store, count, isBusy } = props;
  const scroller = useRef<HTMLElement>(null);
  const [active, setActive] = useState<Cell>({ row: 0, column: 0 });
  const goal = useRef<Cell>(undefined);
  const caption = useId();
  useEffect(() => {
    if (store.count === 0) setActive({ row: 0, column: 0 });
  }, [store]);
  const rangeExtractor = useCallback(
    (range: Range) => withRow(defaultRangeExtractor(range), active.row, range.count),
    [active.row],
  );
  const virtualizer = useVirtualizer({
    count,
    overscan,
    rangeExtractor,
    estimateSize: () => rowHeight,
    getScrollElement: () => scroller.current,
    useFlushSync: false,
  });
  useEffect(() => {
    if (goal.current !== active) return; // It has the focus already.
    goal.current = undefined;
    const cell = scroller.current?.querySelector<HTMLElement>('[data-row] [tabindex="0"]');
    cell?.focus({ preventScroll: true });
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (count === 0 || event.altKey || event.metaKey || cellOf(event.target) === undefined) return;
    const seen = Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight);
    const size = { rows: count, columns: orderColumns.length, page: Math.max(1, seen - 2) };
    const next = moveFocus(active, event.key, event.ctrlKey, size);
    if (next === undefined) return;
    event.preventDefault();
    goal.current = next;
    setActive(next);
  };
  const onFocus = (event: FocusEvent) => {
    const cell = cellOf(event.target);
    if (cell !== undefined && (cell.row !== active.row || cell.column !== active.column)) setActive(cell);
  };
  return (
    <section className="scroll order-scroll" aria-labelledby={caption} ref={scroller} style={template}>
      <p className="order-caption" id={caption}>
        Orders received: {formatCount(count)}. The page keeps {formatCount(maxRows)} at most; the script{" "}
        <code>export-orders</code> takes all.
      </p>
      <table
        {...roles.grid}
        className="order-grid"
        aria-labelledby={caption}
        aria-busy={isBusy}
        aria-rowcount={count + 1}
        aria-colcount={orderColumns.length}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        <thead {...roles.group}>
          <tr {...roles.row} aria-rowindex={1}>
            {orderColumns.map(({ title, isNumber }) => (
              <th key={title} {...roles.columnHeader} scope="col" className={isNumber ? "number" : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...roles.group} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <Row
              key={index}
              store={store}
              index={index}
              start={start}
              activeColumn={index === active.row ? active.column : undefined}
            />
          ))}
        </tbody>
      </table>
      {count === 0 && <p className="order-empty quiet">No orders are here yet: an export brings them.</p>}
    </section>
  );
}

interface RowProps {
  store: OrderStore;
  index: number;
  start: number;
  /** The column that the keyboard is at, where it is in this row. */
  activeColumn: number | undefined;
}

const Row = memo(({ store, index, start, activeColumn }: RowProps) => {
  const row = store.row(index);
  return (
    <tr {...roles.row} aria-rowindex={index + 2} data-row={index} style={{ transform: `translateY(${start}px)` }}>
      {orderColumns.map(({ title, isNumber, text }, column) => (
        <td
          key={title}
          title={text(row)}
          {...(column === 0 ? roles.rowHeader : roles.cell)}
          data-column={column}
          tabIndex={column === activeColumn ? 0 : -1}
          className={isNumber ? "number" : undefined}
        >
          {text(row)}
        </td>
      ))}
    </tr>
  );
});

/** The cell that an element is; undefined where it is none. */
function cellOf(target: EventTarget): Cell | undefined {
  if (!(target instanceof HTMLElement)) return undefined;
  const row = target.parentElement?.dataset.row;
  const column = target.dataset.column;
  return row === undefined || column === undefined ? undefined : { row: Number(row), column: Number(column) };
}

/** The row that has the focus exists wherever it is, so that the focus is not lost with it. */
function withRow(indexes: number[], row: number, count: number): number[] {
  const [first = 0] = indexes;
  const last = indexes.at(-1) ?? 0;
  if (row >= count || (row >= first && row <= last)) return indexes;
  return row < first ? [row, ...indexes] : [...indexes, row];
}
