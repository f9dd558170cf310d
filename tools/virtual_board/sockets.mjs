// The worker of network.mjs: TCP connections, while the main thread waits for each answer.
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { ANSWERED, COUNT, FAILED, STATUS } from "./network.mjs";

const { control, bytes } = workerData;
const open = new Map(); // id: {socket, chunks, ended, failed, wake}
let last = 0;

// What a board's OSError would carry.
const NUMBERS = { ECONNREFUSED: 111, ECONNRESET: 104, EPIPE: 104, ETIMEDOUT: 110, EHOSTUNREACH: 113, ENOTFOUND: -2 };

const operations = {
  async resolve({ host }) {
    return Buffer.from((await lookup(host, 4)).address);
  },

  async connect({ host, port, timeoutMs }) {
    const entry = { socket: connect(port, host), chunks: [], ended: false, failed: null, wake: () => {} };
    entry.socket.on("data", (chunk) => (entry.chunks.push(chunk), entry.wake()));
    entry.socket.on("end", () => ((entry.ended = true), entry.wake()));
    entry.socket.on("error", (error) => ((entry.failed = error), entry.wake()));
    await until(entry, () => !entry.socket.connecting, timeoutMs, "connect");
    open.set(++last, entry);
    return last;
  },

  async send({ id, data, timeoutMs }) {
    const entry = find(id);
    let flushed = false;
    entry.socket.write(data, () => ((flushed = true), entry.wake()));
    await until(entry, () => flushed, timeoutMs);
    return data.length;
  },

  // At most `size` bytes, as soon as there are any; none at the end.
  async receive({ id, size, timeoutMs }) {
    const entry = find(id);
    await until(entry, () => entry.chunks.length || entry.ended, timeoutMs);
    if (!entry.chunks.length) return Buffer.alloc(0);
    const chunk = entry.chunks.shift();
    if (chunk.length > size) entry.chunks.unshift(chunk.subarray(size));
    return chunk.subarray(0, size);
  },

  async close({ id }) {
    const entry = open.get(id);
    open.delete(id);
    entry?.socket.end();
    return 0;
  },

  async closeAll() {
    for (const entry of open.values()) entry.socket.destroy();
    open.clear();
    return 0;
  },
};

function find(id) {
  const entry = open.get(id);
  if (!entry) throw Object.assign(new Error("closed"), { code: "EPIPE" });
  return entry;
}

async function until(entry, condition, timeoutMs, event = null) {
  const end = timeoutMs === null ? Infinity : performance.now() + timeoutMs;
  if (event) entry.socket.once(event, () => entry.wake());
  while (!condition()) {
    if (entry.failed) throw entry.failed;
    const rest = end - performance.now();
    if (rest <= 0) throw Object.assign(new Error("timeout"), { code: "ETIMEDOUT" });
    await new Promise((resolve) => {
      entry.wake = resolve;
      if (rest !== Infinity) setTimeout(resolve, rest);
    });
  }
  if (entry.failed && !entry.chunks.length) throw entry.failed;
}

let asked = 0;
parentPort.on("message", async ({ number, operation, ...parameters }) => {
  asked = number;
  try {
    const answer = await operations[operation](parameters);
    if (number !== asked) return; // nobody waits for it any more
    const data = typeof answer === "number" ? null : answer;
    if (data) bytes.set(data);
    Atomics.store(control, COUNT, data ? data.length : answer);
    Atomics.store(control, STATUS, 0);
  } catch (error) {
    if (number !== asked) return;
    Atomics.store(control, STATUS, FAILED);
    Atomics.store(control, COUNT, NUMBERS[error.code] ?? 5);
  }
  Atomics.store(control, ANSWERED, number);
  Atomics.notify(control, ANSWERED);
});
