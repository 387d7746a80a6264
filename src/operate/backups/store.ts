import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { hash } from '../../compile/fingerprint.ts';
import { collector } from '../../docker/streams.ts';
import type { Engine } from '../../engines/engine.ts';
import { KollageError } from '../../model/error.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { ConfigBundle, Desired, Tool } from '../../model/resource.ts';
import { type Backup, type Listed, listed, manifest } from './backup.ts';
import type { Keeper } from './keeper.ts';

const program = fileURLToPath(new URL('../../../images/backups/backups.py', import.meta.url));
const inside = '/kollage/backups.py';
const never = new AbortController().signal;

interface Ends {
  readonly stdin?: NodeJS.ReadableStream;
  readonly stdout?: NodeJS.WritableStream;
  readonly signal?: AbortSignal;
}

/** The backups of one service, in its volume (images/backups/README.md). */
export class BackupStore {
  readonly #engine: Engine;
  readonly #desired: Desired;
  readonly #keeper: Keeper;

  /** `desired` is what runs. KLG-210 where the engine has no way to volumes. */
  constructor(engine: Engine, desired: Desired, keeper: Keeper) {
    const { name, can } = engine.traits;
    if (!can.includes('toolVolumes'))
      throw new KollageError({
        code: 'KLG-210',
        message: `Kollage has no way to the volume of ${keeper.service}'s backups on the engine ${name}`,
        next: 'Back its data up with its own tools, by `kollage exec`.',
      });
    this.#engine = engine;
    this.#desired = desired;
    this.#keeper = keeper;
  }

  /** The oldest first. */
  async list(): Promise<readonly Listed[]> {
    return listed.parse(JSON.parse(await this.#text('KLG-551', ['list'])));
  }

  /** Makes what a service wrote a backup. KLG-550. */
  async seal(id: string, about: Omit<Backup, 'id' | 'files'>): Promise<Backup> {
    const stdin = Readable.from([JSON.stringify(about)]);
    return manifest.parse(JSON.parse(await this.#text('KLG-550', ['seal', id], { stdin })));
  }

  /** Reads all of a backup. KLG-551 where it is not what was written. */
  async check(id: string): Promise<void> {
    await this.#text('KLG-551', ['check', id]);
  }

  /** Writes a backup as a tar archive. KLG-551. */
  async bringOut(id: string, stdout: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
    await this.#run('KLG-551', ['out', id], { stdout, signal });
  }

  /** Takes a backup in, whole or not at all. KLG-551. */
  async bringIn(stdin: NodeJS.ReadableStream, signal: AbortSignal): Promise<Backup> {
    return manifest.parse(JSON.parse(await this.#text('KLG-551', ['in'], { stdin, signal })));
  }

  async drop(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#text('KLG-551', ['drop', ...ids]);
  }

  /** Takes away what was begun and not finished. */
  async sweep(): Promise<void> {
    await this.#text('KLG-550', ['sweep']);
  }

  async #text(code: ErrorCode, args: readonly string[], ends: Ends = {}): Promise<string> {
    const { stream, text } = collector();
    await this.#run(code, args, { ...ends, stdout: stream });
    return text();
  }

  async #run(
    code: ErrorCode,
    args: readonly string[],
    { stdin, stdout, signal = never }: Ends,
  ): Promise<void> {
    const { service, task, mount, volume } = this.#keeper;
    const desired = this.#desired;
    const { deployment } = desired;
    await this.#engine.makeVolume(deployment, volume, desired);
    const tool: Tool = {
      kind: 'tool',
      id: `${service}/backups`,
      service,
      name: `${service}-backups`,
      doc: '',
      image: task.image,
      command: ['python3', '-I', '-S', inside, mount.path],
      env: {},
      config: bundle.id,
      secrets: [],
      mounts: [mount],
    };
    const errors = collector();
    const call = { deployment, desired, args, bundle, secret: () => undefined, user: '0:0', folder: '/' };
    const io = {
      stdin: stdin ?? null,
      stdout: stdout ?? errors.stream,
      stderr: errors.stream,
      terminal: null,
      interrupt: signal,
    };
    const ended = await this.#engine.runTool(tool, call, io);
    if (signal.aborted) throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
    if (ended === 0) return;
    const message = errors.text().trim().split('\n').at(-1) || `it ended with ${ended}`;
    throw new KollageError({ code, message: args[1] === undefined ? message : `${args[1]}: ${message}` });
  }
}

/** The program that works on the volume, as the engine hands it over. */
const content = readFileSync(program, 'utf8');
const bundle: ConfigBundle = {
  kind: 'config',
  id: 'kollage/backups',
  files: [
    {
      name: 'backups.py',
      path: inside,
      content,
      owner: null,
      mode: '0444',
      onChange: 'nothing',
      hash: hash(content),
      sources: [program],
    },
  ],
};
