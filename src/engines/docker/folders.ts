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
import type { ConfigBundle } from '../../model/resource.ts';
import { deploymentHome, makeHome } from '../../state/home.ts';
import type { HostFolders } from './container.ts';
import { fillNode } from './node-tokens.ts';

/** The start program as it lies beside this source. */
const startProgram = fileURLToPath(new URL('../../../images/start', import.meta.url));

const startReport = z.object({ state: z.string() });
const taskRecord = z.object({ id: z.string(), fingerprint: z.string(), state: z.enum(['done', 'failed']) });

/**
 * What containers mount from this host. All of it lies below the deployment's folder, which only its owner may enter, and is made whole
 * or not at all: written beside its place, then renamed. Folders are named by their content, so that what runs is never changed
 * under a container, and a rollback finds the old one.
 */
export class Folders {
  readonly home: string;
  readonly #deployment: string;

  constructor(deployment: string) {
    this.home = deploymentHome(deployment);
    this.#deployment = deployment;
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

  /** The folders of one instance, made where they are missing. Throws KLG-120 for a secret that is missing. */
  provide(
    bundle: ConfigBundle | null,
    spec: object,
    secret: (name: string) => string | undefined,
  ): HostFolders {
    return {
      start: this.#start(),
      store: this.store,
      spec: this.#spec(spec),
      config: bundle && this.#config(bundle, secret),
    };
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

  #config(bundle: ConfigBundle, secret: (name: string) => string | undefined): string {
    const files = bundle.files.map((file) => ({
      ...file,
      content: fillNode(fillSecrets(file.content, secret)),
    }));
    return this.#place('config', JSON.stringify(files), (folder) => {
      for (const file of files)
        writeFileSync(join(folder, file.name), file.content, { mode: Number.parseInt(file.mode, 8) });
    });
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
