// The ledger: one row per request, newest first; news go on top, older ones come on demand.

import { ask, byId, bytes, count, duration, make, short, throttled, time } from "./common.js";

const PAGE = 50;
const KEPT = 300; // rows that stay when news push in

export class Ledger {
  constructor() {
    this.table = byId("ledger");
    this.body = this.table.tBodies[0];
    this.labels = [...this.table.tHead.rows[0].cells].map((cell) => cell.textContent);
    this.refreshSoon = throttled(() => this.refresh(), 300);
    byId("kind").addEventListener("change", () => this.refresh());
    for (const id of ["until", "find"]) byId(id).addEventListener("input", () => this.refreshSoon());
    byId("more").addEventListener("click", () => this.older());
  }

  async refresh() {
    const missed = (this.missed = []); // what arrives while the server answers may not be in its answer
    const rows = await this.fetch();
    if (missed !== this.missed) return; // it was asked again meanwhile
    this.missed = null;
    this.body.replaceChildren(...rows.map((row) => this.row(row)));
    byId("more").hidden = rows.length < PAGE;
    for (const request of missed) this.add(request);
  }

  async older() {
    const last = this.body.lastElementChild;
    if (!last) return;
    const rows = await this.fetch(last.dataset.id);
    this.body.append(...rows.map((row) => this.row(row)));
    byId("more").hidden = rows.length < PAGE;
  }

  fetch(before) {
    const query = new URLSearchParams({ size: PAGE, kind: byId("kind").value });
    if (before) query.set("before", before);
    const until = new Date(byId("until").value).getTime(); // local, as all times on the page
    if (until) query.set("until", until + 59_999); // to the end of that minute
    if (byId("find").value) query.set("find", byId("find").value);
    return ask(`/sandbox/requests?${query}`);
  }

  add(request) {
    this.missed?.push(request);
    if (byId("until").value || byId("find").value) return this.missed ? undefined : this.refreshSoon();
    const kind = byId("kind").value;
    if ((kind === "stored" && !request.points) || (kind === "refused" && !isSpoilt(request))) return;
    const row = this.row(request);
    row.classList.add("new");
    // A reply that was held back is told of after those to later requests.
    const next = [...this.body.rows].find((other) => Number(other.dataset.id) <= request.id);
    if (next?.dataset.id === row.dataset.id) next.replaceWith(row);
    else this.body.insertBefore(row, next ?? null);
    while (this.body.rows.length > KEPT) {
      this.body.lastElementChild.remove();
      byId("more").hidden = false;
    }
  }

  row(request) {
    const stored = request.points > 0;
    const cells = [
      time(request.arrived_ms),
      short(request.token) || "none",
      request.pin === null ? "" : `V${request.pin}`,
      count(request.points),
      bytes(request.bytes),
      count(request.duplicates),
      stored ? lateness(request) : "",
      reply(request),
    ];
    const numbers = new Set([3, 4, 5]);
    return make(
      "tr",
      { "data-id": request.id, class: isSpoilt(request) ? "refused" : null },
      ...cells.map((text, i) => make("td", { "data-label": this.labels[i], class: numbers.has(i) ? "number" : null }, text)),
    );
  }
}

const isSpoilt = ({ points, status }) => points === 0 || status !== 200;

function lateness({ arrived_ms, first_ms, last_ms }) {
  const late = (ms) => (ms < 0 ? `${duration(-ms)} early` : duration(ms));
  const [newest, oldest] = [arrived_ms - last_ms, arrived_ms - first_ms].map(late);
  return newest === oldest ? newest : `${newest} to ${oldest}`;
}

function reply({ status, message, points, fault }) {
  const text = status !== 0 ? [status, message] : [points > 0 ? "no reply, though stored" : "no reply"];
  return [...text, fault && `(${fault})`].filter(Boolean).join(" ");
}
