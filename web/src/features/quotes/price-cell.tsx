import type { CSSProperties } from "react";
import { formatPrice } from "./price-format.ts";
import type { Move } from "./quote-board.ts";

/** Stands where a source gives no value. */
export const absent = "–";

// About what a point takes of a digit's width.
const pointWidth = 0.5;

/** Room to the right of a number with `decimals`, so that its point stands below those of numbers with `most`. */
export function alignPoint(decimals: number, most: number): CSSProperties | undefined {
  if (decimals === most) return undefined;
  const digits = most - decimals + (decimals === 0 ? pointWidth : 0);
  return { paddingInlineEnd: `calc(var(--cell) + ${digits}ch)` };
}

/** A price that lights up when it moves: a bar above for up and below for down tell what the colour tells. */
export function PriceCell(props: {
  price: number | undefined;
  move: Move;
  decimals: number;
  align: CSSProperties | undefined;
  /** Whether an arrow shows the newest direction. */
  arrow?: boolean;
}) {
  const { price, move, decimals, align, arrow = false } = props;
  if (price === undefined) return <td className="number">{absent}</td>;
  return (
    <td className="number" style={align}>
      {arrow && <span className="arrow" data-move={move.direction} aria-hidden="true" />}
      {/* Another key is another element, whose animation begins anew. */}
      <span key={move.times} className="price" data-move={move.direction}>
        {formatPrice(price, decimals)}
      </span>
    </td>
  );
}
