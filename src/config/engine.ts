import { createRequire } from 'node:module';
import { createContext, Script } from 'node:vm';

type Module = typeof import('minijinja-js/dist/node/minijinja_js.js');
export type Environment = InstanceType<Module['Environment']>;

/** Of what the lib `dom` declares, as much as is used here. */
declare const WebAssembly: { Module: new (bytes: Uint8Array) => object };

const require = createRequire(import.meta.url);
const path = 'minijinja-js/dist/node/minijinja_js.js';
let module: Module | undefined;

/** Steps that one template may take: a file that lists 10,000 nodes takes about half of them. */
const fuel = 400_000;
/** Pages of 64 KiB: 256 MiB. */
const memoryLimit = 4096;
/** Milliseconds that one template may take; real ones take less than one. */
export const timeLimit = 800;

/** A new environment that behaves as Ansible's: strict about undefined variables, with Python's methods. */
export function newEnvironment(): Environment {
  module ??= load();
  const environment = new module.Environment();
  environment.undefinedBehavior = 'strict';
  environment.keepTrailingNewline = true;
  // The newline after a tag goes away: so does Ansible (lib/ansible/template, AnsibleEnvironment).
  environment.trimBlocks = true;
  environment.fuel = fuel;
  // So that errors point at the expression; costs nothing as long as there is none.
  environment.debug = true;
  environment.enablePyCompat();
  return environment;
}

/** Forgets the WebAssembly instance. One that was stopped or has panicked may be broken, and never gives its memory back. */
export function forgetEngine(): void {
  module = undefined;
  delete require.cache[require.resolve(path)];
}

/** Loads minijinja with a limit to its memory: by itself it has none, and a bomb would take 4 GB before it fails. */
function load(): Module {
  const original = WebAssembly.Module;
  WebAssembly.Module = class extends original {
    constructor(bytes: Uint8Array) {
      super(limitMemory(bytes, memoryLimit));
    }
  };
  try {
    return require(path);
  } finally {
    WebAssembly.Module = original;
  }
}

/**
 * A WebAssembly binary whose one memory may grow to `maximum` pages (64 KiB each) at most; the same binary when it says a
 * maximum already. The memory section (5) is `count, flags, initial` (WebAssembly core specification 5.5.8 and 5.3.8).
 */
export function limitMemory(bytes: Uint8Array, maximum: number): Uint8Array<ArrayBuffer> {
  for (let at = 8; at < bytes.length; ) {
    const size = readUnsigned(bytes, at + 1);
    if (bytes[at] === 5 && bytes[size.next] === 1 && bytes[size.next + 1] === 0) {
      const initial = bytes.subarray(size.next + 2, size.next + size.value);
      const body = [1, 1, ...initial, ...unsigned(maximum)];
      const section = Uint8Array.from([5, ...unsigned(body.length), ...body]);
      return join(bytes.subarray(0, at), section, bytes.subarray(size.next + size.value));
    }
    at = size.next + size.value;
  }
  return join(bytes);
}

function readUnsigned(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return { value, next: at + 1 };
  }
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const box: { run: (() => unknown) | null } = { run: null };
createContext(box);
const script = new Script('run()');

/**
 * Runs `work` for `timeLimit` at most. Node's own watchdog stops even a loop inside WebAssembly or a regular expression,
 * with an error whose code is ERR_SCRIPT_EXECUTION_TIMEOUT. Costs about 0.13 ms, so it is for what may run long.
 */
export function within<T>(work: () => T): T {
  let result: { value: T } | undefined;
  const outer = box.run;
  box.run = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(box, { timeout: timeLimit });
  } finally {
    box.run = outer;
  }
  if (!result) throw new Error('the work was not done');
  return result.value;
}

/** Runs `work` while what WebAssembly prints about its own panics is kept off the terminal. */
export function quietly<T>(work: () => T): T {
  const { console } = globalThis;
  const print = console.error;
  console.error = () => {};
  try {
    return work();
  } finally {
    console.error = print;
  }
}
