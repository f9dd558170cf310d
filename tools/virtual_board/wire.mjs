// The wire to the host: bytes from standard input, through memory shared with a worker, and bytes to standard output.
//
// The worker reads while Python runs, so that Ctrl-C reaches a running program as an interrupt and everything else
// waits its turn. Knows nothing of what the bytes mean.
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";

export const SIZE = 1 << 16;
export const [WRITTEN, READ, STATE, INTERRUPT, CLOSED, BELL] = [0, 1, 2, 3, 4, 5];
export const [IDLE, BOOTING, BUSY] = [0, 1, 2];
export const CTRL_C = 3;

export class Wire {
  constructor() {
    this.control = new Int32Array(new SharedArrayBuffer(6 * 4));
    this.bytes = new Uint8Array(new SharedArrayBuffer(SIZE));
    this.output = [];
    this.muted = false;
    const workerData = { control: this.control, bytes: this.bytes };
    this.worker = new Worker(new URL("./reader.mjs", import.meta.url), { workerData });
  }

  // The next byte; waits for it. An interrupt that no program took is an ordinary Ctrl-C. Null: the host has gone.
  next() {
    for (;;) {
      const seen = Atomics.load(this.control, BELL);
      if (Atomics.exchange(this.control, INTERRUPT, 0)) return CTRL_C;
      const read = Atomics.load(this.control, READ);
      if (read !== Atomics.load(this.control, WRITTEN)) {
        const byte = this.bytes[read % SIZE];
        Atomics.store(this.control, READ, (read + 1) % (SIZE * 2));
        return byte;
      }
      if (Atomics.load(this.control, CLOSED)) return null;
      Atomics.wait(this.control, BELL, seen);
    }
  }

  // While the board is busy, Ctrl-C is an interrupt. IDLE, BOOTING, or BUSY with a program that ought to notice it.
  setState(state) {
    Atomics.store(this.control, STATE, state);
    if (state === IDLE) this.flush();
  }

  interrupted() {
    return Atomics.load(this.control, INTERRUPT) === 1;
  }

  takeInterrupt() {
    return Atomics.exchange(this.control, INTERRUPT, 0) === 1;
  }

  // Sleeps without using the processor; Ctrl-C ends it.
  sleep(ms) {
    this.flush();
    Atomics.wait(this.control, INTERRUPT, 0, Math.max(0, ms));
  }

  write(bytes) {
    if (this.muted) return;
    for (const byte of bytes) this.output.push(byte);
    if (this.output.length >= 256 || bytes[bytes.length - 1] === 10) this.flush();
  }

  print(text) {
    this.write(Buffer.from(text));
  }

  flush() {
    let rest = Buffer.from(this.output);
    this.output = [];
    while (rest.length) rest = rest.subarray(writeSync(1, rest));
  }
}
