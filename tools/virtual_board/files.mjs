// The board's flash: MicroPython's in-memory files, every change of which is at once in a folder of the host.
//
// So files outlive resets and crashes, and the host can look at them. Also: a size, error numbers as boards have
// them (emscripten's are WASI's), os.stat(""). Knows nothing of the REPL.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

const BLOCK = 4096;
const HIDDEN = ["dev", "proc"]; // emscripten's own, not to be seen on a board
const ENOSPC = 51;
// EACCES, EBADF, EBUSY, EEXIST, EINVAL, EIO, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY, EPERM
const NUMBERS = { 2: 13, 8: 9, 10: 16, 20: 17, 28: 22, 29: 5, 31: 21, 44: 2, 51: 28, 54: 20, 55: 39, 63: 1 };
const WRAPPED = ["chdir", "close", "fstat", "llseek", "lstat", "mkdir", "open", "read", "readdir", "rename", "rmdir"];
WRAPPED.push("stat", "statfs", "unlink", "write");

export class Files {
  // `folder` on the host is the flash; `onCall` is called before every operation of the board.
  constructor(folder, capacityBytes, onCall) {
    this.folder = folder;
    this.blocks = Math.floor(capacityBytes / BLOCK);
    this.onCall = onCall;
  }

  // Puts the folder's files into a fresh instance and follows its changes from then on.
  attach(FS) {
    this.FS = FS;
    for (const name of FS.readdir("/")) {
      if (![".", "..", ...HIDDEN].includes(name)) removeTree(FS, "/" + name);
    }
    this.load(this.folder, "");
    this.follow(FS);
    let depth = 0;
    for (const name of WRAPPED) {
      const original = FS[name];
      FS[name] = (...args) => {
        if (depth++ === 0) this.onCall();
        try {
          return original(...args);
        } catch (error) {
          if (depth === 1 && error.name === "ErrnoError") error.errno = NUMBERS[error.errno] ?? error.errno;
          throw error;
        } finally {
          depth--;
        }
      };
    }
  }

  load(source, target) {
    for (const name of readdirSync(source)) {
      const [from, to] = [join(source, name), `${target}/${name}`];
      if (statSync(from).isDirectory()) {
        this.FS.mkdir(to);
        this.load(from, to);
      } else {
        this.FS.writeFile(to, readFileSync(from));
      }
    }
  }

  follow(FS) {
    const original = { ...FS };
    const isOurs = (path) => this.onHost(path) !== null;
    FS.stat = (path, ...rest) => original.stat(path === "" ? "." : path, ...rest);
    FS.readdir = (path) => original.readdir(path).filter((name) => path !== "/" || !HIDDEN.includes(name));
    FS.statfs = () => this.statfs();
    FS.open = (path, flags, ...rest) => {
      const stream = original.open(path, flags, ...rest);
      if (FS.isFile(stream.node.mode)) {
        const [creates, truncates] = [flags & 0o100, flags & 0o1000];
        stream.unsaved = Boolean(creates || truncates);
        this.save(stream);
        stream.stream_ops = { ...stream.stream_ops, fsync: () => this.save(stream) ?? 0 };
      }
      return stream;
    };
    FS.write = (stream, buffer, offset, length, position, ...rest) => {
      const end = (position ?? (stream.flags & 0o2000 ? stream.node.usedBytes : stream.position)) + length;
      if (FS.isFile(stream.node.mode)) {
        const more = blocksOf(end) - blocksOf(stream.node.usedBytes);
        if (more > 0 && more > this.blocks - this.used()) throw new FS.ErrnoError(ENOSPC);
        stream.unsaved = true;
      }
      return original.write(stream, buffer, offset, length, position, ...rest);
    };
    FS.close = (stream) => {
      this.save(stream);
      return original.close(stream);
    };
    FS.mkdir = (path, ...rest) => {
      const made = original.mkdir(path, ...rest);
      if (isOurs(path)) mkdirSync(this.onHost(path), { recursive: true });
      return made;
    };
    for (const name of ["unlink", "rmdir"]) {
      FS[name] = (path) => {
        original[name](path);
        if (isOurs(path)) rmSync(this.onHost(path), { recursive: true, force: true });
      };
    }
    FS.rename = (from, to) => {
      original.rename(from, to);
      if (isOurs(from) && this.onHost(from) !== this.onHost(to)) renameSync(this.onHost(from), this.onHost(to));
    };
  }

  // What an open file holds, to the host; a file that is removed meanwhile stays removed.
  save(stream) {
    if (!stream.unsaved || !this.FS.isFile(stream.node.mode)) return;
    stream.unsaved = false;
    const path = this.onHost(stream.path);
    if (path === null || !this.FS.analyzePath(stream.path).exists) return;
    const contents = stream.node.contents ?? [];
    writeFileSync(path, (contents.subarray ? contents : Uint8Array.from(contents)).subarray(0, stream.node.usedBytes));
  }

  // Before a reset: also what is written and not closed, as the in-memory files already have it.
  saveAll() {
    for (const stream of this.FS.streams) if (stream?.node) this.save(stream);
  }

  onHost(path) {
    const full = posix.resolve(this.FS.cwd(), path);
    return HIDDEN.includes(full.split("/")[1]) ? null : join(this.folder, full);
  }

  used() {
    let blocks = 2; // as littlefs: its superblock pair
    const count = (node) => {
      for (const child of Object.values(node.contents)) {
        if (this.FS.isDir(child.mode)) count(child);
        else if (this.FS.isFile(child.mode)) blocks += blocksOf(child.usedBytes);
      }
    };
    count(this.FS.root);
    return blocks;
  }

  statfs() {
    const free = Math.max(0, this.blocks - this.used());
    const unknown = { files: 0, ffree: 0, fsid: 0, flags: 0 };
    return { bsize: BLOCK, frsize: BLOCK, blocks: this.blocks, bfree: free, bavail: free, namelen: 255, ...unknown };
  }
}

function blocksOf(bytes) {
  return Math.ceil(bytes / BLOCK);
}

function removeTree(FS, path) {
  if (!FS.isDir(FS.lstat(path).mode)) return FS.unlink(path);
  for (const name of FS.readdir(path)) if (name !== "." && name !== "..") removeTree(FS, `${path}/${name}`);
  FS.rmdir(path);
}
