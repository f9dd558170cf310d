// A board behind standard input and output, which stand for its serial line: `node serve.mjs FLASH`, started by
// host.py. FLASH is the chip's content, a file that each erase and program changes at once, so it can end at any time.
//
// It runs in real time, or slower where this machine is. Ends with status 3 when the board enters its bootloader.
import { openSync, readSync, writeSync } from "node:fs";
import { Board } from "./board.mjs";
import { FLASH_BYTES, Flash } from "./flash.mjs";

console.warn = () => {}; // rp2040js tells of registers that it does not have
const [SLICE, BOOTLOADER] = [50000, 3];
const file = openSync(process.argv[2], "r+");
const bytes = new Uint8Array(FLASH_BYTES);
readSync(file, bytes, 0, FLASH_BYTES, 0);
const board = new Board(new Flash(bytes, (at, count) => writeSync(file, bytes, at, count, at)));
board.idleNanos = 1e6;
board.onConsole = (said) => {
  for (let rest = said; rest.length; ) rest = rest.subarray(writeSync(1, rest));
};
process.stdin.on("data", (typed) => board.type(typed));
process.stdin.on("end", () => process.exit());
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit());

let start = Date.now() - board.nanos / 1e6;
const ahead = () => board.nanos / 1e6 - (Date.now() - start);
function step() {
  const end = Date.now() + 10;
  while (Date.now() < end && ahead() < 2 && !board.inBootloader) board.run(SLICE);
  if (board.inBootloader) process.exit(BOOTLOADER);
  const early = ahead();
  if (early < -20) start -= early; // too slow: it does not catch up
  if (early > 1) setTimeout(step, early);
  else setImmediate(step);
}
step();
