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
import type { ConfigBundle, Task } from '../../model/resource.ts';
import { deploymentHome, makeHome } from '../../state/home.ts';
import type { HostFolders } from './container.ts';
import { fillNode } from './node-tokens.ts';
import { Outputs } from './outputs.ts';

/** The start program as it lies beside this source. */
const startProgram = fileURLToPath(new URL('../../../images/start', import.meta.url));

const startReport = z.object({ state: z.string() });
const refreshRecord = z.object({ container: z.string(), fingerprint: z.string() });
const taskRecord = z.object({ id: z.string(), fingerprint: z.string(), state: z.enum(['done', 'failed']) });

/**
 * What containers mount from this host. All of it lies below the deployment's folder, which only its owner may enter, and is made whole
 * or not at all: written beside its place, then renamed. The start program and its specs lie in folders named by their content; each
 * instance's configuration in one of its own, which holds secrets, goes with the instance, and can be brought up to date while it runs.
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
  provide(
    instance: string,
    bundle: ConfigBundle | null,
    spec: object,
    secret: (name: string) => string | undefined,
  ): HostFolders {
    try {
      return {
        start: this.#start(),
        store: this.store,
        spec: this.#spec(spec),
        config: bundle && this.config(instance, bundle, secret),
      };
    } catch (cause) {
      if (cause instanceof KollageError) throw cause;
      throw new KollageError({ code: 'KLG-508', message: `${this.home}: ${messageOf(cause)}` }, { cause });
    }
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

  #spec(spec: object): string {
    const text = JSON.stringify(spec, null, 1);
    return this.#place('specs', text, (folder) =>
      writeFileSync(join(folder, 'spec.json'), text, { mode: 0o644 }),
    );
  }

  /** The folder of an instance's files, with their secrets. Throws KLG-120 for a secret that is missing. */
  config(instance: string, bundle: ConfigBundle, secret: (name: string) => string | undefined): string {
    const place = join(this.home, 'config', instance);
    const beside = `${place}.${randomBytes(4).toString('hex')}`;
    mkdirSync(beside, { recursive: true, mode: 0o755 });
    for (const { name, content, mode } of this.#filled(bundle, secret))
      writeFileSync(join(beside, name), content, { mode });
    rmSync(place, { recursive: true, force: true });
    renameSync(beside, place);
    return place;
  }

  /** Brings the files of an instance that runs up to date. A file keeps its inode, for it may be mounted by itself. */
  refresh(instance: string, bundle: ConfigBundle | null, secret: (name: string) => string | undefined): void {
    const place = join(this.home, 'config', instance);
    const files = bundle ? this.#filled(bundle, secret) : [];
    for (const { name, content, mode } of files) {
      const path = join(place, name);
      writeFileSync(path, content, { mode });
      chmodSync(path, mode);
    }
    const wanted = new Set(files.map(({ name }) => name));
    for (const name of existsSync(place) ? readdirSync(place) : [])
      if (!wanted.has(name)) rmSync(join(place, name));
  }

  /** The files of a bundle as they lie on the disk. */
  #filled(bundle: ConfigBundle, secret: (name: string) => string | undefined) {
    return bundle.files.map(({ name, content, mode }) => ({
      name,
      content: this.outputs.fill(fillNode(fillSecrets(content, secret))),
      mode: Number.parseInt(mode, 8),
    }));
  }

  /** The fingerprint that a container has had since its files were brought up to date; undefined where they are those it was made with. */
  fingerprintOf(instance: string, container: string): string | undefined {
    const path = this.#refreshed(instance);
    if (!existsSync(path)) return undefined;
    const record = refreshRecord.parse(JSON.parse(readFileSync(path, 'utf8')));
    return record.container === container ? record.fingerprint : undefined;
  }

  recordFingerprint(instance: string, container: string, fingerprint: string): void {
    const path = this.#refreshed(instance);
    mkdirSync(join(this.home, 'refreshed'), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify({ container, fingerprint }));
    renameSync(`${path}.new`, path);
  }

  #refreshed(instance: string): string {
    return join(this.home, 'refreshed', `${instance}.json`);
  }

  /** Takes away what belongs to an instance that is gone. */
  removeInstance(instance: string): void {
    rmSync(join(this.home, 'config', instance), { recursive: true, force: true });
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

  /** Whether the start program of an instance has reported that its needs are met. */
  hasBegun(instance: string): boolean {
    const path = this.#report(instance);
    return existsSync(path) && startReport.parse(JSON.parse(readFileSync(path, 'utf8'))).state === 'started';
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
