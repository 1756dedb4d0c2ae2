import {
  CandlestickSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { locale } from "../../shared/locale.ts";
import type { Bar, Chart } from "./candle-series.ts";
import { chartColors, onThemeChange } from "./chart-colors.ts";
import { formatPrice } from "./price-format.ts";

// How far an arrow key goes, in candles.
const step = 5;

// What one key press makes of the number of candles in sight.
const zoomFactor = 1.25;

interface Drawing {
  readonly api: IChartApi;
  readonly series: ISeriesApi<"Candlestick">;
}

/** Draws candles. The arrow keys move along the time, plus and minus change the scale, End goes to the newest. */
export function CandleChart(props: { chart: Chart; decimals: number; label: string }) {
  const { chart, decimals, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const shown = useRef<{ loads: number; bars: readonly Bar[] }>({ loads: -1, bars: [] });

  useEffect(() => {
    if (box.current === null) return;
    const element = box.current;
    const api = createChart(element, { autoSize: true, localization: { locale, timeFormatter } });
    const series = api.addSeries(CandlestickSeries, {});
    const paint = () => {
      const { line, paper, ink, up, down } = chartColors(element);
      api.applyOptions({
        layout: { background: { color: paper }, textColor: ink },
        grid: { vertLines: { color: line }, horzLines: { color: line } },
        timeScale: { borderColor: line, timeVisible: true, secondsVisible: true, tickMarkFormatter },
        rightPriceScale: { borderColor: line },
      });
      series.applyOptions({
        upColor: up,
        wickUpColor: up,
        borderUpColor: up,
        downColor: down,
        wickDownColor: down,
        borderDownColor: down,
      });
    };
    paint();
    const stop = onThemeChange(paint);
    drawing.current = { api, series };
    shown.current = { loads: -1, bars: [] };
    return () => {
      stop();
      drawing.current = undefined;
      api.remove();
    };
  }, []);

  useEffect(() => {
    drawing.current?.series.applyOptions({
      priceFormat: {
        type: "custom",
        minMove: 10 ** -decimals,
        formatter: (price: number) => formatPrice(price, decimals),
      },
    });
  }, [decimals]);

  useEffect(() => {
    if (drawing.current === undefined) return;
    draw(drawing.current, chart, shown.current);
    shown.current = chart;
  }, [chart]);

  return (
    <div
      ref={box}
      className="chart-space"
      role="img"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys move what is shown, so it has to take the focus
      tabIndex={0}
      onKeyDown={(event) => drawing.current && move(drawing.current.api, event)}
    />
  );
}

/** What was loaded anew is drawn as a whole; else only the candles from the one that was the newest. */
function draw({ api, series }: Drawing, { bars, loads }: Chart, shown: { loads: number; bars: readonly Bar[] }): void {
  const newest = shown.bars.at(-1);
  if (loads === shown.loads && newest !== undefined) {
    for (const bar of bars.slice(-tail)) if (bar.time >= newest.time) series.update(dataOf(bar));
    return;
  }
  series.setData(bars.map(dataOf));
  if (shown.loads < 0) api.timeScale().scrollToRealTime();
}

// More candles than this do not begin between two drawings; if they do, the next load brings them.
const tail = 60;

function dataOf({ time, open, high, low, close }: Bar) {
  return { time: secondsOf(time), open, high, low, close };
}

// The library counts in seconds.
function secondsOf(millis: number): UTCTimestamp {
  return (millis / 1000) as UTCTimestamp;
}

function move(api: IChartApi, event: KeyboardEvent): void {
  const scale = api.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (range === null) return;
  const shift = (by: number) => scale.setVisibleLogicalRange({ from: range.from + by, to: range.to + by });
  const zoom = (factor: number) =>
    scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
  switch (event.key) {
    case "ArrowLeft":
      shift(-step);
      break;
    case "ArrowRight":
      shift(step);
      break;
    case "+":
      zoom(1 / zoomFactor);
      break;
    case "-":
      zoom(zoomFactor);
      break;
    case "End":
      scale.scrollToRealTime();
      break;
    case "Home":
      scale.fitContent();
      break;
    default:
      return;
  }
  event.preventDefault();
}

const dayAndTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const second = new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23" });

function timeFormatter(time: Time): string {
  return dayAndTime.format(dateOf(time));
}

// The library's kinds of marks: 0 to 2 are dates, 3 is a time, 4 one with seconds.
function tickMarkFormatter(time: Time, kind: number): string {
  return (kind <= 2 ? day : kind === 3 ? minute : second).format(dateOf(time));
}

function dateOf(time: Time): Date {
  return new Date(Number(time) * 1000);
}
