// Are blocks.mjs and rp2040js equal? `node emulator_blocks.mjs SEED` compares registers, flags, cycles and RAM
//
// - after each of the 65,536 halfwords, each by itself, from states full of edge values;
// - after each block of random programs, in flash and in RAM, which the processor passes one instruction at a time.
//
// Prints how many were compared, or what differs and ends with status 1.
import { Blocks } from "../../tools/emulator/blocks.mjs";
import { numbers } from "../../tools/emulator/flash.mjs";
import { RP2040 } from "../../tools/node/node_modules/rp2040js/dist/esm/index.js";

const [STATES, PROGRAMS, LENGTH, STEPS] = [8, 60, 400, 300];
const [FLASH, RAM, FLASH_BYTES] = [0x10000000, 0x20000000, 1 << 21];
const EDGES = [0, 1, 2, 3, 31, 32, 33, 255, 256, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff];
const random = numbers(Number(process.argv[2] ?? 1));
const below = (count) => Math.floor(random() * count);
const oneOf = (list) => list[below(list.length)];
const FLAGS = ["N", "Z", "C", "V"];

function machine() {
  const mcu = new RP2040();
  mcu.logger = { debug() {}, info() {}, warn() {}, error() {} };
  mcu.flash = mcu.flash.subarray(0, FLASH_BYTES).slice();
  mcu.flashView = new DataView(mcu.flash.buffer);
  const views = [mcu.sram, mcu.flash].flatMap(({ buffer }) => [
    new Uint32Array(buffer),
    new Uint16Array(buffer),
    new Uint8Array(buffer),
  ]);
  return { mcu, core: mcu.core, R: mcu.core.registers, views };
}
const [theirs, ours] = [machine(), machine()];
const both = [theirs, ours];

function value() {
  const kind = below(5);
  if (kind === 0) return oneOf(EDGES);
  if (kind === 1) return RAM + 0x8000 + 4 * below(0x1000);
  if (kind === 2) return RAM + 0x8000 + below(0x4000);
  if (kind === 3) return FLASH + below(0x10000);
  return below(2 ** 32);
}

function setState(pc) {
  const values = Array.from({ length: 16 }, value);
  values[13] = RAM + 0x10000 + 4 * below(0x1000);
  values[15] = pc;
  const flags = Object.fromEntries(FLAGS.map((name) => [name, random() < 0.5]));
  for (const { core, R } of both) {
    R.set(values);
    Object.assign(core, flags);
    core.interruptsUpdated = core.waiting = false;
  }
  return { R: Uint32Array.from(values), core: flags };
}

const text = ({ core, R }) =>
  [...R].map((x) => x.toString(16)).join(" ") + " " + FLAGS.map((name) => (core[name] ? name : "-")).join("");
const call = (block) => block(ours.core, ours.R, {}, ...ours.views);

function equal() {
  for (let i = 0; i < 16; i++) if (theirs.R[i] !== ours.R[i]) return false;
  for (const name of FLAGS) if (!theirs.core[name] !== !ours.core[name]) return false;
  return true;
}

function fail(what, before) {
  console.log(`${what}\nbefore  ${text(before)}\ntheirs  ${text(theirs)}\nours    ${text(ours)}`);
  process.exit(1);
}

function sameMemory() {
  return Buffer.compare(theirs.mcu.sram, ours.mcu.sram) === 0;
}

function put(address, halfwords) {
  for (const { mcu } of both) {
    const [view, at] = address < RAM ? [mcu.flashView, address - FLASH] : [mcu.sramView, address - RAM];
    halfwords.forEach((halfword, i) => view.setUint16(at + 2 * i, halfword, true));
  }
}

for (let i = 0; i < FLASH_BYTES; i += 4) {
  const word = below(2 ** 32);
  for (const { mcu } of both) mcu.flashView.setUint32(i, word, true);
}

// Each halfword by itself; the known ones are what the programs are made of.
const known = [];
const single = new Blocks({}, 1);
let compared = 0;
for (let op = 0; op < 65536; op++) {
  const pc = FLASH + 0x20000;
  const second = 0xd000 | below(0x10000); // half of them the second half of a BL
  put(pc, [op, second]);
  const block = single.make(ours.mcu, pc);
  if (!block) continue;
  known.push(op >> 11 === 30 ? [op, second] : [op]);
  for (let i = 0; i < STATES; i++) {
    const before = setState(pc);
    const cycles = call(block);
    if (cycles < 0) {
      if (cycles !== ~0 || !equal()) fail(`0x${op.toString(16)} leaves its work half done`, before);
      continue;
    }
    const expected = theirs.core.executeInstruction();
    if (!equal()) fail(`0x${op.toString(16)} differs`, before);
    if (cycles !== expected) fail(`0x${op.toString(16)} takes ${cycles} cycles instead of ${expected}`, before);
    compared++;
  }
  if (!sameMemory()) fail(`0x${op.toString(16)} writes otherwise`, ours);
}

// Random programs; half of each are operations on registers, so that flags are set, used and replaced within a block.
const onRegisters = known.filter(([op]) => op >> 10 === 16);
let blocks = 0;
for (let n = 0; n < PROGRAMS; n++) {
  const start = (n % 2 ? RAM + 0x20000 : FLASH) + 0x1000;
  const program = Array.from({ length: LENGTH }, () => oneOf(random() < 0.5 ? onRegisters : known)).flat();
  put(start, program);
  const cache = new Blocks();
  for (let i = 0; i < STEPS; i++) {
    const pc = start + 2 * below(program.length);
    const before = setState(pc);
    const block = cache.at(ours.mcu, pc);
    if (!block) continue;
    const result = call(block);
    const cycles = result < 0 ? ~result : result;
    let passed = 0;
    while (passed < cycles) passed += theirs.core.executeInstruction();
    if (passed !== cycles || !equal()) fail(`a block at 0x${pc.toString(16)}: ${block}`, before);
    blocks++;
  }
  if (!sameMemory()) fail(`program ${n} writes otherwise`, ours);
}
console.log(`${known.length} halfwords known, ${compared} instructions and ${blocks} blocks compared, all equal`);
