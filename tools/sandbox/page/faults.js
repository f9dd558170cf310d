// The fault switches: the common ones as switches, all of them with their settings in a form.

import { ask, byId, make } from "./common.js";

const COMMON = {
  offline: "Offline",
  slow: "Slow replies",
  too_many_requests: "429 Too many requests",
  server_error: "5xx Server error",
  portal: "Captive portal page",
  wrong_region: "Wrong region (308)",
  lose_reply: "Store, then drop the reply",
  drop_past: "200, but drop points past a limit",
};
const EVERYWHERE = { count: "for so many requests", pin: "only this pin", skip: "let so many pass first" };

export class Faults {
  constructor() {
    this.active = [];
    byId("fault-name").addEventListener("change", () => this.showSettings());
    byId("fault-form").addEventListener("submit", (event) => this.submit(event));
    byId("clear-faults").addEventListener("click", () => this.change(() => ask("/sandbox/faults", "DELETE")));
  }

  // Does what a button asks for, and says so where it failed.
  async change(action) {
    const complaint = byId("switch-error");
    try {
      await action();
      complaint.textContent = "";
    } catch (error) {
      complaint.textContent = error.message;
    }
  }

  async refresh() {
    const { active, catalogue } = await ask("/sandbox/faults");
    if (!this.catalogue) this.build(catalogue);
    this.show(active);
  }

  build(catalogue) {
    this.catalogue = new Map(catalogue.map((entry) => [entry.name, entry]));
    byId("fault-name").replaceChildren(...catalogue.map(({ name }) => make("option", { value: name }, name.replaceAll("_", " "))));
    this.showSettings();
    this.switches = new Map();
    for (const [name, label] of Object.entries(COMMON)) {
      const { settings } = this.catalogue.get(name);
      const detail = Object.entries(settings).filter(isGiven).map(([key, value]) => `${words(key)}: ${value}`);
      const element = make("button", { type: "button", role: "switch", "aria-checked": "false", "data-fault": name,
        onclick: () => this.change(() => this.toggle(name)) },
        make("span", { class: "knob", "aria-hidden": "true" }), make("span", {}, label), make("small", {}, detail.join(", ")));
      this.switches.set(name, element);
      byId("switches").append(element);
    }
  }

  async toggle(name) {
    const on = this.active.filter((fault) => fault.name === name);
    if (!on.length) await ask("/sandbox/faults", "POST", { name });
    for (const fault of on) await ask(`/sandbox/faults/${fault.number}`, "DELETE");
    await this.refresh();
  }

  show(active) {
    this.active = active;
    const names = new Set(active.map((fault) => fault.name));
    for (const [name, element] of this.switches) element.setAttribute("aria-checked", String(names.has(name)));
    const focused = document.activeElement?.closest("#active-faults li")?.dataset.number;
    const items = active.map((fault) => make("li", { "data-number": fault.number }, `${describe(fault)} `,
      make("button", { type: "button", "aria-label": `Clear ${words(fault.name)}`,
        onclick: () => this.change(() => ask(`/sandbox/faults/${fault.number}`, "DELETE")) }, "Clear")));
    byId("active-faults").replaceChildren(...(items.length ? items : [make("li", {}, "none")]));
    // Who works by keyboard keeps the place, in the list that is new with each request.
    if (focused) (items.find((item) => item.dataset.number === focused)?.querySelector("button") ?? byId("clear-faults")).focus();
    const banner = byId("faults-banner");
    banner.hidden = !active.length;
    banner.textContent = active.length ? `Faults switched on: ${[...names].map(words).join(", ")}` : "";
  }

  showSettings() {
    const { settings, description } = this.catalogue.get(byId("fault-name").value);
    byId("fault-description").textContent = description;
    const own = Object.entries(settings).map(([name, value]) => field(name, words(name), value));
    const common = Object.entries(EVERYWHERE).map(([name, label]) => field(name, label, ""));
    byId("fault-settings").replaceChildren(...own, ...common);
  }

  async submit(event) {
    event.preventDefault();
    const filled = [...new FormData(byId("fault-form"))].filter(([, value]) => value !== "");
    try {
      await ask("/sandbox/faults", "POST", Object.fromEntries(filled));
      byId("fault-error").textContent = "";
      await this.refresh();
    } catch (error) {
      byId("fault-error").textContent = error.message;
    }
  }
}

const words = (name) => name.replaceAll("_", " ");
// Below 0 a setting means none: no Retry-After, say. Only hours may be negative.
const isGiven = ([name, value]) => value !== "" && !(value < 0 && name !== "hours");

function field(name, label, value) {
  const shown = typeof value === "string" ? value.replaceAll(/[\r\n]/g, " ") : value;
  const input = isGiven([name, value]) ? { value: shown } : { placeholder: value === "" ? "" : "none" };
  return make("label", {}, `${label} `, make("input", { name, ...input, autocomplete: "off" }));
}

function describe({ name, settings, count, skip, pin, token }) {
  const parts = Object.entries(settings).filter(isGiven).map(([key, value]) => `${words(key)} ${value}`);
  if (pin !== null) parts.push(`pin V${pin}`);
  if (token) parts.push(`token ${token}`);
  if (skip) parts.push(`after ${skip} more`);
  parts.push(count === null ? "until cleared" : `${count} more`);
  return `${words(name)}: ${parts.join(", ")}`;
}
