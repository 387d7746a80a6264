import { createWriteStream, type WriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { ignoring, text } from '../docker/errors.ts';
import { exec as run } from '../docker/exec.ts';
import { finished } from '../docker/registry.ts';
import { collector, join, splitter } from '../docker/streams.ts';
import { KollageError } from '../model/error.ts';

/** A file to be laid into a container. */
export interface Upload {
  readonly path: string;
  readonly content: string | Buffer;
  readonly mode?: number;
}

/** What a container for a build is made of. */
export interface Step {
  readonly name?: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `VOLUME:PATH[:ro]` */
  readonly binds?: readonly string[];
  readonly uploads?: readonly Upload[];
  readonly network?: string;
  /** root when not given; empty for the image's own. */
  readonly user?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * The container engine of this host, or the one that DOCKER_HOST names; Docker, or Podman through its socket.
 * @throws KollageError KLG-302 when it does not answer
 */
export async function connect(): Promise<Docker> {
  const docker = new Docker();
  try {
    await docker.ping();
  } catch (cause) {
    throw new KollageError(
      { code: 'KLG-302', message: `The container engine does not answer: ${text(cause)}` },
      { cause },
    );
  }
  return docker;
}

/** Makes a container, with its files laid in; it is not started. */
export async function create(docker: Docker, step: Step): Promise<Docker.Container> {
  const container = await docker.createContainer({
    ...(step.name === undefined ? {} : { name: step.name }),
    Image: step.image,
    Cmd: [...step.command],
    Entrypoint: [],
    User: step.user ?? '0',
    Env: Object.entries(step.env ?? {}).map(([key, value]) => `${key}=${value}`),
    Labels: { ...step.labels },
    HostConfig: {
      Binds: [...(step.binds ?? [])],
      ...(step.network === undefined ? {} : { NetworkMode: step.network }),
    },
  });
  await upload(container, step.uploads ?? []);
  return container;
}

/** Lays files into a container, or into a volume that it has mounted. */
export async function upload(container: Docker.Container, files: readonly Upload[]): Promise<void> {
  if (files.length > 0) await container.putArchive(tarball(files), { path: '/' });
}

/** Starts a container and waits for its end. Lines of its output go to `line`. Gives the exit status. */
export async function runToEnd(
  docker: Docker,
  container: Docker.Container,
  line: (text: string) => void,
): Promise<number> {
  const connection = await container.attach({ stream: true, stdout: true, stderr: true });
  const both = splitter(line);
  const output = join(docker, connection, { stdin: null, stdout: both, stderr: both });
  await container.start();
  await output;
  both.end();
  const { StatusCode: status }: { StatusCode: number } = await container.wait();
  return status;
}

/** Runs a command in a running container. Gives its exit status and standard output; standard error goes to `line`. */
export async function exec(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
  line: (text: string) => void = () => undefined,
): Promise<{ status: number; output: string }> {
  const out = collector();
  const err = splitter(line);
  const status = await run(docker, container, command, { stdin: null, stdout: out.stream, stderr: err });
  err.end();
  return { status, output: out.text() };
}

/** Keeps a stopped container's files as an image without a name. Gives the image's id. */
export async function commit(container: Docker.Container, comment: string): Promise<string> {
  const answer: { Id: string } = await container.commit({ comment, pause: false });
  return answer.Id;
}

/** Makes an image from a tar stream of a file system. Gives its id. */
export async function importTar(docker: Docker, tar: Readable, reference: string): Promise<string> {
  // The tag stands in `repo`: Podman does not read `tag`.
  const stream = await docker.importImage(tar, { repo: reference });
  await finished(docker, stream);
  return (await docker.getImage(reference).inspect()).Id;
}

/** Builds an image whose Dockerfile changes nothing but the metadata of another one. Gives its id. */
export async function describe(docker: Docker, dockerfile: string, reference: string): Promise<string> {
  const context = tarball([{ path: 'Dockerfile', content: dockerfile }]);
  const stream = await docker.buildImage(context, { t: reference, rm: true, forcerm: true, pull: false });
  await finished(docker, stream);
  return (await docker.getImage(reference).inspect()).Id;
}

/** An image's inspection, or undefined when it is not there. */
export async function inspectImage(
  docker: Docker,
  reference: string,
): Promise<Docker.ImageInspectInfo | undefined> {
  return ignoring([404], () => docker.getImage(reference).inspect());
}

/** Removes a container whether it runs or not; nothing happens when it is gone already. */
export async function discard(container: Docker.Container): Promise<void> {
  await ignoring([404, 409], () => container.remove({ force: true, v: true }));
}

/** A log file that also remembers its last lines. */
export class Log {
  readonly path: string;
  readonly #file: WriteStream;
  readonly #last: string[] = [];

  constructor(path: string) {
    this.path = path;
    this.#file = createWriteStream(path);
  }

  readonly line = (entry: string): void => {
    this.#file.write(`${entry}\n`);
    this.#last.push(entry);
    if (this.#last.length > 20) this.#last.shift();
  };

  last(count: number): string[] {
    return this.#last.slice(-count);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#file.end(() => resolve()));
  }
}

function tarball(uploads: readonly Upload[]): Readable {
  const tar = pack();
  for (const { path, content, mode } of uploads) {
    tar.entry({ name: path.replace(/^\//, ''), mode: mode ?? 0o644, mtime: new Date(0) }, content);
  }
  tar.finalize();
  return Readable.from(tar);
}
