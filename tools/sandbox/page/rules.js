// The datastreams and what happens to points that they do not take: shown, made, mended and removed.

import { ask, byId, make } from "./common.js";

const KINDS = ["integer", "double", "string", "boolean", "enum", "location", "any", "none"];
const REASONS = { wrong_type: "Wrong type", no_datastream: "No datastream", too_old: "Too old", limit: "Past a limit" };

export class Rules {
  constructor() {
    this.labels = [...byId("datastreams").tHead.rows[0].cells].map((cell) => cell.textContent);
    this.form = byId("rules-form");
    byId("stream-form").elements.kind.append(...KINDS.map((kind) => make("option", { value: kind }, kind)));
    byId("reasons").append(...Object.entries(REASONS).map(([reason, label]) => make("div", { class: "controls" },
      make("label", {}, `${label}: `, make("select", { name: `${reason}-how` },
        make("option", { value: "refuse" }, "refuse the batch"), make("option", { value: "drop" }, "200 OK, leave the point out"))),
      make("label", {}, "in the words ", make("input", { name: `${reason}-words`, size: 40, placeholder: "the usual" })))));
    byId("stream-form").addEventListener("submit", (event) => this.makeStream(event));
    this.form.addEventListener("submit", (event) => this.apply(event));
  }

  async refresh() {
    this.show(await ask("/sandbox/rules"));
  }

  async change(changes) {
    const complaint = byId("rules-error");
    try {
      this.show(await ask("/sandbox/rules", "PATCH", changes));
      complaint.textContent = "";
    } catch (error) {
      complaint.textContent = error.message;
    }
  }

  show({ datastreams, others, max_age_days, drop, words }) {
    const rows = Object.entries(datastreams).map(([pin, stream]) => this.row(pin, ...stream.split(":")));
    byId("datastreams").tBodies[0].replaceChildren(...rows);
    byId("datastreams").hidden = !rows.length;
    const fields = this.form.elements;
    fields.others.value = others;
    fields.max_age_days.value = max_age_days ?? "";
    for (const reason of Object.keys(REASONS)) {
      fields[`${reason}-how`].value = drop.includes(reason) ? "drop" : "refuse";
      fields[`${reason}-words`].value = words[reason] ?? "";
    }
  }

  row(pin, kind, low, high) {
    const limits = low || high ? `${low || "any"} to ${high || "any"}` : "";
    const remove = make("button", { type: "button", "aria-label": `Remove ${pin}`,
      onclick: () => this.change({ datastreams: { [pin]: null } }) }, "Remove");
    return make("tr", {}, ...[pin, kind, limits, remove].map((cell, i) => make("td", { "data-label": this.labels[i] }, cell)));
  }

  makeStream(event) {
    event.preventDefault();
    const { pin, kind, low, high } = Object.fromEntries(new FormData(event.target));
    const stream = low || high ? `${kind}:${low}:${high}` : kind;
    return this.change({ datastreams: { [`V${pin.replace(/^[vV]/, "")}`]: stream } });
  }

  apply(event) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(this.form));
    const reasons = Object.keys(REASONS);
    return this.change({
      others: fields.others,
      max_age_days: fields.max_age_days === "" ? null : Number(fields.max_age_days),
      drop: reasons.filter((reason) => fields[`${reason}-how`] === "drop"),
      words: Object.fromEntries(reasons.map((reason) => [reason, fields[`${reason}-words`]]).filter(([, text]) => text)),
    });
  }
}
