// Lets WebAssembly.Table remember the functions that it gave: MicroPython's build checks its own copy of the table at
// each call through it, a fifth of the time of most programs. To be imported before the build is loaded.
const { get, set, grow } = WebAssembly.Table.prototype;
let table = null; // the one asked last, and what it gave
let given = [];

WebAssembly.Table.prototype.get = function (index) {
  if (table !== this) [table, given] = [this, []];
  return given[index] ?? (given[index] = get.call(this, index));
};

for (const change of [set, grow]) {
  WebAssembly.Table.prototype[change.name] = function (...values) {
    table = null;
    return change.apply(this, values);
  };
}
