import { timestampMs } from "@bufbuild/protobuf/wkt";
import { memo, useSyncExternalStore } from "react";
import { formatCount } from "../../shared/format-count.ts";
import { formatTime } from "../../shared/format-time.ts";
import { absent, alignPoint, PriceCell } from "./price-cell.tsx";
import { changeOf } from "./price-format.ts";
import type { Row } from "./quote-board.ts";
import type { QuotesSession } from "./quotes-session.ts";

interface QuoteRowProps {
  symbol: string;
  name: string;
  /** How many decimals the prices have. */
  decimals: number;
  /** The most that any row of the table has. */
  mostDecimals: number;
  session: QuotesSession;
  /** Whether its chart is shown. */
  isCharted: boolean;
  onChoose: (symbol: string) => void;
}

/** One symbol of the watchlist. */
export const QuoteRow = memo((props: QuoteRowProps) => {
  const { symbol, name, session, isCharted, onChoose } = props;
  const { board } = session;
  const row = useSyncExternalStore(board.subscribe, () => board.row(symbol));
  return (
    <tr data-symbol={symbol} data-row={row.kind}>
      <th scope="row">
        <button
          type="button"
          className="symbol"
          aria-pressed={isCharted}
          title="Show its chart"
          onClick={() => onChoose(symbol)}
        >
          {symbol}
        </button>
      </th>
      <td className="name">{name}</td>
      <Figures row={row} {...props} />
      <td className="remove">
        <button type="button" className="icon" aria-label={`Remove ${symbol}`} onClick={() => session.remove(symbol)}>
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
    case "waiting":
      return (
        <td colSpan={7} className="quiet">
          No quote yet
        </td>
      );
    case "unknown":
      return (
        <td colSpan={7} className="quiet">
          The server has no such symbol
        </td>
      );
    case "quoted": {
      const { quote } = row;
      const align = alignPoint(decimals, mostDecimals);
      const change = changeOf(quote.last, quote.previousClose, decimals);
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
