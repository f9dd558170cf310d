// A boot ROM of our own. It has none of the chip's code, only the tables by which firmware finds functions of the ROM
// (RP2040 datasheet, 2.8.3): where each would be is a number, by which the board knows what to do in its place.
//
// What a function takes is about what the real one takes, in cycles. Knows no flash and no USB: the board does it.
const BOOT2_BYTES = 256;
const BOOT2 = 0x20041f00; // where the chip copies the first 256 bytes of flash to, and starts them
const FLASH = 0x10000000;
const [FUNCTIONS, DATA, SINGLE, DOUBLE, CODE] = [0x100, 0x200, 0x300, 0x400, 0x1000];

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);
const toFloat = (bits) => ((words[0] = bits), floats[0]);
const toBits = (value) => ((floats[0] = value), words[0]);

const clamp = (x, low, high) => (Number.isNaN(x) ? 0 : x < low ? low : x > high ? high : Math.trunc(x));
const one = (f, cycles) => (board, r) => [toBits(f(toFloat(r[0]))), cycles];
const two = (f, cycles) => (board, r) => [toBits(f(toFloat(r[0]), toFloat(r[1]))), cycles];

function compare(board, r) {
  const [a, b] = [toFloat(r[0]), toFloat(r[1])];
  return [a < b ? -1 : a > b ? 1 : 0, 30];
}

function compareToFlags(board, r) {
  const [a, b, { core }] = [toFloat(r[0]), toFloat(r[1]), board.mcu];
  [core.N, core.Z, core.C, core.V] = [false, a === b, a >= b, false];
  return [r[0], 30];
}

// The table of single floats, by offset (datasheet, 2.8.3.2.1).
const FLOATS = {
  0x00: two((a, b) => a + b, 70),
  0x04: two((a, b) => a - b, 70),
  0x08: two((a, b) => a * b, 70),
  0x0c: two((a, b) => a / b, 70),
  0x10: compare,
  0x14: compareToFlags,
  0x18: one(Math.sqrt, 150),
  0x1c: (board, r) => [clamp(toFloat(r[0]), -2147483648, 2147483647), 30],
  0x24: (board, r) => [clamp(toFloat(r[0]), 0, 4294967295), 30],
  0x2c: (board, r) => [toBits(r[0] | 0), 40],
  0x34: (board, r) => [toBits(r[0]), 40],
  0x3c: one(Math.cos, 500),
  0x40: one(Math.sin, 500),
  0x44: one(Math.tan, 500),
  0x4c: one(Math.exp, 500),
  0x50: one(Math.log, 500),
  0x54: compare,
  0x58: two(Math.atan2, 600),
};

const countBits = (x) => x.toString(2).replaceAll("0", "").length;
const reverseBits = (x) => parseInt(x.toString(2).padStart(32, "0").split("").reverse().join(""), 2);
const fill = (board, r) => (board.fill(r[0], r[1], r[2]), [r[0], 20 + r[2] * 0.6]);
const copy = (board, r) => (board.copy(r[0], r[1], r[2]), [r[0], 20 + r[2] * 1.2]);
const nothing = (cycles) => (board, r) => [r[0], cycles];

// The table of functions, by their two letters.
const BY_NAME = {
  P3: (board, r) => [countBits(r[0]), 20],
  R3: (board, r) => [reverseBits(r[0]), 20],
  L3: (board, r) => [Math.clz32(r[0]), 20],
  T3: (board, r) => [r[0] ? 31 - Math.clz32(r[0] & -r[0]) : 32, 20],
  MS: fill,
  S4: fill,
  MC: copy,
  C4: copy,
  IF: nothing(60),
  EX: nothing(600),
  FC: nothing(60),
  CX: nothing(60),
  RE: (board, r) => (board.erase(r[0], r[1]), [r[0], 0]),
  RP: (board, r) => (board.program(r[0], r[1], r[2]), [r[0], 0]),
  UB: (board, r) => (board.enterBootloader(), [r[0], 0]),
};

// The chip's first steps: the flash's first 256 bytes into RAM, and into them. An empty chip is a USB drive.
function start(board) {
  const { core } = board.mcu;
  if (board.mcu.readUint32(FLASH) === 0xffffffff) board.enterBootloader();
  board.copy(BOOT2, FLASH, BOOT2_BYTES);
  core.LR = 0;
  core.PC = BOOT2;
  return [core.registers[0], 2000];
}

// {words: what lies at address 0, actions: what the function of that number does: (board, registers) -> [r0, cycles]}
export function bootRom() {
  const rom = new Uint32Array(4096);
  const view = new DataView(rom.buffer);
  const actions = [];
  const add = (action) => {
    const at = CODE + 4 * actions.length;
    view.setUint16(at, 0xbe00 | actions.length, true); // a breakpoint, for whoever looks
    view.setUint16(at + 2, 0x4770, true); // BX LR
    actions.push(action);
    return at | 1;
  };
  const entry = (at, name, address) => {
    view.setUint16(at, name.charCodeAt(0) | (name.charCodeAt(1) << 8), true);
    view.setUint16(at + 2, address, true);
  };
  const missing = (what) => () => {
    throw new Error(`the firmware calls ${what} of the boot ROM, which the emulator does not have`);
  };
  view.setUint32(0x00, BOOT2, true); // the first stack
  view.setUint32(0x04, add(start), true);
  view.setUint32(0x10, 0x0201754d, true); // "Mu", 1, version 2
  view.setUint16(0x14, FUNCTIONS, true);
  view.setUint16(0x16, DATA, true);
  const lookUp = (board, r) => {
    for (let at = r[0]; view.getUint16(at, true); at += 4)
      if (view.getUint16(at, true) === (r[1] & 0xffff)) return [view.getUint16(at + 2, true), 60];
    return [0, 60];
  };
  view.setUint16(0x18, add(lookUp), true);
  Object.entries(BY_NAME).forEach(([name, action], i) => entry(FUNCTIONS + 4 * i, name, add(action)));
  [["SF", SINGLE, FLOATS], ["SD", DOUBLE, {}]].forEach(([name, table, known], i) => {
    entry(DATA + 4 * i, name, table);
    for (let at = 0; at < 0x80; at += 4)
      view.setUint32(table + at, add(known[at] ?? missing(`${name} 0x${at.toString(16)}`)), true);
  });
  return { words: rom, actions };
}
