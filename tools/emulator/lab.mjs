// A board for programs that measure and test: `node lab.mjs IMAGE [WATCHED]` reads a command a line as JSON and answers
// each with a line of JSON. lab.py is its other side. IMAGE is the flash, read and left as it is; WATCHED is
// {"address": "name"} of functions whose calls are counted.
//
// Time is the board's own: nothing here waits, and no answer depends on how fast this machine is.
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { Board } from "./board.mjs";
import { Flash, PowerCut } from "./flash.mjs";

const SLICE = 20000; // cycles between two looks at what has happened
console.warn = () => {}; // rp2040js tells of registers that it does not have
const [image, watched = "{}"] = process.argv.slice(2);
const flash = new Flash(Uint8Array.from(readFileSync(image)));
const byAddress = Object.fromEntries(Object.entries(JSON.parse(watched)).map(([at, name]) => [Number(at), name]));
const board = new Board(flash, { watched: byAddress });
let [said, marks] = ["", []];

const state = () => ({
  ms: (board.nanos - board.bootNanos) / 1e6,
  cpu_ms: (board.busyNanos - board.bootBusyNanos) / 1e6,
  erases: flash.erases,
  pages: flash.pages,
  calls: { ...board.blocks.calls },
  resets: board.resets,
});
board.onConsole = (bytes) => (said += Buffer.from(bytes).toString("latin1"));
board.onMark = (mark) => marks.push({ mark, ...state() });

// Until it has said `text`, marked `mark`, reset `resets` times, or for `ms`. What came first is in `why`.
function run({ ms, text, mark, resets }) {
  const end = board.nanos + ms * 1e6;
  const last = board.resets + (resets ?? Infinity);
  const why = () =>
    (board.inBootloader && "bootloader") ||
    (text !== undefined && said.includes(text) && "text") ||
    (mark !== undefined && marks.some((one) => one.mark === mark) && "mark") ||
    (board.resets >= last && "resets") ||
    (board.nanos >= end && "ms");
  try {
    while (!why()) {
      board.idleNanos = end - board.nanos; // no sleep takes it beyond
      board.run(SLICE);
    }
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    return { why: "cut", cut: error.message };
  }
  return { why: why() };
}

const commands = {
  run,
  type: ({ text }) => board.type(Buffer.from(text)),
  power: () => board.powerOn(),
  cut: ({ count, erases_only, seed }) => flash.cutAfter(count, erases_only, seed),
  read: ({ at, count }) => ({ hex: Buffer.from(flash.bytes.subarray(at, at + count)).toString("hex") }),
  save: ({ path }) => writeFileSync(path, flash.bytes),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  let answer;
  try {
    const found = commands[command](options);
    // What was said behind the text that was waited for belongs to the next answer.
    const end = found?.why === "text" ? said.indexOf(options.text) + options.text.length : said.length;
    answer = { ...state(), ...found, said: said.slice(0, end), marks };
    [said, marks] = [said.slice(end), []];
  } catch (error) {
    answer = { failed: error.message };
  }
  writeSync(1, JSON.stringify(answer) + "\n");
}
