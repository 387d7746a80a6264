import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fillSecrets } from '../../config/fill.ts';
import { KollageError, messageOf } from '../../model/error.ts';
import type { ConfigBundle, Task, Workload } from '../../model/resource.ts';
import { deploymentHome, makeHome } from '../../state/home.ts';
import type { HostFolders } from './container.ts';
import type { FilledFile } from './drift/files.ts';
import { fillNode } from './node-tokens.ts';
import { Outputs } from './outputs.ts';

/** The start program as it lies beside this source. */
const startProgram = fileURLToPath(new URL('../../../images/start', import.meta.url));

type Secret = (name: string) => string | undefined;

const startReport = z.object({ state: z.string(), at: z.string().transform(Date.parse) });
const refreshRecord = z.object({
  container: z.string(),
  fingerprint: z.string(),
  /** Those of before had none. */
  stop: z.object({ signal: z.string().nullable(), grace: z.number() }).optional(),
});
const taskRecord = z.object({ id: z.string(), fingerprint: z.string(), state: z.enum(['done', 'failed']) });

/**
 * What containers mount from this host. All of it lies below the deployment's folder, which only its owner may enter, and is made whole
 * or not at all: written beside its place, then renamed. The start program lies in a folder named by its content; each instance's spec and
 * configuration, which holds secrets, in folders of its own, which go with the instance and can be brought up to date while it runs.
 */
export class Folders {
  readonly home: string;
  readonly outputs: Outputs;
  readonly #deployment: string;

  constructor(deployment: string) {
    this.home = deploymentHome(deployment);
    this.#deployment = deployment;
    this.outputs = new Outputs(this.home);
  }

  /** The store of the start program; its folders are world-writable, because containers run as many users (images/start/README.md). */
  get store(): string {
    const store = join(makeHome(this.#deployment), 'store');
    for (const folder of ['tasks', 'outputs', 'waiting']) {
      const path = join(store, folder);
      if (existsSync(path)) continue;
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o1777);
    }
    return store;
  }

  /** The folders of one instance, made where they are missing. Throws KLG-120 for a secret that is missing, KLG-508 when there is no room. */
  provide(instance: string, bundle: ConfigBundle | null, spec: object, secret: Secret): HostFolders {
    try {
      return {
        home: this.home,
        start: this.#start(),
        store: this.store,
        spec: this.spec(instance, spec),
        config: bundle && this.config(instance, bundle, secret),
      };
    } catch (cause) {
      if (cause instanceof KollageError) throw cause;
      throw new KollageError({ code: 'KLG-508', message: `${this.home}: ${messageOf(cause)}` }, { cause });
    }
  }

  /** Where the folders of an instance are, of those that are named by their content any. Makes nothing. */
  places(instance: string, bundle: ConfigBundle | null): HostFolders {
    const { home } = this;
    return {
      home,
      start: join(home, 'start', 'any'),
      store: join(home, 'store'),
      spec: join(home, 'specs', 'any'),
      config: bundle && this.configFolder(instance),
    };
  }

  /** Where the files of an instance lie. */
  configFolder(instance: string): string {
    return join(this.home, 'config', instance);
  }

  #start(): string {
    const files = readdirSync(startProgram).filter(
      (name) => name === 'start' || (name.endsWith('.py') && !name.endsWith('_test.py')),
    );
    const texts = files.map((name) => `${name}\n${readFileSync(join(startProgram, name), 'utf8')}`);
    return this.#place('start', texts.join('\n'), (folder) => {
      for (const name of files) cpSync(join(startProgram, name), join(folder, name));
    });
  }

  /** The folder with an instance's spec, of which the start program reads the one that is there when it starts. */
  spec(instance: string, spec: object): string {
    const folder = join(this.home, 'specs', instance);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const path = join(folder, 'spec.json');
    writeFileSync(`${path}.new`, JSON.stringify(spec, null, 1), { mode: 0o644 });
    renameSync(`${path}.new`, path);
    return folder;
  }

  /** The folder of an instance's files, with their secrets. Throws KLG-120 for a secret that is missing. */
  config(instance: string, bundle: ConfigBundle, secret: Secret): string {
    const place = this.configFolder(instance);
    const beside = `${place}.${randomBytes(4).toString('hex')}`;
    mkdirSync(beside, { recursive: true, mode: 0o755 });
    for (const file of this.filled(bundle, secret)) write(beside, file);
    rmSync(place, { recursive: true, force: true });
    renameSync(beside, place);
    return place;
  }

  /** Brings the files of an instance that runs up to date. A file keeps its inode, for it may be mounted by itself. */
  refresh(instance: string, bundle: ConfigBundle | null, secret: Secret): void {
    const place = this.configFolder(instance);
    const files = bundle ? this.filled(bundle, secret) : [];
    for (const file of files) write(place, file);
    const wanted = new Set(files.map(({ file }) => file.name));
    for (const name of existsSync(place) ? readdirSync(place) : [])
      if (!wanted.has(name)) rmSync(join(place, name));
  }

  /** The files of a bundle as they are written now. */
  filled(bundle: ConfigBundle, secret: Secret, outputs?: ReadonlyMap<string, string>): FilledFile[] {
    return bundle.files.map((file) => ({
      file,
      content: this.outputs.fill(fillNode(fillSecrets(file.content, secret)), outputs),
      mode: Number.parseInt(file.mode, 8),
    }));
  }

  /** The files of a bundle as an instance got them. */
  noted(instance: string, bundle: ConfigBundle, secret: Secret): FilledFile[] {
    return this.filled(bundle, secret, this.outputs.noted(instance));
  }

  /** What a container has been told since it was made; undefined where it is what it was made with. */
  refreshed(instance: string, container: string): z.infer<typeof refreshRecord> | undefined {
    const path = this.#refreshed(instance);
    if (!existsSync(path)) return undefined;
    const record = refreshRecord.parse(JSON.parse(readFileSync(path, 'utf8')));
    return record.container === container ? record : undefined;
  }

  /** Records that a container has become what a workload says by now, without another process. */
  recordRefreshed(instance: string, container: string, { fingerprint, stop }: Workload): void {
    const path = this.#refreshed(instance);
    mkdirSync(join(this.home, 'refreshed'), { recursive: true });
    const { signal, grace } = stop;
    writeFileSync(`${path}.new`, JSON.stringify({ container, fingerprint, stop: { signal, grace } }));
    renameSync(`${path}.new`, path);
  }

  #refreshed(instance: string): string {
    return join(this.home, 'refreshed', `${instance}.json`);
  }

  /** Takes away what belongs to an instance that is gone. */
  removeInstance(instance: string): void {
    rmSync(this.configFolder(instance), { recursive: true, force: true });
    rmSync(join(this.home, 'specs', instance), { recursive: true, force: true });
    rmSync(this.#refreshed(instance), { force: true });
    this.outputs.forget(instance);
  }

  forgetTask(id: string, fingerprint: string): void {
    rmSync(join(this.#task(id), `${fingerprint}.json`), { force: true });
  }

  /** Records a task as done that needed no run, as the start program would have done it. */
  recordTask({ id, fingerprint, placement }: Task, instance: string): void {
    const folder = this.#task(id);
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o1777);
    }
    const at = new Date().toISOString();
    const run = { exitCode: 0, startedAt: at, endedAt: at, instance, node: placement.nodes[0] ?? '' };
    const path = join(folder, `${fingerprint}.json`);
    const record = { id, fingerprint, state: 'done', ...run, outputs: [] };
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o644 });
    renameSync(`${path}.new`, path);
  }

  #task(id: string): string {
    return join(this.store, 'tasks', id.replaceAll('/', '__'));
  }

  #place(kind: string, content: string, fill: (folder: string) => void): string {
    const place = join(this.home, kind, createHash('sha256').update(content).digest('hex').slice(0, 24));
    if (existsSync(place)) return place;
    const beside = `${place}.${randomBytes(4).toString('hex')}`;
    mkdirSync(beside, { recursive: true, mode: 0o755 });
    fill(beside);
    try {
      renameSync(beside, place);
    } catch (error) {
      // Someone else made the same content in the meantime.
      rmSync(beside, { recursive: true, force: true });
      if (!existsSync(place)) throw error;
    }
    return place;
  }

  /** The tasks that have a record of their success. */
  doneTasks(): { id: string; fingerprint: string }[] {
    const tasks = join(this.home, 'store', 'tasks');
    if (!existsSync(tasks)) return [];
    return readdirSync(tasks).flatMap((folder) =>
      readdirSync(join(tasks, folder))
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => {
          const record = taskRecord.parse(JSON.parse(readFileSync(join(tasks, folder, name), 'utf8')));
          return record.state === 'done' ? [{ id: record.id, fingerprint: record.fingerprint }] : [];
        }),
    );
  }

  /**
   * What the start program of an instance reported last, and when, in milliseconds since the epoch: `started` when its needs were met. Undefined
   * where it reported nothing, because there was nothing to wait for.
   */
  reported(instance: string): { readonly state: string; readonly at: number } | undefined {
    const path = this.#report(instance);
    return existsSync(path) ? startReport.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  }

  /** Removes the report of an instance that is about to be made anew. */
  forget(instance: string): void {
    rmSync(this.#report(instance), { force: true });
  }

  #report(instance: string): string {
    return join(this.home, 'store', 'waiting', `${instance}.json`);
  }

  /** Takes the deployment's folder away. */
  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function write(folder: string, { file, content, mode }: FilledFile): void {
  const path = join(folder, file.name);
  writeFileSync(path, content, { mode });
  // Whatever our own mask of modes is.
  chmodSync(path, mode);
}
