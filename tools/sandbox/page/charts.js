// One chart per pin: a line, a band between the lowest and the highest number of each slice of time, and a
// shaded stretch where no data came. Draws with uPlot where it is installed; without it the cards still tell
// the latest value. Knows nothing of how pages are told about news.

import { ask, byId, count, duration, make, short, time } from "./common.js";

const SLICES = 600;
const HEIGHT = 220;

let Plot = null;
export async function loadCharts() {
  try {
    Plot = (await import("/charts/uPlot.esm.js")).default;
  } catch {
    const notice = byId("charts-notice");
    notice.textContent =
      "The chart library is not installed: install Node.js, run make setup, and reload this page. Everything else works.";
    notice.hidden = false;
  }
}

const pointsOf = ({ points }) => `${count(points)} ${points === 1 ? "point" : "points"}`;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Labels of the time axis, and below each what is new there: the day below a time of day, the year below a day.
const DAY = 86_400_000;
function instants(_, splits, axis, space, step) {
  let before = "";
  return splits.map((ms) => {
    const [date, clock] = time(ms).split(" ");
    if (step >= 360 * DAY) return date.slice(0, 4);
    const label = step >= DAY ? date.slice(5) : step >= 60_000 ? clock.slice(0, 5) : clock;
    const context = step >= DAY ? date.slice(0, 4) : date;
    const below = context === before ? "" : `\n${context}`;
    before = context;
    return label + below;
  });
}

// The width of the axis of numbers: as much as its longest label needs, at least that of the usual ones.
function labelSpace(plot, labels, axis) {
  plot.ctx.font = plot.axes[axis].font[0];
  const widths = (labels ?? []).map((label) => plot.ctx.measureText(label).width / devicePixelRatio);
  return Math.ceil(Math.max(60, ...widths.map((width) => width + 20)));
}

export class Chart {
  constructor(pin, token, onSelect) {
    this.pin = pin;
    this.onSelect = onSelect;
    this.range = null;
    this.visible = false;
    this.stale = true;
    this.plot = null;
    this.asked = 0; // how often the server was asked: its answers may overtake each other
    this.gaps = [];
    this.latest = make("span", { class: "latest" });
    this.extent = make("span", { class: "range" });
    this.drawing = make("div", { class: "plot" });
    const name = make("span", {}, `V${pin.pin}`, token ? ` · ${short(token)}` : "");
    const caption = make("figcaption", {}, name, this.latest, this.extent);
    this.element = make("figure", { class: "chart", "data-pin": `V${pin.pin}` }, caption, this.drawing);
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.drawing);
    new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      if (this.visible && this.stale) this.refresh();
    }, { rootMargin: "300px" }).observe(this.element);
  }

  size() {
    return { width: Math.max(this.drawing.clientWidth, 100), height: HEIGHT };
  }

  // New totals of the pin and the stretch of time to show; draws at once where it can be seen.
  async update(pin, range) {
    this.pin = pin;
    this.range = range;
    this.stale = true;
    this.latest.textContent = pin.latest;
    this.element.dataset.points = pin.points;
    if (this.visible) await this.refresh();
  }

  async refresh() {
    this.stale = false;
    if (/^["[]/.test(this.pin.latest)) return this.list();
    const [from, to] = this.range;
    const query = new URLSearchParams({ device: this.pin.device, pin: this.pin.pin, from, to, slices: SLICES });
    const asked = ++this.asked;
    const series = await ask(`/sandbox/series?${query}`);
    if (asked !== this.asked) return;
    this.gaps = series.gaps;
    this.describe(series);
    if (Plot) this.draw(series);
    this.element.dataset.drawn = series.ms.length;
  }

  describe({ ms, low, high, gaps, slice_ms }) {
    const numbers = [low, high].map((row) => row.filter((number) => number !== null));
    const extremes = ms.length ? `${Math.min(...numbers[0])} to ${Math.max(...numbers[1])}` : "nothing in this time";
    const parts = [pointsOf(this.pin), extremes];
    if (gaps.length) parts.push(`${gaps.length} ${gaps.length === 1 ? "gap" : "gaps"}`);
    if (slice_ms) parts.push(`lowest and highest per ${duration(slice_ms)}`);
    this.extent.textContent = parts.join(", ");
    this.element.dataset.gaps = gaps.length;
    this.drawing.setAttribute("role", "img");
    this.drawing.setAttribute("aria-label", `Chart of V${this.pin.pin}: ${parts.join(", ")}`);
  }

  draw({ ms, low, high }) {
    if (!this.plot) {
      this.drawing.replaceChildren();
      this.plot = new Plot(this.options(), [ms, low, high], this.drawing);
    } else this.plot.setData([ms, low, high], false);
    this.plot.batch(() => this.plot.setScale("x", { min: this.range[0], max: this.range[1] }));
    this.plot.redraw(true, true);
  }

  redraw() {
    this.plot?.destroy();
    this.plot = null;
    if (this.visible) this.refresh();
  }

  options() {
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 } };
    const line = { stroke: colour("--accent"), width: 1.5, spanGaps: false };
    return {
      ...this.size(),
      ms: 1,
      scales: { x: { time: true, auto: false }, y: { auto: true } },
      cursor: { sync: { key: "sandbox" }, drag: { setScale: false, x: true, y: false } },
      bands: [{ series: [2, 1], fill: colour("--band") }],
      axes: [{ ...axis, values: instants }, { ...axis, size: labelSpace }],
      series: [
        { label: "time", value: (_, ms) => (ms === null ? "" : time(ms)) },
        { label: "lowest", ...line },
        { label: "highest", ...line },
      ],
      hooks: {
        drawClear: [(plot) => this.shade(plot)],
        setSelect: [(plot) => this.select(plot)],
      },
    };
  }

  shade(plot) {
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.beginPath();
    plot.ctx.rect(left, top, width, height);
    plot.ctx.clip();
    plot.ctx.fillStyle = colour("--gap");
    for (const [from, to] of this.gaps) {
      const start = plot.valToPos(from, "x", true);
      plot.ctx.fillRect(start, top, plot.valToPos(to, "x", true) - start, height);
    }
    plot.ctx.restore();
  }

  select(plot) {
    const { left, width } = plot.select;
    if (width < 5) return;
    const chosen = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")].map(Math.round);
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onSelect(chosen);
  }

  // Texts and locations have no chart: the latest values of the time shown, in a list.
  async list() {
    const asked = ++this.asked;
    const [from, to] = this.range;
    const rows = await ask(`/sandbox/texts?device=${this.pin.device}&pin=${this.pin.pin}&from=${from}&to=${to}`);
    if (asked !== this.asked) return;
    this.plot?.destroy();
    this.plot = null;
    for (const name of ["role", "aria-label"]) this.drawing.removeAttribute(name);
    const items = rows.map((row) => make("li", {}, `${time(row.ms)}  ${row.value}`));
    this.extent.textContent = `${pointsOf(this.pin)}, ${rows.length ? `the latest ${rows.length} of this time:` : "nothing in this time"}`;
    const list = this.drawing.querySelector(".texts") ?? make("ul", { class: "texts", tabindex: 0 });
    list.replaceChildren(...items); // the same list, so that focus and place stay
    if (!list.isConnected) this.drawing.replaceChildren(list);
    this.element.dataset.drawn = rows.length;
  }
}
