// Straight runs of Thumb code as JavaScript functions: a board runs several times as fast. What it does not know is
// left to rp2040js, one instruction at a time; registers, flags and cycles come out the same, the small faults of
// rp2040js included (tests/host/test_emulator_blocks.py). Knows no peripherals. A block's function returns its cycles;
// ~cycles where the instruction at R[15] is one for rp2040js; also if the RAM that it was made from has changed.
const LONGEST = 40; // instructions
const [FLASH, FLASH_BYTES, RAM, RAM_BYTES] = [0x10000000, 1 << 21, 0x20000000, 264 * 1024];
const CONDITIONS = ["core.Z", "!core.Z", "core.C", "!core.C", "core.N", "!core.N", "core.V", "!core.V"].concat(
  ["core.C&&!core.Z", "!core.C||core.Z", "core.N===core.V", "core.N!==core.V"],
  ["!core.Z&&core.N===core.V", "core.Z||core.N!==core.V"],
);
const NZ = "core.N=(r|0)<0;core.Z=(r|0)===0;";

const plain = (code) => ({ code, cycles: 1 });
const jump = (code, cycles = 2) => ({ code: `${code}return CYC;`, cycles, ends: true });
// `level` of flags: 1 for N and Z, 2 with C, 3 with V.
function sets(level, d, before, result, flags) {
  return { code: `${before}r=(${result})>>>0;${d === null ? "" : `R[${d}]=r;`}`, flags: NZ + flags, level, cycles: 1 };
}
const logic = (d, result) => sets(1, d, "", result, "");
const shift = (d, before, result, carry) => sets(2, d, before, result, `core.C=${carry};`);
const add = (d, a, b) => sets(3, d, `a=${a};b=${b};`, "a+b", "core.C=a+b>4294967295;core.V=((a^r)&(b^r))<0;");
const sub = (d, a, b) => sets(3, d, `a=${a};b=${b};`, "a-b", "core.C=a>=b;core.V=((a^b)&(a^r))<0;");

// Only RAM and flash are reached from a block, and not near where it lies itself to write there, which OWN stands for.
// `o` is the offset in RAM, `k` the logarithm of the size.
const place = (address, k, own = "") =>
  `a=(${address})>>>0;o=a-${RAM};if((a&${(1 << k) - 1})===0&&o>=0&&o<${RAM_BYTES}${own})`;
function load(t, address, size, signed = 0) {
  const [bits, k] = [8 * size, size >> 1];
  const flash = `else if((a>>>21)===128&&(a&${size - 1})===0)r=f${bits}[(a&2097151)>>>${k}];`;
  const code = `${place(address, k)}r=r${bits}[o>>>${k}];${flash}else BAIL R[${t}]=(r<<${signed})>>${signed};`;
  return { code, cycles: 2, bails: true };
}
function store(t, address, size) {
  const k = size >> 1;
  return { code: `${place(address, k, "OWN")}r${8 * size}[o>>>${k}]=R[${t}];else BAIL`, cycles: 2, bails: true };
}

// Words between registers and RAM from `address` on; then R[n] becomes `after`.
function several(registers, isLoad, address, n, after, cycles) {
  const [count, at, own] = [registers.length, (k) => `r32[o+${k}]`, isLoad ? "" : "OWN"];
  let code = `a=${address};o=a-${RAM};if(!((a&3)===0&&o>=0&&o<=${RAM_BYTES - 4 * count}${own}))BAIL o>>>=2;`;
  if (registers.includes(15)) code += `if((${at(count - 1)}>>>28)===15)BAIL `; // a return from an exception
  const moves = registers.map((i, k) => (isLoad ? `R[${i}]=${at(k)}${i === 15 ? "&~1" : ""};` : `${at(k)}=R[${i}];`));
  return { code: `${code}${moves.join("")}R[${n}]=${after};`, cycles, bails: true };
}
function pushOrPop(op, low) {
  const [isLoad, high] = [(op & 0x800) !== 0, (op & 0x100) !== 0];
  const registers = high ? [...low, isLoad ? 15 : 14] : low;
  const [bytes, cycles] = [4 * registers.length, 1 + low.length];
  if (!isLoad) return several(registers, false, `(R[13]-${bytes})>>>0`, 13, "a", cycles);
  const pop = several(registers, true, "R[13]", 13, `a+${bytes}`, cycles);
  return high ? { ...pop, ...jump(pop.code, cycles + 2) } : pop;
}

function dataProcessing(op, d, m) {
  const [x, y] = [`R[${d}]`, `R[${m}]`];
  const by = `b=${y}&255;a=${x};`;
  const kind = (op >> 6) & 15;
  const result = { 0: `${x}&${y}`, 1: `${x}^${y}`, 8: `${x}&${y}`, 12: `${x}|${y}`, 13: `Math.imul(${x},${y})` }[kind];
  if (result) return logic(kind === 8 ? null : d, result);
  switch (kind) {
    case 2: return { ...shift(d, by, "b>=32?0:a<<b", "b?(a&(1<<(32-b)))!==0:core.C"), reads: true };
    case 3: return shift(d, by, "b<32?a>>>b:0", "b<=32?((a>>>(b-1))&1)===1:false");
    case 4: return shift(d, `${by}if(b>32)b=32;`, "a>>(b>31?31:b)", "(a&(1<<(b-1)))!==0");
    case 5: return { ...add(d, y, `${x}+(core.C?1:0)`), reads: true };
    case 6: return { ...sub(d, x, `${y}+(core.C?0:1)`), reads: true };
    case 9: return sub(d, "0", y);
    case 10: return sub(null, x, y);
    case 11: return add(null, x, y);
    case 14: return logic(d, `${x}&~${y}`);
    case 15: return logic(d, `~${y}`);
    default: return null;
  }
}

function highRegisters(op, pc) {
  const [m, d] = [(op >> 3) & 15, ((op >> 4) & 8) | (op & 7)];
  const value = m === 15 ? String(pc + 4) : `R[${m}]`;
  const result = op & 0x200 ? value : `${d === 15 ? pc + 4 : `R[${d}]`}+${value}`;
  const kind = (op >> 8) & 3;
  if (kind === 1) return d === 15 || m === 15 ? null : sub(null, `R[${d}]`, value);
  if (kind !== 3 && d === 15) return jump(`R[15]=(${result})&~1;`);
  if (kind !== 3) return plain(`R[${d}]=(${result})${d === 13 ? "&~3" : ""};`);
  if (op & 7 || m >= 14 && (op & 0x80 || m === 15)) return null;
  if (op & 0x80) return jump(`R[14]=${(pc + 2) | 1};R[15]=${value}&~1;`);
  return { ...jump(`a=${value};if((a>>>28)===15)BAIL R[15]=a&~1;`), bails: true };
}

function miscellaneous(op, m, lo, low) {
  const extended = [`(R[${m}]<<16)>>16`, `(R[${m}]<<24)>>24`, `R[${m}]&65535`, `R[${m}]&255`][(op >> 6) & 3];
  if (op >> 8 === 0xb0) return plain(`R[13]=R[13]${op & 0x80 ? "-" : "+"}${(op & 127) * 4};`);
  if (op >> 8 === 0xb2) return plain(`R[${lo}]=${extended};`);
  if ((op & 0xf600) === 0xb400) return pushOrPop(op, low);
  return op === 0xbf00 ? plain("") : null;
}

function branchAndLink(op, op2, pc) {
  if ((op2 & 0xd000) !== 0xd000) return null;
  const s = (op >> 10) & 1;
  const [i1, i2] = [1 - (s ^ ((op2 >> 13) & 1)), 1 - (s ^ ((op2 >> 11) & 1))];
  const offset = -s * 0x1000000 + (i1 << 23) + (i2 << 22) + ((op & 1023) << 12) + ((op2 & 2047) << 1);
  return { ...jump(`R[14]=${(pc + 4) | 1};R[15]=${pc + 4 + offset};`, 3), wide: true };
}

// {code, cycles; level and flags: those it sets; reads: it reads flags; bails, ends, wide}; null: leave it to rp2040js
function decode(op, op2, pc) {
  const [lo, m, x, hi, imm8, imm5] = [op & 7, (op >> 3) & 7, (op >> 6) & 7, (op >> 8) & 7, op & 255, (op >> 6) & 31];
  const [right, kind, y, literal] = [imm5 || 32, (op >> 9) & 3, `R[${m}]+R[${x}]`, ((pc + 4) & ~3) + imm8 * 4];
  const low = [...Array(8).keys()].filter((i) => op & (1 << i));
  const move = op & 0x800 ? load : store;
  switch (op >> 11) {
    case 0: return imm5 ? shift(lo, `a=R[${m}];`, `a<<${imm5}`, `((a>>>${32 - imm5})&1)===1`) : logic(lo, `R[${m}]`);
    case 1: return shift(lo, `a=R[${m}];`, imm5 ? `a>>>${imm5}` : "0", `((a>>>${right - 1})&1)===1`);
    case 2: return shift(lo, `a=R[${m}];`, `a>>${Math.min(right, 31)}`, `((a>>>${right - 1})&1)===1`);
    case 3: return (op & 0x200 ? sub : add)(lo, `R[${m}]`, op & 0x400 ? x : `R[${x}]`);
    case 4: return logic(hi, imm8);
    case 5: case 6: case 7: return (op & 0x800 ? sub : add)(op >> 11 === 5 ? null : hi, `R[${hi}]`, imm8);
    case 8: return op & 0x400 ? highRegisters(op, pc) : dataProcessing(op, lo, m);
    case 9: return load(hi, literal, 4);
    case 10: return kind < 3 ? store(lo, y, [4, 2, 1][kind]) : load(lo, y, 1, 24);
    case 11: return load(lo, y, [4, 2, 1, 2][kind], kind === 3 ? 16 : 0);
    case 12: case 13: return move(lo, `R[${m}]+${imm5 * 4}`, 4);
    case 14: case 15: return move(lo, `R[${m}]+${imm5}`, 1);
    case 16: case 17: return move(lo, `R[${m}]+${imm5 * 2}`, 2);
    case 18: case 19: return move(hi, `R[13]+${imm8 * 4}`, 4);
    case 20: return plain(`R[${hi}]=${literal};`);
    case 21: return plain(`R[${hi}]=R[13]+${imm8 * 4};`);
    case 22: case 23: return miscellaneous(op, m, lo, low);
    case 24: case 25: return low.includes(hi) ? null
      : several(low, op & 0x800, `R[${hi}]`, hi, `a+${4 * low.length}`, 1 + low.length);
    case 26: case 27: {
      const [taken, condition] = [`R[15]=${pc + 4 + ((imm8 << 24) >> 23)};return CYC+1;`, CONDITIONS[(op >> 8) & 15]];
      return condition ? { ...plain(`if(${condition}){${taken}}`), reads: true, bails: true } : null;
    }
    case 28: return jump(`R[15]=${pc + 4 + ((op << 21) >> 20)};`);
    case 30: return branchAndLink(op, op2, pc);
    default: return null;
  }
}

// Are the flags that list[i] sets used before others replace them?
function flagsAreUsed(list, i) {
  const next = list.slice(i + 1).find((one) => one.reads || one.bails || one.ends || one.level >= list[i].level);
  return !next || next.reads || next.bails || next.ends;
}

function compile(read, start, longest, isWatched) {
  const list = [];
  for (let pc = start; list.length < longest && !(list.length && isWatched(pc)); pc = list.at(-1).next) {
    const found = decode(read(pc), read(pc + 2), pc);
    if (!found) break;
    list.push({ ...found, pc, next: pc + (found.wide ? 4 : 2) });
    if (found.ends) break;
  }
  if (!list.length) return null;
  let [source, cycles] = ["let a=0,b=0,r=0,o=0;", 0];
  for (let pc = start; start >= RAM && pc < list.at(-1).next; pc += 2)
    source += `if(r16[${(pc - RAM) / 2}]!==${read(pc)})return -1;`;
  const own = start >= RAM ? `&&(a<${start - 64}||a>=${list.at(-1).next})` : "";
  list.forEach((one, i) => {
    const [bail, end] = [`{R[15]=${one.pc};return ${~cycles};}`, cycles + one.cycles];
    source += one.code.replace(/OWN/g, own).replace(/BAIL/g, bail).replace(/CYC\+1/g, end + 1).replace(/CYC/g, end);
    if (one.level && flagsAreUsed(list, i)) source += one.flags;
    cycles = end;
  });
  return list.at(-1).ends ? source : `${source}R[15]=${list.at(-1).next};return ${cycles};`;
}

export class Blocks {
  // `watched`: {address: name} of functions whose calls are counted in `calls`.
  constructor(watched = {}, longest = LONGEST) {
    Object.assign(this, { watched, longest, calls: {}, made: new Map() });
    for (const name of Object.values(watched)) this.calls[name] = 0;
    this.flash = new Array(FLASH_BYTES >> 1).fill(undefined);
    this.ram = new Array(RAM_BYTES >> 1).fill(undefined);
  }

  // The function of the block at `pc`, called as block(core, registers, calls, r32, r16, r8, f32, f16, f8); or null.
  at(mcu, pc) {
    const table = pc >= RAM ? (pc < RAM + RAM_BYTES ? this.ram : null) : pc >>> 21 === 128 ? this.flash : null;
    if (table === null) return null;
    const i = (pc & (FLASH_BYTES - 1)) >> 1;
    return table[i] === undefined ? (table[i] = this.make(mcu, pc)) : table[i];
  }

  forget(start, count) { // of the flash
    this.flash.fill(undefined, start >> 1, (start + count) >> 1);
  }

  make(mcu, pc) {
    const source = compile((at) => mcu.readUint16(at), pc, this.longest, (at) => at in this.watched);
    if (source === null) return null;
    const whole = (pc in this.watched ? `calls[${JSON.stringify(this.watched[pc])}]++;` : "") + source;
    if (!this.made.has(whole)) this.made.set(whole, new Function("core,R,calls,r32,r16,r8,f32,f16,f8", whole));
    return this.made.get(whole);
  }
}
