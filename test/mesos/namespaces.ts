import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs Docker's command line, never blocking: what it starts may ask this very process. */
export async function docker(...words: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', [...words], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** The label of all that a stand-in makes; its value names the process it belongs to. */
export const label = 'io.kollage.test.mesos';

/** Tells this process from all that had or will have its number, and one stand-in of it from another. */
export function owner(run: string): string {
  return `${process.pid}.${beginOf(process.pid)}.${run}`;
}

/** When a process began, in ticks since the host did; null when there is none (proc(5), /proc/pid/stat). */
function beginOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function lives(whose: string): boolean {
  const [pid, begin] = whose.split('.');
  return begin !== undefined && beginOf(Number(pid)) === begin;
}

/** Takes away what stand-ins have left whose process was killed, or that are named. */
export async function clear(which: (whose: string) => boolean = (whose) => !lives(whose)): Promise<void> {
  const format = ['--format', `{{.ID}} {{.Label "${label}"}}`];
  const filter = ['--filter', `label=${label}`];
  const rows = async (...words: string[]) =>
    (await docker(...words))
      .split('\n')
      .filter(Boolean)
      .flatMap((row) => {
        const [id = '', whose = ''] = row.split(' ', 2);
        return which(whose) ? [id] : [];
      });
  const containers = await rows('ps', '--all', ...filter, ...format);
  // Those that are in the way of being taken away already are not ours to wait for.
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers).catch(() => undefined);
  const networks = await rows('network', 'ls', ...filter, ...format);
  if (networks.length > 0) await docker('network', 'rm', ...networks).catch(() => undefined);
  const named = (await docker('volume', 'ls', '--quiet', '--filter', 'name=kollage-mesos-')).split('\n');
  const volumes = named.filter((name) => isOf(name, which));
  if (volumes.length > 0) await docker('volume', 'rm', '--force', ...volumes).catch(() => undefined);
  for (const name of readdirSync(tmpdir()))
    if (isOf(name, which)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

/** What has no labels is named by whom it belongs to. */
function isOf(name: string, which: (whose: string) => boolean): boolean {
  const [, whose] = /^kollage-mesos-(\d+\.\d+\.\w+)(-|$)/.exec(name) ?? [];
  return whose !== undefined && which(whose);
}

/** A network of the stand-in's own, on which each agent is a host. */
export interface Fabric {
  readonly network: string;
  /** This host's address on it. */
  readonly gateway: string;
}

export async function makeFabric(name: string, whose: string): Promise<Fabric> {
  await docker('network', 'create', '--label', `${label}=${whose}`, name);
  const gateway = await docker(
    ...['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', name],
  );
  return { network: name, gateway };
}

/** What an agent's namespace runs: it hands on who asks its own port, to this process, which answers for all agents. */
const program = `
import asyncio, sys

async def pump(reader, writer):
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()

async def serve(reader, writer):
    try:
        there = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    except OSError:
        return writer.close()
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

async def main():
    async with await asyncio.start_server(serve, "", int(sys.argv[3])) as server:
        await server.serve_forever()

asyncio.run(main())
`;

/** The port of an agent (apache/mesos, src/slave/main.cpp). */
export const agentPort = 5051;

export interface PauseOptions {
  readonly fabric: Fabric;
  readonly name: string;
  readonly whose: string;
  readonly hostname: string;
  readonly image: string;
  /** Who answers for the agent, on this host. */
  readonly port: number;
  readonly dns: string | null;
}

/** The container whose namespaces are an agent's; gives its address. */
export async function startPause(options: PauseOptions): Promise<string> {
  const { fabric, name, whose, hostname, image, port, dns } = options;
  await docker(
    ...['run', '--detach', '--name', name, '--hostname', hostname, '--network', fabric.network],
    ...['--label', `${label}=${whose}`, ...(dns === null ? [] : ['--dns', dns]), '--stop-timeout', '0'],
    // As root it may take any port; no process is to be left over where it is asked to end.
    ...['--user', 'root', '--init', '--entrypoint', 'python3', image, '-c', program],
    ...[fabric.gateway, String(port), String(agentPort)],
  );
  return docker(
    ...['inspect', '--format', `{{(index .NetworkSettings.Networks "${fabric.network}").IPAddress}}`, name],
  );
}
