import {
  CandlestickSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { locale } from "../../shared/format-values.ts";
import { formatPrice } from "./format-price.ts";
import type { Bar, CandlesState } from "./live-candles.ts";

const candlesPerStep = 5; // the distance of an arrow key

const zoomFactor = 1.25; // the change of the number of visible candles by one key

interface Drawing {
  readonly api: IChartApi;
  readonly series: ISeriesApi<"Candlestick">;
}

/** A chart of candles. Arrow keys scroll, plus and minus zoom, Home shows all candles, and End the newest. */
export function CandleChart(props: { chart: CandlesState; decimals: number; label: string }) {
  const { chart, decimals, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const shown = useRef<{ loads: number; bars: readonly Bar[] }>({ loads: -1, bars: [] });

  useEffect(() => {
    if (box.current === null) return;
    const element = box.current;
    const api = createChart(element, { autoSize: true, localization: { locale, timeFormatter } });
    const series = api.addSeries(CandlestickSeries, {});
    const applyColors = () => {
      const { line, paper, ink, up, down } = readColors(element);
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
    applyColors();
    const removeListener = onThemeChange(applyColors);
    drawing.current = { api, series };
    shown.current = { loads: -1, bars: [] };
    return () => {
      removeListener();
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
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart handles keys, so it must be focusable
      tabIndex={0}
      onKeyDown={(event) => drawing.current && handleKey(drawing.current.api, event)}
    />
  );
}

/** Draws the whole chart after a load; otherwise only the last candle and those after it. */
function draw(
  { api, series }: Drawing,
  { bars, loads }: CandlesState,
  shown: { loads: number; bars: readonly Bar[] },
): void {
  const newest = shown.bars.at(-1);
  if (loads === shown.loads && newest !== undefined) {
    for (const bar of bars.slice(-maxNewCandles)) if (bar.time >= newest.time) series.update(toChartData(bar));
    return;
  }
  series.setData(bars.map(toChartData));
  if (shown.loads < 0) api.timeScale().scrollToRealTime();
}

// The maximum number of candles that can start between two updates. If there are more, they are missing until the next
// load.
const maxNewCandles = 60;

function toChartData({ time, open, high, low, close }: Bar) {
  return { time: toChartTime(time), open, high, low, close };
}

// The library uses seconds.
function toChartTime(millis: number): UTCTimestamp {
  return (millis / 1000) as UTCTimestamp;
}

function handleKey(api: IChartApi, event: KeyboardEvent): void {
  const scale = api.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (range === null) return;
  const shift = (by: number) => scale.setVisibleLogicalRange({ from: range.from + by, to: range.to + by });
  const zoom = (factor: number) =>
    scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
  switch (event.key) {
    case "ArrowLeft":
      shift(-candlesPerStep);
      break;
    case "ArrowRight":
      shift(candlesPerStep);
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
  return dayAndTime.format(toDate(time));
}

// The TickMarkType of the library: 0 to 2 are dates, 3 is a time, 4 is a time with seconds.
function tickMarkFormatter(time: Time, kind: number): string {
  return (kind <= 2 ? day : kind === 3 ? minute : second).format(toDate(time));
}

function toDate(time: Time): Date {
  return new Date(Number(time) * 1000);
}

/** The page's colours in a form that a canvas accepts. */
interface ChartColors {
  readonly paper: string;
  readonly line: string;
  readonly ink: string;
  readonly up: string;
  readonly down: string;
}

/** Reads the colours at an element. The custom properties have a light and a dark value, which the browser resolves. */
function readColors(element: Element): ChartColors {
  const probe = element.ownerDocument.createElement("span");
  element.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = {
    paper: read("--card"),
    line: read("--line"),
    ink: read("--ink-2"),
    up: read("--up"),
    down: read("--down"),
  };
  probe.remove();
  return colors;
}

/** Adds a listener for changes between light and dark. The returned function removes it. */
function onThemeChange(listener: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", listener);
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    query.removeEventListener("change", listener);
    observer.disconnect();
  };
}
