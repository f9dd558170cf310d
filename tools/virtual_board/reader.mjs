// The worker of wire.mjs: reads standard input while the main thread runs Python.
import { createReadStream } from "node:fs";
import { workerData } from "node:worker_threads";
import { BELL, BUSY, CLOSED, CTRL_C, IDLE, INTERRUPT, READ, SIZE, STATE, WRITTEN } from "./wire.mjs";

const GRACE_MS = 3000; // after this a program that has not noticed Ctrl-C is taken to be in a busy loop
const { control, bytes } = workerData;
let interrupts = 0;

function ring() {
  Atomics.add(control, BELL, 1);
  Atomics.notify(control, BELL);
}

function free() {
  const waiting = (Atomics.load(control, WRITTEN) - Atomics.load(control, READ) + SIZE * 2) % (SIZE * 2);
  return SIZE - waiting;
}

function interrupt() {
  Atomics.store(control, INTERRUPT, 1);
  Atomics.notify(control, INTERRUPT);
  ring();
  // Nothing inside WebAssembly can be stopped from outside: end the process, and the host starts a new one.
  const mine = ++interrupts;
  const check = () => {
    if (mine !== interrupts || !Atomics.load(control, INTERRUPT)) return;
    if (Atomics.load(control, STATE) === BUSY) process.kill(process.pid, "SIGKILL");
    setTimeout(check, GRACE_MS);
  };
  setTimeout(check, GRACE_MS);
}

for await (const chunk of createReadStream(null, { fd: 0 })) {
  for (const byte of chunk) {
    if (byte === CTRL_C && Atomics.load(control, STATE) !== IDLE) {
      interrupt();
      continue;
    }
    while (free() === 0) {
      ring();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const written = Atomics.load(control, WRITTEN);
    bytes[written % SIZE] = byte;
    Atomics.store(control, WRITTEN, (written + 1) % (SIZE * 2));
  }
  ring();
}
Atomics.store(control, CLOSED, 1);
ring();
setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE_MS); // a program that runs does not see that it is closed
