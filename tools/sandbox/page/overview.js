// The upper part of the page: totals, which device and which stretch of time the charts show, the charts.

import { Chart, loadCharts } from "./charts.js";
import { ask, byId, bytes, count, make, short, time } from "./common.js";

const HOUR = 3_600_000;
const END = 1e14; // no timestamp is accepted from here on

export class Overview {
  constructor() {
    this.charts = new Map();
    this.chosen = null; // [from, to] in ms once zoomed or moved; null: as the select says
    this.summary = null;
    byId("device").addEventListener("change", () => this.show());
    byId("span").addEventListener("change", () => this.choose(null));
    byId("earlier").addEventListener("click", () => this.move(-0.5, 1));
    byId("later").addEventListener("click", () => this.move(0.5, 1));
    byId("zoom-in").addEventListener("click", () => this.move(0, 0.5));
    byId("zoom-out").addEventListener("click", () => this.move(0, 2));
    byId("day").addEventListener("change", (event) => this.goTo(event.target.value));
    byId("show-outside").addEventListener("click", () => this.choose(this.extent()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const chart of this.charts.values()) chart.redraw();
    });
  }

  async start() {
    await loadCharts();
  }

  async refresh() {
    this.summary = await ask("/sandbox/summary");
    this.showTotals(this.summary.totals);
    this.showDevices(this.summary.devices);
    await this.show();
  }

  showTotals(totals) {
    const entries = { Points: count(totals.points), Batches: count(totals.batches), Requests: count(totals.requests),
      "Refused or spoilt": count(totals.spoilt), Duplicates: count(totals.duplicates), "Bytes received": bytes(totals.bytes) };
    byId("totals").replaceChildren(
      ...Object.entries(entries).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
    );
  }

  showDevices(devices) {
    const select = byId("device");
    if (select.options.length !== devices.length + 1) {
      const kept = select.value;
      select.replaceChildren(make("option", { value: "" }, "all"));
      for (const device of devices) select.append(make("option", { value: device.id }, short(device.token)));
      select.value = kept;
    }
    const labels = [...byId("devices").tHead.rows[0].cells].map((cell) => cell.textContent);
    byId("devices").tBodies[0].replaceChildren(...devices.map((device) => {
      const seen = device.last_seen_ms ? time(device.last_seen_ms) : "never";
      const numbers = [device.requests, device.batches, device.points, device.duplicates].map(count);
      const cells = [device.token, device.region, seen, ...numbers];
      return make("tr", {}, ...cells.map((text, i) => make("td", { "data-label": labels[i], class: i > 2 ? "number" : null }, text)));
    }));
  }

  shownPins() {
    const device = byId("device").value;
    return (this.summary?.pins ?? []).filter((pin) => !device || String(pin.device) === device);
  }

  // From the very first point to the very last.
  extent() {
    const pins = this.shownPins();
    return [Math.min(...pins.map((pin) => pin.first_ms)), Math.max(...pins.map((pin) => pin.last_ms))];
  }

  // The stretch of time of all charts: what was chosen, or as much of the newest as the select says. A few points far
  // away from all others, such as those of 1970 that a clock gave that was not set, do not stretch it.
  range() {
    if (this.chosen) return this.chosen;
    const { from: first, to: last } = this.summary.ranges[byId("device").value] ?? {};
    const span = byId("span").value;
    if (span !== "all" && span !== "chosen") return [last - Number(span), last];
    return first < last ? [first, last] : [first - HOUR / 2, last + HOUR / 2];
  }

  choose(range) {
    this.chosen = range;
    if (range) byId("span").value = "chosen";
    return this.show();
  }

  // A day that was picked, from midnight to midnight.
  goTo(day) {
    const start = new Date(`${day}T00:00`).getTime();
    if (start && this.shownPins().length) this.choose([start, start + 24 * HOUR]);
  }

  showOutside([from, to]) {
    const outside = this.summary.ranges[byId("device").value]?.outside ?? 0;
    const [first, last] = this.extent();
    byId("outside-note").hidden = !outside || (from <= first && last <= to);
    byId("outside").textContent = outside === 1 ? "1 point lies far away in time." : `${count(outside)} points lie far away in time.`;
  }

  // Moves by a share of what is shown, and shows `factor` as much.
  move(share, factor) {
    if (!this.shownPins().length) return;
    const [from, to] = this.range();
    const middle = (from + to) / 2 + share * (to - from);
    const half = Math.max(((to - from) * factor) / 2, 500);
    const start = Math.min(Math.max(0, Math.round(middle - half)), END - 1000);
    this.choose([start, Math.min(Math.round(middle + half), END)]);
  }

  async show() {
    const pins = this.shownPins();
    const device = byId("device").value;
    byId("points-csv").href = "/sandbox/points.csv" + (device ? `?device=${device}` : "");
    byId("charts-empty").hidden = pins.length > 0;
    byId("curl").hidden = pins.length > 0;
    const range = this.range();
    this.showOutside(range);
    const many = this.summary.devices.length > 1;
    const tokens = new Map(this.summary.devices.map((each) => [each.id, each.token]));
    const shown = pins.map((pin) => {
      const key = `${pin.device}/${pin.pin}`;
      if (!this.charts.has(key)) {
        this.charts.set(key, new Chart(pin, many ? tokens.get(pin.device) : "", (chosen) => this.choose(chosen)));
      }
      return [this.charts.get(key), pin];
    });
    const container = byId("charts");
    const elements = shown.map(([chart]) => chart.element);
    if (elements.length !== container.children.length || elements.some((element, i) => element !== container.children[i])) {
      container.replaceChildren(...elements);
    }
    await Promise.all(shown.map(([chart, pin]) => chart.update(pin, range)));
  }
}
