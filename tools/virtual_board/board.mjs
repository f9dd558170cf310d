// A board without hardware: MicroPython's webassembly build behind standard input and output, which stand for its
// serial line. Started by host.py as `node board.mjs FOLDER FLASH_BYTES network|offline`.
//
// Does what the build alone does not: boot.py and main.py, soft and hard resets that keep the files, the raw-paste mode
// that mpremote asks for, Ctrl-C in a running program, and the modules in modules/.
import { readdirSync, readFileSync } from "node:fs";
import "../node/quick_table.mjs";
import { loadMicroPython } from "../node/node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs";
import { Files } from "./files.mjs";
import { Network } from "./network.mjs";
import { BOOTING, BUSY, CTRL_C, IDLE, Wire } from "./wire.mjs";

const [CTRL_A, CTRL_B, CTRL_D, CTRL_E, LF, CR] = [1, 2, 4, 5, 10, 13];
const RAW_PROMPT = "raw REPL; CTRL-B to exit\r\n>";
const PASTE_WINDOW = 256; // bytes, as on an ESP32
const STAND_INS = "/.stand-ins";
// As machine.reset_cause() numbers them on an ESP32.
const CAUSES = { power: 1, hard: 2, deepsleep: 4, soft: 5 };

class Board {
  constructor(folder, flashBytes, hasNetwork) {
    this.wire = new Wire();
    this.files = new Files(folder, flashBytes, () => this.pollCtrlC());
    this.network = hasNetwork ? new Network(() => this.wire.interrupted() && this.isRunning()) : null;
    this.wanted = null; // the reset that a program has asked for: {kind, sleepMs}
    const now = Date.now;
    Date.now = () => (this.pollCtrlC(), now()); // MicroPython asks for the time often
  }

  // Ctrl-C becomes KeyboardInterrupt if a program runs, and else stays with the REPL.
  pollCtrlC() {
    if (!this.wire.interrupted() || !this.isRunning()) return;
    if (this.wire.takeInterrupt()) this.python._module.ccall("mp_sched_keyboard_interrupt", "null", [], []);
  }

  isRunning() {
    if (!this.python) return false;
    return this.inProgram || this.python._module.ccall("mp_hal_get_interrupt_char", "number", [], []) === CTRL_C;
  }

  // Ctrl-C that is typed meanwhile stops main.py.
  async start(kind, raw) {
    this.wire.setState(BOOTING);
    await this.boot(kind, raw);
    if (!this.wanted) this.wire.setState(IDLE);
  }

  async boot(kind, raw) {
    this.python = null;
    this.said = ""; // since the last byte typed
    this.raw = false;
    this.lineLength = this.probed = this.unheard = 0;
    this.pasted = null; // the bytes of a program that is sent in raw-paste mode
    const hear = (bytes) => this.heard(bytes);
    const python = await loadMicroPython({ stdout: hear, stderr: hear, linebuffer: false });
    this.prepare(python, kind);
    this.python = python;
    this.runProgram("/boot.py");
    if (!raw && !this.wanted) this.runProgram("/main.py");
    if (this.wanted) return;
    this.wire.muted = raw;
    python.replInit();
    this.wire.muted = false;
    if (raw) this.type(CTRL_A);
  }

  // A fresh instance gets the modules that a board has built in, then the files.
  prepare(python, kind) {
    const { FS } = python;
    python.registerJsModule("_board", {
      reset_cause: CAUSES[kind],
      reset: (kind, sleepMs) => this.reset(kind, sleepMs),
      sleep: (ms) => (this.wire.sleep(ms), this.pollCtrlC()),
    });
    FS.mkdir(STAND_INS);
    const names = copyModules(FS, new URL("./modules/", import.meta.url));
    if (this.network) {
      python.registerJsModule("_net", this.network.attach(python));
      names.push(...copyModules(FS, new URL("./modules/network/", import.meta.url)));
    }
    python.runPython(
      `import sys\nsys.path.insert(0, "${STAND_INS}")\ntry:\n import ${names.join(", ")}\nfinally:\n sys.path.pop(0)\n` +
        `del sys, ${names.join(", ")}`,
    );
    this.files.attach(FS);
    FS.chdir("/");
  }

  reset(kind, sleepMs) {
    this.wire.flush();
    this.wire.muted = true; // a board that resets says nothing more
    this.wanted = { kind, sleepMs };
  }

  runProgram(path) {
    if (!this.python.FS.analyzePath(path).exists) return;
    const source = this.python.FS.readFile(path, { encoding: "utf8" });
    this.inProgram = true;
    this.wire.setState(BUSY);
    try {
      this.python.runPython(source);
    } catch (error) {
      if (error.name !== "PythonError") throw error;
      if (error.type !== "SystemExit") this.wire.print(error.message.replace(/\r?\n/g, "\r\n"));
    } finally {
      this.inProgram = false;
      this.wire.setState(BOOTING);
    }
  }

  // The build prints "\n" where a board sends "\r\n".
  heard([byte]) {
    if (this.unheard) return void (this.unheard -= 1);
    this.wire.write(byte === LF && !this.said.endsWith("\r") ? [CR, LF] : [byte]);
    this.said += String.fromCharCode(byte);
  }

  // One byte to the REPL; true if it ended in a request for a soft reset.
  type(byte) {
    this.said = "";
    this.wire.setState(BUSY);
    const ended = this.python.replProcessChar(byte);
    this.wire.setState(IDLE);
    if (byte === CTRL_A && this.said.includes(RAW_PROMPT)) this.raw = true;
    if (byte === CTRL_B) this.raw = false;
    this.lineLength = byte <= CTRL_D ? 0 : this.lineLength + 1;
    return ended !== 0;
  }

  // Raw-paste mode begins with CTRL_E, "A", CTRL_A: then a program comes in windows, each of which is acknowledged. True
  // if the byte belongs to that.
  isPaste(byte) {
    if (this.pasted) {
      this.paste(byte);
      return true;
    }
    const expected = [CTRL_E, "A".charCodeAt(0), CTRL_A];
    if (!this.raw || this.lineLength || byte !== expected[this.probed]) {
      this.probed = 0;
      return false;
    }
    this.probed = (this.probed + 1) % expected.length;
    if (this.probed === 0) {
      this.pasted = [];
      this.answer(82, 1, PASTE_WINDOW & 255, PASTE_WINDOW >> 8, 1);
    }
    return true;
  }

  paste(byte) {
    if (byte !== CTRL_D && byte !== CTRL_C) {
      this.pasted.push(byte);
      if (this.pasted.length % PASTE_WINDOW === 0) this.answer(1);
      return;
    }
    const program = byte === CTRL_D ? this.pasted : Buffer.from("raise KeyboardInterrupt");
    this.pasted = null;
    this.answer(CTRL_D);
    for (const typed of program) this.type(typed);
    if (!program.length) this.type(LF); // without a program the raw REPL takes CTRL_D for a soft reset
    this.unheard = "OK".length; // which only the raw REPL says
    this.type(CTRL_D);
  }

  answer(...bytes) {
    this.wire.write(bytes);
    this.wire.flush();
  }

  async serve() {
    await this.start("power", false);
    for (;;) {
      if (!(await this.resetIfWanted())) {
        const byte = this.wire.next();
        if (byte === null) return;
        if (!this.isPaste(byte) && this.type(byte) && !this.wanted) await this.softReset();
      }
    }
  }

  async softReset() {
    this.wire.print("MPY: soft reboot\r\n");
    await this.restart("soft", this.raw);
  }

  async resetIfWanted() {
    if (!this.wanted) return false;
    const { kind, sleepMs } = this.wanted;
    this.wanted = null;
    this.wire.setState(BOOTING); // so that Ctrl-C reaches the sleep, and main.py behind it
    this.wire.sleep(sleepMs); // deep sleep; Ctrl-C ends it, which a real board does not offer
    this.wire.muted = false;
    await this.restart(kind, kind === "soft" && this.raw);
    return true;
  }

  async restart(kind, raw) {
    this.files.saveAll();
    await this.start(kind, raw);
  }
}

// Copies the Python files of a folder, for as long as it takes to import them; their names.
function copyModules(FS, source) {
  const files = readdirSync(source).filter((name) => name.endsWith(".py"));
  for (const name of files) FS.writeFile(`${STAND_INS}/${name}`, readFileSync(new URL(name, source)));
  return files.map((name) => name.slice(0, -3));
}

const [folder, flashBytes, network] = process.argv.slice(2);
const board = new Board(folder, Number(flashBytes), network === "network");
try {
  await board.serve();
} catch (error) {
  // A crash of the build itself; the host starts a new process, as a board's watchdog would.
  board.wire.muted = false;
  board.wire.print(`\r\nvirtual board: ${error}\r\n`);
  board.wire.flush();
  process.exit(1);
}
process.exit(0);
