// The board's network: the host's own, as TCP sockets that block. Each open socket is a device file, so that bytes go
// between it and Python without conversion. modules/network/ makes a board's modules of it. No TLS.
import { Worker } from "node:worker_threads";

export const [ANSWERED, STATUS, COUNT] = [0, 1, 2];
export const FAILED = 1;
const SIZE = 65536;
const SLICE_MS = 100; // how soon Ctrl-C is noticed
const MAJOR = 70;
const EINTR = 27;

class Failure extends Error {
  constructor(number) {
    super(`error ${number}`);
    this.number = number;
  }
}

export class Network {
  // `isStopped` tells whether Ctrl-C waits for a running program.
  constructor(isStopped) {
    this.isStopped = isStopped;
    this.asked = 0; // questions, by number
    this.control = new Int32Array(new SharedArrayBuffer(3 * 4));
    this.bytes = new Uint8Array(new SharedArrayBuffer(SIZE));
    const workerData = { control: this.control, bytes: this.bytes };
    this.worker = new Worker(new URL("./sockets.mjs", import.meta.url), { workerData });
    this.timeouts = new Map(); // id: ms or null
    this.once = new Set(); // ids whose next read ends with what is there
  }

  // The worker's answer: a number; bytes are in this.bytes then. After Ctrl-C nobody waits for it any more.
  ask(operation, parameters = {}) {
    const number = ++this.asked;
    this.worker.postMessage({ number, operation, ...parameters });
    for (let seen; (seen = Atomics.load(this.control, ANSWERED)) !== number; ) {
      if (Atomics.wait(this.control, ANSWERED, seen, SLICE_MS) === "timed-out" && this.isStopped()) throw new Failure(EINTR);
    }
    const count = Atomics.load(this.control, COUNT);
    if (Atomics.load(this.control, STATUS) === FAILED) throw new Failure(count);
    return count;
  }

  // For a fresh instance of MicroPython: what `import _net` gives.
  attach(python) {
    const { FS } = python;
    this.FS = FS;
    this.ask("closeAll");
    this.timeouts.clear();
    FS.mkdir("/dev/net");
    return {
      resolve: (host) => this.guarded(() => Buffer.from(this.bytes.slice(0, this.ask("resolve", { host }))).toString()),
      connect: (host, port, timeoutMs) => this.guarded(() => this.connect(host, port, timeoutMs)),
      set_timeout: (id, timeoutMs) => this.timeouts.set(id, limit(timeoutMs)) && 0,
      read_once: (id) => this.once.add(id) && 0,
      close: (id) => this.guarded(() => this.close(id)),
    };
  }

  // Python raises OSError for what is not a text and not 0 or more. An error's own number may be negative.
  guarded(action) {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return -1000 - error.number;
    }
  }

  connect(host, port, timeoutMs) {
    const id = this.ask("connect", { host, port, timeoutMs: limit(timeoutMs) });
    this.timeouts.set(id, limit(timeoutMs));
    const device = this.FS.makedev(MAJOR, id);
    this.FS.registerDevice(device, {
      open: (stream) => (stream.seekable = false),
      close: () => {},
      read: (_, buffer, offset, length) => this.read(id, buffer, offset, length),
      write: (_, buffer, offset, length) => this.write(id, buffer.slice(offset, offset + length)),
    });
    this.FS.mkdev(`/dev/net/${id}`, device);
    return id;
  }

  read(id, buffer, offset, length) {
    if (this.once.has(-id)) return this.once.delete(-id), 0;
    const size = Math.min(length, SIZE);
    const count = this.onDevice(() => this.ask("receive", { id, size, timeoutMs: this.timeouts.get(id) }));
    buffer.set(this.bytes.subarray(0, count), offset);
    if (this.once.delete(id) && count < length) this.once.add(-id); // the next call, by the same read, sees an end
    return count;
  }

  write(id, data) {
    return this.onDevice(() => this.ask("send", { id, data, timeoutMs: this.timeouts.get(id) }));
  }

  onDevice(action) {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new this.FS.ErrnoError(error.number);
    }
  }

  close(id) {
    this.FS.unlink(`/dev/net/${id}`);
    return this.ask("close", { id });
  }
}

// Python has no null: no limit is -1.
function limit(ms) {
  return ms < 0 ? null : ms;
}
