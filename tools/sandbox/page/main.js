// Starts the page and keeps it up to date: the server tells what happened, the parts show it.

import { ask, byId, make, throttled } from "./common.js";
import { Faults } from "./faults.js";
import { Ledger } from "./ledger.js";
import { Overview } from "./overview.js";
import { Rules } from "./rules.js";

const overview = new Overview();
const ledger = new Ledger();
const faults = new Faults();
const rules = new Rules();
const refreshOverview = throttled(() => overview.refresh(), 700);
const refreshFaults = throttled(() => faults.refresh(), 300);
const refreshRules = throttled(() => rules.refresh(), 300);
const refreshServer = throttled(describeServer, 300);

function connect() {
  const events = new EventSource("/sandbox/events");
  let last = null;
  const tell = (state) => {
    byId("connection").dataset.state = state;
    byId("connection").textContent = state;
  };
  events.onopen = () => {
    tell("live");
    last = null;
    refreshServer(); // after a restart it may have other tokens and limits
    refreshAll();
  };
  events.onerror = () => tell("no connection to the sandbox");
  const listen = (kind, act) =>
    events.addEventListener(kind, (event) => {
      const number = Number(event.lastEventId);
      if (last !== null && number !== last + 1) refreshAll(); // the server had to leave events out
      last = number;
      act(JSON.parse(event.data));
    });
  listen("request", (request) => {
    ledger.add(request);
    refreshOverview();
    if (request.fault) refreshFaults();
  });
  listen("faults", () => refreshFaults());
  listen("rules", (told) => rules.show(told));
}

function refreshAll() {
  refreshOverview();
  ledger.refresh();
  refreshFaults();
  refreshRules();
}

// Says whose time it is that the page shows.
function describeTimes() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  byId("zone").textContent = `Times on this page are local: ${zone}. The CSV files have UTC.`;
}

async function describeServer() {
  const info = await ask("/sandbox/info");
  const token = Object.keys(info.tokens)[0];
  const url = `${location.origin}/external/api/batch/update?token=${encodeURIComponent(token)}&pin=v1`;
  byId("curl").textContent = `curl -X POST '${url}' -H 'Content-Type: application/json' -d '[[${Date.now()},21.5]]'`;
  const facts = { Database: info.database };
  for (const [name, address] of Object.entries(info.regions)) facts[`Region ${name}`] = address;
  for (const [name, value] of Object.entries(info.limits)) facts[name.replaceAll("_", " ")] = value ?? "no limit";
  byId("server").replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
  );
}

describeTimes();
await Promise.all([overview.start(), describeServer()]);
connect();
