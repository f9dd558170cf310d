// A NOR flash chip of 2 MiB, as a Pico has: an erase sets a sector of 4 KiB to 0xFF, a program of a page of 256 bytes
// only clears bits, and a power cut leaves either torn. Knows nothing of who writes what.
export const FLASH_BYTES = 2 * 1024 * 1024;
export const SECTOR_BYTES = 4096;
export const PAGE_BYTES = 256;

export class PowerCut extends Error {}

// A generator of numbers from 0 to 1 that depends on `seed` alone (mulberry32).
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

function randomByte(random, part) {
  let byte = 0;
  for (let bit = 1; bit < 256; bit <<= 1) if (random() < part) byte |= bit;
  return byte;
}

// What is left of `sector` when the power fails `part` (0 to 1) of the way through its erase: nothing done, a part of
// its bytes, each bit by itself, or all done and nobody told.
const TORN_ERASES = {
  untouched: () => {},
  prefix: (sector, part) => sector.fill(0xff, 0, Math.floor(part * sector.length)),
  bits: (sector, part, random) => sector.forEach((byte, i) => (sector[i] = byte | randomByte(random, part))),
  whole: (sector) => sector.fill(0xff),
};
// The same of a page that `data` was being programmed into.
const TORN_PROGRAMS = {
  prefix: (page, data, part) => program(page, data.subarray(0, Math.floor(part * page.length))),
  bits: (page, data, part, random) => program(page, data.map((byte) => byte | (~randomByte(random, part) & 0xff))),
  whole: (page, data) => program(page, data),
};

function program(page, data) {
  for (let i = 0; i < data.length; i++) page[i] &= data[i];
}

function choose(choices, random) {
  const names = Object.keys(choices);
  return names[Math.floor(random() * names.length)];
}

export class Flash {
  // `bytes` is the chip's content, changed in place; `onChange(at, count)` hears of each change.
  constructor(bytes, onChange = () => {}) {
    if (bytes.length !== FLASH_BYTES) throw new Error(`an image of ${bytes.length} bytes, not ${FLASH_BYTES}`);
    this.bytes = bytes;
    this.onChange = onChange;
    this.erases = this.pages = 0;
    this.cut = null;
  }

  // The power fails in the operation that follows `count` others from now; with `erasesOnly` only erases count.
  cutAfter(count, erasesOnly, seed) {
    this.cut = { count, erasesOnly, random: numbers(seed) };
  }

  failsNow(isErase) {
    return this.cut && (isErase || !this.cut.erasesOnly) && this.cut.count-- <= 0;
  }

  fail(what, at, tear) {
    const { random } = this.cut;
    this.cut = null;
    const part = random();
    const kind = tear(part, random);
    this.onChange(at, what === "erase" ? SECTOR_BYTES : PAGE_BYTES);
    throw new PowerCut(`${what} ${kind} at 0x${at.toString(16)}`);
  }

  erase(start, count) {
    for (let at = start; at < start + count; at += SECTOR_BYTES) {
      const sector = this.bytes.subarray(at, at + SECTOR_BYTES);
      if (this.failsNow(true))
        this.fail("erase", at, (part, random) => {
          const kind = choose(TORN_ERASES, random);
          TORN_ERASES[kind](sector, part, random);
          return kind;
        });
      sector.fill(0xff);
      this.erases++;
      this.onChange(at, SECTOR_BYTES);
    }
  }

  program(start, data) {
    for (let i = 0; i < data.length; i += PAGE_BYTES) {
      const page = this.bytes.subarray(start + i, start + i + PAGE_BYTES);
      const wanted = data.subarray(i, i + PAGE_BYTES);
      if (this.failsNow(false))
        this.fail("program", start + i, (part, random) => {
          const kind = choose(TORN_PROGRAMS, random);
          TORN_PROGRAMS[kind](page, wanted, part, random);
          return kind;
        });
      program(page, wanted);
      this.pages++;
      this.onChange(start + i, PAGE_BYTES);
    }
  }
}
