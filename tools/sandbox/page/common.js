// What all parts of the page share: asking the server, making elements, spelling numbers and times.

export async function ask(path, method = "GET", body) {
  const options = { method, body: body && JSON.stringify(body), cache: "no-store" };
  const reply = await fetch(path, options).catch(() => {
    throw new Error("No connection to the sandbox.");
  });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error?.message ?? reply.statusText);
  return answer;
}

// An element; text never becomes markup, whatever a device sent.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

export const byId = (id) => document.getElementById(id);

const whole = new Intl.NumberFormat("en");
export const count = (number) => whole.format(number);

export function bytes(number) {
  if (number < 10_000) return `${count(number)} B`;
  return number < 10_000_000 ? `${count(Math.round(number / 1000))} kB` : `${(number / 1e6).toFixed(1)} MB`;
}

const pad = (number) => String(number).padStart(2, "0");
export function time(ms) {
  const at = new Date(ms);
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]];
export function duration(ms) {
  if (ms < 0) return `-${duration(-ms)}`;
  for (const [unit, size] of UNITS) {
    if (ms >= size) return `${ms < 10 * size ? (ms / size).toFixed(1) : Math.round(ms / size)} ${unit}`;
  }
  return `${Math.round(ms)} ms`;
}

export const short = (token) => (token.length > 10 ? `${token.slice(0, 4)}…${token.slice(-4)}` : token);

// Runs `task` soon after the first call, then at most every `pause` ms, never twice at once.
export function throttled(task, pause) {
  let wanted = false;
  let busy = false;
  async function run() {
    if (busy) return;
    busy = true;
    while (wanted) {
      wanted = false;
      try {
        await task();
      } catch (error) {
        console.warn(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    busy = false;
  }
  return () => {
    wanted = true;
    run();
  };
}
