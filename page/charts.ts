import type { Point } from "../rest/metrics/types.ts";
import { browser, colour, type PageElement } from "./browser.ts";
import { effect, uPlot } from "./deps.ts";
import type { Element } from "./packages.d.ts";
import { html } from "./html.ts";
import { points } from "./state.ts";
import type { ChartData } from "./uplot.d.ts";

interface Line {
  readonly name: string;
  /** A colour of page.css. */
  readonly colour: string;
  readonly read: (point: Point) => number | undefined;
}

interface Chart {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  /** The axis reaches at least so far. */
  readonly topMin: number;
  readonly lines: readonly Line[];
}

const CHARTS: readonly Chart[] = [
  {
    id: "chart-sent",
    name: "Sent a second",
    unit: "",
    topMin: 5,
    lines: [
      { name: "sent", colour: "--line-1", read: (point) => point.sent },
      { name: "429s", colour: "--line-bad", read: (point) => point.limited },
    ],
  },
  {
    id: "chart-waiting",
    name: "Waiting",
    unit: "",
    topMin: 5,
    lines: [
      { name: "waiting", colour: "--line-2", read: (point) => point.waiting },
    ],
  },
  {
    id: "chart-times",
    name: "p95: queue and Discord",
    unit: " s",
    topMin: 0.2,
    lines: [
      {
        name: "queue",
        colour: "--line-2",
        read: ({ queueP95Ms }) => secondsOf(queueP95Ms),
      },
      {
        name: "Discord",
        colour: "--line-1",
        read: ({ discordP95Ms }) => secondsOf(discordP95Ms),
      },
    ],
  },
  {
    id: "chart-global",
    name: "Global limit used",
    unit: " %",
    topMin: 100,
    lines: [
      {
        name: "used",
        colour: "--line-3",
        read: ({ globalShare }) => Math.round(globalShare * 100),
      },
    ],
  },
];

const HEIGHT = 170;
/** What may lie between two times of an axis. */
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300];
/** The highest point does not touch the frame. */
const HEADROOM = 1.15;

/** Four charts of the last ten minutes; what they draw is told in words beside them, too. */
export function Charts(): Element {
  return html`
    <section class="charts" aria-label="Charts of the last ten minutes">
      ${CHARTS.map(({ id, name, lines }) =>
        html`
          <figure>
            <figcaption>
              <h2>${name}</h2>
              <ul class="legend">${lines.map((line) => LegendItem(line))}</ul>
            </figcaption>
            <div id=${id} class="chart" aria-hidden="true"></div>
          </figure>
        `
      )}
    </section>
  `;
}

function LegendItem({ name, colour, read }: Line): Element {
  const last = points.value.findLast((point) => read(point) !== undefined);
  const now = last === undefined ? "–" : rounded(read(last) ?? 0);
  return html`
    <li><span class=${`swatch ${
      colour.slice(2)
    }`}></span>${name} <b>${now}</b></li>
  `;
}

/** Puts the charts into their places, and keeps them as wide as those are. */
export function drawCharts(): void {
  for (const chart of CHARTS) {
    const place = browser.document.getElementById(chart.id);
    if (place !== null) follow(chart, place);
  }
}

function follow(chart: Chart, place: PageElement): void {
  let plot = draw(chart, place);
  effect(() => plot.setData(dataOf(chart, points.value)));
  new browser.ResizeObserver(() => {
    plot.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(place);
  // Its colours are painted, so they change with a new painting alone.
  browser.matchMedia("(prefers-color-scheme: dark)")
    .addEventListener("change", () => {
      plot.destroy();
      plot = draw(chart, place);
    });
}

function draw(chart: Chart, place: PageElement): uPlot {
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1 },
    font: "11px system-ui, sans-serif",
  };
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      y: {
        // From nothing on, so that a small wave does not look like a storm.
        range: (_: unknown, __: number, max: number | null) => [
          0,
          Math.max(chart.topMin, (max ?? 0) * HEADROOM),
        ],
      },
    },
    axes: [
      { ...axis, space: 70, size: 26, incrs: SECONDS, values: clockTimes },
      {
        ...axis,
        size: 54,
        values: (_: unknown, ticks: readonly number[]) =>
          ticks.map((tick) => `${rounded(tick)}${chart.unit}`),
      },
    ],
    series: [
      {},
      ...chart.lines.map((line) => ({
        label: line.name,
        stroke: colour(line.colour),
        fill: `${colour(line.colour)}22`,
        width: 1.5,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
  return new uPlot(options, dataOf(chart, points.peek()), place);
}

function dataOf({ lines }: Chart, now: readonly Point[]): ChartData {
  return [
    now.map(({ atMs }) => Math.round(atMs / 1_000)),
    ...lines.map(({ read }) => now.map((point) => read(point) ?? null)),
  ];
}

function clockTimes(_: unknown, ticks: readonly number[]): readonly string[] {
  return ticks.map((tick) =>
    new Date(tick * 1_000).toLocaleTimeString([], {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hour12: false,
    })
  );
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function rounded(value: number): string {
  return String(value < 10 ? Math.round(value * 100) / 100 : Math.round(value));
}
