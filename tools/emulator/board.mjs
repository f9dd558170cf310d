// A Raspberry Pi Pico: rp2040js with a boot ROM, a flash chip, a console, resets and a bootloader to fall into.
//
// What it says goes to onConsole(bytes): what comes over USB, or over UART0 while no program has set USB up. A write to
// the watchdog's first scratch register, which firmware leaves alone, goes to onMark(number).
import { RP2040, USBCDC } from "../node/node_modules/rp2040js/dist/esm/index.js";
import { Blocks } from "./blocks.mjs";
import { numbers } from "./flash.mjs";
import { bootRom } from "./rom.mjs";

const [RAM, FLASH] = [0x20000000, 0x10000000];
const ROM_BYTES = 0x4000;
const [WATCHDOG, SCRATCH0] = [0x40058, 0x0c];
const [OSCILLATOR, RANDOM_BIT] = [0x40060, 0x1c];
const [USB_PACKET, USB_IRQ, CLOCK_ENABLED] = [64, 5, 1 << 11];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export class Board {
  // `flash` is a Flash. `watched`: {address: name} of functions whose calls are counted.
  constructor(flash, { watched = {}, blockLength } = {}) {
    this.flash = flash;
    this.blocks = new Blocks(watched, blockLength);
    const tell = flash.onChange;
    flash.onChange = (at, count) => (this.blocks.forget(at, count), tell(at, count));
    this.onConsole = this.onMark = this.onReset = () => {};
    this.idleNanos = Infinity; // the longest step of a board that sleeps
    this.rom = bootRom();
    this.random = numbers(1); // on from boot to boot: firmware seeds its own by it
    this.powerOn();
  }

  powerOn() {
    this.nanos = this.busyNanos = 0; // since then, and of them those in which it did not sleep
    this.resets = 0;
    this.inBootloader = false;
    this.typed = []; // what no program has read yet; it waits through a reset, for the next one
    this.scratch = new Uint32Array(8);
    this.reason = 0;
    this.mcu = null;
    this.boot();
  }

  boot() {
    const before = this.mcu;
    const mcu = (this.mcu = new RP2040());
    mcu.logger = silent;
    mcu.loadBootrom(this.rom.words);
    if (before) mcu.sram.set(before.sram);
    this.connectFlash();
    mcu.onBreak = (code) => {
      throw new Error(`the firmware gave up at breakpoint ${code}, address 0x${mcu.core.PC.toString(16)}`);
    };
    this.connectWatchdog(mcu.peripherals[WATCHDOG]);
    const oscillator = mcu.peripherals[OSCILLATOR];
    const read = oscillator.readUint32.bind(oscillator);
    oscillator.readUint32 = (offset) => (offset === RANDOM_BIT ? Math.round(this.random()) : read(offset));
    this.connectConsole();
    this.bootNanos = this.nanos;
    this.bootBusyNanos = this.busyNanos;
    this.blocks.ram.fill(undefined);
    this.stopped = this.inBootloader;
  }

  connectFlash() {
    const { bytes } = this.flash;
    this.mcu.flash = bytes;
    this.mcu.flash16 = new Uint16Array(bytes.buffer);
    this.mcu.flashView = new DataView(bytes.buffer);
  }

  connectWatchdog(watchdog) {
    watchdog.scratchData.set(this.scratch);
    watchdog.reason = this.reason;
    watchdog.onWatchdogTrigger = () => {
      this.stopped = true;
      watchdog.timer.enable = false; // else its alarm goes off again in the same instant, without end
    };
    const write = watchdog.writeUint32.bind(watchdog);
    watchdog.writeUint32 = (offset, value) => {
      if (offset === SCRATCH0) this.onMark(value >>> 0);
      write(offset, value);
    };
  }

  connectConsole() {
    const { mcu } = this;
    this.hasUsb = false;
    this.roomForTyped = 0;
    // Without its clock, which a firmware that sleeps may stop, the USB controller wakes nobody.
    mcu.setInterrupt = (irq, value) => mcu.core.setInterrupt(irq, value && (irq !== USB_IRQ || this.usbHasClock));
    this.cdc = new USBCDC(mcu.usbCtrl);
    this.cdc.onDeviceConnected = () => (this.hasUsb = true);
    this.cdc.onSerialData = (bytes) => this.onConsole(bytes);
    // USBCDC answers at once, and with nothing: a firmware that asks for input would do little else.
    mcu.usbCtrl.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.roomForTyped = size;
      this.handOver();
    };
    mcu.uart[0].onByte = (byte) => this.hasUsb || this.onConsole(Uint8Array.of(byte));
  }

  get usbHasClock() {
    return (this.mcu.clocks.usbCtrl & CLOCK_ENABLED) !== 0;
  }

  type(bytes) {
    for (const byte of bytes) this.typed.push(byte);
  }

  handOver() {
    if (!this.typed.length) return;
    const uart = this.mcu.uart[0];
    if (!this.hasUsb && uart.enabled && uart.rxEnabled && !uart.rxFIFO.full) uart.feedByte(this.typed.shift());
    if (!this.roomForTyped) return;
    const bytes = Uint8Array.from(this.typed.splice(0, Math.min(USB_PACKET, this.roomForTyped)));
    this.roomForTyped = 0;
    this.mcu.usbCtrl.endpointReadDone(this.cdc.outEndpoint, bytes);
  }

  // Does what the boot ROM's function at the PC does, and returns from it; its cycles.
  callRom() {
    const { core } = this.mcu;
    const action = this.rom.actions[this.mcu.readUint16(core.PC) & 255];
    core.PC = core.LR & ~1;
    const [result, cycles] = action(this, core.registers);
    core.registers[0] = result;
    core.cycles += Math.round(cycles);
    return Math.round(cycles);
  }

  enterBootloader() {
    this.inBootloader = this.stopped = true;
  }

  erase(start, count) {
    this.flash.erase(start, count);
  }

  program(start, from, count) {
    this.flash.program(start, Uint8Array.from({ length: count }, (_, i) => this.mcu.readUint8(from + i)));
  }

  // A view of RAM or flash, where there is one.
  bytes(address, count) {
    const [memory, at] = address >= RAM ? [this.mcu.sram, address - RAM] : [this.mcu.flash, address - FLASH];
    return at >= 0 && at + count <= memory.length ? memory.subarray(at, at + count) : null;
  }

  copy(to, from, count) {
    const [target, source] = [to >= RAM ? this.bytes(to, count) : null, this.bytes(from, count)];
    if (target && source) target.set(source);
    else for (let i = 0; i < count; i++) this.mcu.writeUint8(to + i, this.mcu.readUint8(from + i));
  }

  fill(to, value, count) {
    const target = to >= RAM ? this.bytes(to, count) : null;
    if (target) target.fill(value & 255);
    else for (let i = 0; i < count; i++) this.mcu.writeUint8(to + i, value & 255);
  }

  get nanosPerCycle() {
    return 1e9 / this.mcu.clkSys;
  }

  cyclesToAlarm() {
    return (this.mcu.clock.nanosToNextAlarm || 1e9) / this.nanosPerCycle;
  }

  spend(cycles) {
    const nanos = cycles * this.nanosPerCycle;
    this.nanos += nanos;
    this.busyNanos += nanos;
    this.mcu.clock.tick(nanos);
  }

  // Until the next alarm, or for the longest step; the cycles that it might have done meanwhile.
  sleep() {
    const nanos = Math.max(Math.min(this.mcu.clock.nanosToNextAlarm || 1e6, this.idleNanos), this.nanosPerCycle);
    this.nanos += nanos;
    this.mcu.clock.tick(nanos);
    return nanos / this.nanosPerCycle;
  }

  // Runs about `cycles` cycles, or until it resets or is in its bootloader. Throws PowerCut.
  run(cycles) {
    this.handOver();
    this.execute(cycles);
    if (this.stopped && !this.inBootloader) this.reset();
  }

  execute(cycles) {
    const { mcu, blocks } = this;
    const { core } = mcu;
    const [R, calls] = [core.registers, blocks.calls];
    const views = (buffer) => [new Uint32Array(buffer), new Uint16Array(buffer), new Uint8Array(buffer)];
    const [[r32, r16, r8], [f32, f16, f8]] = [views(mcu.sram.buffer), views(mcu.flash.buffer)];
    let [left, pending, budget] = [cycles, 0, 0]; // pending: done, but not yet told to the clock
    while (left > 0 && !this.stopped) {
      if (core.interruptsUpdated && core.checkForInterrupts()) core.waiting = false;
      if (core.waiting) {
        left -= this.sleep();
        budget = 0;
        continue;
      }
      const block = blocks.at(mcu, (R[15] & ~1) >>> 0);
      const n = block === null ? -1 : block(core, R, calls, r32, r16, r8, f32, f16, f8);
      pending += n < 0 ? ~n : n;
      if (n >= 0 && pending < budget) continue;
      core.cycles += pending;
      this.spend(pending);
      left -= pending;
      pending = 0;
      if (n < 0 && !this.stopped) {
        const spent = R[15] < ROM_BYTES ? this.callRom() : core.executeInstruction();
        this.spend(spent);
        left -= spent;
      }
      budget = Math.min(left, this.cyclesToAlarm());
    }
  }

  // As by its watchdog, which is how firmware resets itself too: RAM and the scratch registers stay.
  reset() {
    const watchdog = this.mcu.peripherals[WATCHDOG];
    this.scratch = watchdog.scratchData.slice();
    this.reason = watchdog.reason;
    this.resets++;
    this.boot();
    this.onReset();
  }
}
