// Runs device tests on MicroPython's 32-bit webassembly port, for tests/device/conftest.py.
//
// Reads one JSON request per line: {file, name, seed, folders, heap_bytes}. Each test gets a fresh instance whose
// in-memory filesystem holds copies of the folders' Python files, compiled or not. Answers one JSON line: {passed,
// output}. Knows nothing of what is tested.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import "./quick_table.mjs";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

function copyInto(filesystem, source, target) {
  filesystem.mkdir(target);
  for (const name of readdirSync(source)) {
    const from = join(source, name);
    const to = `${target}/${name}`;
    if (statSync(from).isDirectory()) {
      if (name !== "__pycache__") copyInto(filesystem, from, to);
    } else if (/\.m?py$/.test(name)) {
      filesystem.writeFile(to, readFileSync(from));
    }
  }
}

async function runTest({ file, name, seed, folders, heap_bytes }) {
  const output = [];
  let passed = false;
  try {
    const keep = (line) => output.push(line);
    const python = await loadMicroPython({ heapsize: heap_bytes, linebuffer: true, stdout: keep, stderr: keep });
    const targets = folders.map((folder, index) => {
      copyInto(python.FS, folder, `/source${index}`);
      return `/source${index}`;
    });
    python.FS.mkdir("/test");
    const call = [basename(file), name, "/test", ""].map((text) => JSON.stringify(text)).join(", ");
    python.runPython(`import sys\nsys.path[:] = ${JSON.stringify(targets)} + [".frozen"]\nimport runner\nrunner.run(${call}, ${seed})`);
    passed = output.includes(`PASSED ${name}`);
  } catch (error) {
    // A Python error that the runner does not catch (SystemExit), or a crash of the instance itself.
    output.push(`${error.name}: ${error.message}`);
    passed = false;
  }
  return { passed, output: output.join("\n") };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await runTest(JSON.parse(line));
  process.stdout.write(JSON.stringify(answer) + "\n");
}
