import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attach, remove, runningClusters, startCluster } from './cluster.ts';
import { whyNot } from './programs.ts';

const usage = `tools/cluster up [--nodes 3] [--simulated 0] [--image kollage/*]…   starts a Kubernetes on this host; prints its kubeconfig
tools/cluster down                      takes it away, and whatever it made on this host
tools/cluster kubectl ARGUMENTS…
tools/cluster load IMAGE…               makes images of this host's Docker known to the nodes that are on
tools/cluster off|partition|heal NODE   cuts a node's power; pulls its cable; brings it back
tools/cluster check                     says why there can be none here, with exit status 69
Of several, KOLLAGE_CLUSTER names the folder of the one that is meant.`;

process.exitCode = await main(process.argv.slice(2));

async function main([command = '', ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'check':
      return check();
    case 'up':
      return check() || (await up(args));
    case 'down':
      await remove(chosen());
      return 0;
    case 'kubectl': {
      const folder = chosen();
      const env = { ...process.env, KUBECONFIG: join(folder, 'pki/admin.kubeconfig') };
      return spawnSync(join(folder, 'bin/kubectl'), args, { stdio: 'inherit', env }).status ?? 1;
    }
    case 'load':
    case 'off':
    case 'partition':
    case 'heal': {
      await change(command, args);
      return 0;
    }
    default:
      process.stderr.write(`${usage}\n`);
      return 64;
  }
}

function check(): number {
  const reason = whyNot();
  if (reason === null) return 0;
  process.stderr.write(`${reason}\n`);
  return 69;
}

async function up(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: '3' },
      simulated: { type: 'string', default: '0' },
      image: { type: 'string', multiple: true, default: [] },
    },
  });
  const began = performance.now();
  const cluster = await startCluster({
    nodes: Number(values.nodes),
    simulated: Number(values.simulated),
    images: values.image,
    kept: true,
  });
  cluster.client.close();
  process.stderr.write(`ready after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  process.stdout.write(`${cluster.kubeconfig}\n`);
  return 0;
}

async function change(what: 'load' | 'off' | 'partition' | 'heal', args: readonly string[]): Promise<void> {
  const cluster = await attach(chosen());
  const [node = ''] = args;
  if (what === 'load') cluster.load(...args);
  else if (what === 'off') await cluster.powerOff(node);
  else if (what === 'partition') cluster.partition(node);
  else cluster.heal(node);
  cluster.client.close();
}

function chosen(): string {
  const running = runningClusters();
  const wanted = process.env['KOLLAGE_CLUSTER'];
  const [only, ...more] = wanted === undefined ? running : running.filter((folder) => folder === wanted);
  if (only === undefined) throw new Error('no cluster runs: `tools/cluster up`');
  if (more.length > 0) throw new Error(`several run, set KOLLAGE_CLUSTER to one of ${running.join(' ')}`);
  return only;
}
