import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type CSSProperties, memo, useSyncExternalStore } from "react";
import { formatCount, formatTime } from "../../shared/format-values.ts";
import { formatChange, formatPrice } from "./format-price.ts";
import type { Move, Row } from "./quote-table-model.ts";
import type { QuotesPageModel } from "./quotes-page-model.ts";

interface QuoteRowProps {
  symbol: string;
  name: string;
  /** The number of decimals of the prices. */
  decimals: number;
  /** The highest number of decimals in the table. */
  mostDecimals: number;
  model: QuotesPageModel;
  /** Whether the chart shows this symbol. */
  isCharted: boolean;
  onSelect: (symbol: string) => void;
}

/** The row of one symbol in the watchlist. */
export const QuoteRow = memo((props: QuoteRowProps) => {
  const { symbol, name, model, isCharted, onSelect } = props;
  const { table } = model;
  const row = useSyncExternalStore(table.subscribe, () => table.row(symbol));
  return (
    <tr data-symbol={symbol} data-row={row.kind}>
      <th scope="row">
        <button
          type="button"
          className="symbol"
          aria-pressed={isCharted}
          title="Show chart"
          onClick={() => onSelect(symbol)}
        >
          {symbol}
        </button>
      </th>
      <td className="name">{name}</td>
      <Figures row={row} {...props} />
      <td className="remove">
        <button type="button" className="icon" aria-label={`Remove ${symbol}`} onClick={() => model.remove(symbol)}>
          <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
            <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
          </svg>
        </button>
      </td>
    </tr>
  );
});

function Figures({ row, decimals, mostDecimals }: QuoteRowProps & { row: Row }) {
  switch (row.kind) {
    case "empty":
      return (
        <td colSpan={7} className="quiet">
          No quote yet
        </td>
      );
    case "unknown":
      return (
        <td colSpan={7} className="quiet">
          Unknown symbol
        </td>
      );
    case "quoted": {
      const { quote } = row;
      const align = alignPoint(decimals, mostDecimals);
      const change = formatChange(quote.last, quote.previousClose, decimals);
      return (
        <>
          <PriceCell price={quote.bid} move={row.bid} decimals={decimals} align={align} />
          <PriceCell price={quote.ask} move={row.ask} decimals={decimals} align={align} />
          <PriceCell price={quote.last} move={row.last} decimals={decimals} align={align} arrow />
          <td className="number" data-trend={change?.direction} style={align}>
            {change?.amount ?? absent}
          </td>
          <td className="number" data-trend={change?.direction}>
            {change?.percent ?? absent}
          </td>
          <td className="number">{quote.volume === undefined ? absent : formatCount(quote.volume)}</td>
          <td className="number time">
            {quote.sourceTime === undefined ? absent : formatTime(timestampMs(quote.sourceTime), Date.now())}
          </td>
        </>
      );
    }
  }
}

/** The text for a missing value. */
const absent = "–";

const pointWidth = 0.5; // the approximate width of a decimal point, in digits

/** Returns padding that aligns the decimal point of a number with those of numbers with `most` decimals. */
function alignPoint(decimals: number, most: number): CSSProperties | undefined {
  if (decimals === most) return undefined;
  const digits = most - decimals + (decimals === 0 ? pointWidth : 0);
  return { paddingInlineEnd: `calc(var(--cell) + ${digits}ch)` };
}

/** A price that flashes when it moves. Besides the colour, a bar above or below the price shows the direction. */
function PriceCell(props: {
  price: number | undefined;
  move: Move;
  decimals: number;
  align: CSSProperties | undefined;
  /** Whether to show an arrow with the last direction. */
  arrow?: boolean;
}) {
  const { price, move, decimals, align, arrow = false } = props;
  if (price === undefined) return <td className="number">{absent}</td>;
  return (
    <td className="number" style={align}>
      {arrow && <span className="arrow" data-move={move.direction} aria-hidden="true" />}
      {/* A new key creates a new element, which restarts the animation. */}
      <span key={move.count} className="price" data-move={move.direction}>
        {formatPrice(price, decimals)}
      </span>
    </td>
  );
}
