import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type FocusEvent, type KeyboardEvent, memo, useCallback, useEffect, useId, useRef, useState } from "react";
import { formatTimestamp } from "../../../../client/shared/timestamp-text.ts";
import { formatCount, formatMoney } from "../../shared/format-values.ts";
import { type Cell, moveCell } from "./grid-navigation.ts";
import { maxRows, type OrderRow, type OrderRowStore } from "./order-row-store.ts";

/** A column of the table. */
interface OrderColumn {
  readonly title: string;
  readonly isNumber: boolean;
  /** A track size of a CSS grid. */
  readonly width: string;
  text(row: OrderRow): string;
}

/** The columns in their order. The first one is the header of its row. */
const columns: readonly OrderColumn[] = [
  { title: "Sequence", isNumber: true, width: "5.75rem", text: ({ sequence }) => formatCount(sequence) },
  { title: "Placed (UTC)", isNumber: false, width: "10.75rem", text: ({ placedAt }) => formatPlacedAt(placedAt) },
  { title: "Order", isNumber: false, width: "5.5rem", text: ({ orderNumber }) => orderNumber },
  { title: "Product", isNumber: false, width: "6rem", text: ({ productCode }) => productCode },
  { title: "Description", isNumber: false, width: "minmax(11rem, 1fr)", text: ({ description }) => description },
  { title: "Quantity", isNumber: true, width: "5.5rem", text: ({ quantity }) => formatCount(quantity) },
  { title: "Unit price", isNumber: true, width: "6.75rem", text: ({ price }) => formatMoney(price) },
  { title: "Customer", isNumber: false, width: "5.75rem", text: ({ customerId }) => customerId ?? "–" },
  { title: "Country", isNumber: false, width: "8.5rem", text: ({ country }) => country },
];

/** The height of a row in pixels, as in orders.css. {@link maxRows} depends on it. */
const rowHeight = 28;
const overscan = 12;

// The roles are explicit because some browsers drop the roles of a table with a grid layout, and because this table has
// the keyboard interaction of a grid.
const roles = {
  grid: { role: "grid", "aria-readonly": true },
  group: { role: "rowgroup" },
  row: { role: "row" },
  columnHeader: { role: "columnheader" },
  rowHeader: { role: "rowheader" },
  cell: { role: "gridcell" },
} as const;

const columnStyle = { "--columns": columns.map(({ width }) => width).join(" ") } as Record<string, string>;

/**
 * A virtual table of the rows in a store: only the visible rows and the focused one are rendered. Keys move the focus as
 * in a spreadsheet, and screen readers announce the row number and the number of rows.
 */
export function OrderTable(props: { store: OrderRowStore; count: number; isBusy: boolean }) {
  const { store, count, isBusy } = props;
  const scroller = useRef<HTMLElement>(null);
  const [active, setActive] = useState<Cell>({ row: 0, column: 0 });
  const focusTarget = useRef<Cell>(undefined);
  const caption = useId();
  useEffect(() => {
    if (store.count === 0) setActive({ row: 0, column: 0 });
  }, [store]);
  const rangeExtractor = useCallback(
    (range: Range) => addRow(defaultRangeExtractor(range), active.row, range.count),
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
    if (focusTarget.current !== active) return; // the cell has the focus already
    focusTarget.current = undefined;
    const cell = scroller.current?.querySelector<HTMLElement>('[data-row] [tabindex="0"]');
    cell?.focus({ preventScroll: true });
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (count === 0 || event.altKey || event.metaKey || cellOf(event.target) === undefined) return;
    const visibleRows = Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight);
    const size = { rows: count, columns: columns.length, page: Math.max(1, visibleRows - 2) };
    const next = moveCell(active, event.key, event.ctrlKey, size);
    if (next === undefined) return;
    event.preventDefault();
    focusTarget.current = next;
    setActive(next);
  };
  const onFocus = (event: FocusEvent) => {
    const cell = cellOf(event.target);
    if (cell !== undefined && (cell.row !== active.row || cell.column !== active.column)) setActive(cell);
  };
  return (
    <section className="scroll order-scroll" aria-labelledby={caption} ref={scroller} style={columnStyle}>
      <p className="order-caption" id={caption}>
        Orders received: {formatCount(count)}. This page shows at most {formatCount(maxRows)}; the script{" "}
        <code>export-orders</code> has no limit.
      </p>
      <table
        {...roles.grid}
        className="order-grid"
        aria-labelledby={caption}
        aria-busy={isBusy}
        aria-rowcount={count + 1}
        aria-colcount={columns.length}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        <thead {...roles.group}>
          <tr {...roles.row} aria-rowindex={1}>
            {columns.map(({ title, isNumber }) => (
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
      {count === 0 && <p className="order-empty quiet">No orders yet. Select Export to load them.</p>}
    </section>
  );
}

interface RowProps {
  store: OrderRowStore;
  index: number;
  start: number;
  /** The focused column; undefined if the focus is in another row. */
  activeColumn: number | undefined;
}

const Row = memo(({ store, index, start, activeColumn }: RowProps) => {
  const row = store.row(index);
  return (
    <tr {...roles.row} aria-rowindex={index + 2} data-row={index} style={{ transform: `translateY(${start}px)` }}>
      {columns.map(({ title, isNumber, text }, column) => (
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

/** Returns the position of a cell element, or undefined for other elements. */
function cellOf(target: EventTarget): Cell | undefined {
  if (!(target instanceof HTMLElement)) return undefined;
  const row = target.parentElement?.dataset.row;
  const column = target.dataset.column;
  return row === undefined || column === undefined ? undefined : { row: Number(row), column: Number(column) };
}

/** Adds the focused row to the rendered ones, so that it keeps the focus when it is scrolled out of view. */
function addRow(indexes: number[], row: number, count: number): number[] {
  const [first = 0] = indexes;
  const last = indexes.at(-1) ?? 0;
  if (row >= count || (row >= first && row <= last)) return indexes;
  return row < first ? [row, ...indexes] : [...indexes, row];
}

function formatPlacedAt(time: OrderRow["placedAt"]): string {
  return formatTimestamp(time).replace("T", " ").replace("Z", "");
}
