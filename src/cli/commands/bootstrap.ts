import { type Command, InvalidArgumentError, Option } from 'commander';
import { name as nameSchema } from '../../model/deployment.ts';
import { KollageError } from '../../model/error.ts';
import { type Host, parseHosts } from '../../operate/bootstrap/hosts.ts';
import { ports, zookeeperServers } from '../../operate/bootstrap/layout.ts';
import { type BootstrapEvent, bootstrapMesos, removeMesos } from '../../operate/bootstrap.ts';
import { saysYes } from '../ask.ts';
import { colours } from '../colour.ts';
import { duration } from '../duration.ts';
import { interruptible } from '../live/interrupt.ts';
import { eventText } from '../print/bootstrap.ts';

interface Options {
  host: string[];
  name: string;
  zookeeperImage: string;
  masterImage: string;
  agentImage: string;
  marathonImage: string;
  timeout: number;
  remove?: true;
  keepData?: true;
  yes?: true;
  json?: true;
}

/** `kollage bootstrap mesos`: a cluster to deploy on, as containers; and away again. */
export function register(program: Command): void {
  const bootstrap = program.command('bootstrap').description('start what a deployment can run on');
  bootstrap
    .command('mesos')
    .description('start ZooKeeper, Mesos and Marathon as containers on hosts with Docker')
    .addOption(
      new Option(
        '--host <host>',
        'NAME=DOCKER[,ROLE...][,address=ADDRESS], for each host; DOCKER is unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST',
      )
        .argParser((text: string, before: string[]) => [...before, text])
        .default([], 'this host alone'),
    )
    .option('--name <name>', 'what the cluster is called', named, 'mesos')
    .option(
      '--zookeeper-image <image>',
      'an image that kollage images build makes',
      'kollage/zookeeper:2025.1',
    )
    .option('--master-image <image>', 'an image with mesos-master', 'mesosphere/mesos-master:1.7.1')
    .option('--agent-image <image>', 'an image with mesos-agent and docker', 'mesosphere/mesos-slave:1.7.1')
    .option('--marathon-image <image>', 'an image that is Marathon', 'mesosphere/marathon:v1.11.24')
    .addOption(
      new Option('--timeout <time>', 'how long each part may take until it answers')
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .option('--remove', 'take the cluster away again; asks first')
    .option('--keep-data', 'with --remove: keep its volumes')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (options: Options) => {
      const hosts = parseHosts(options.host);
      const paint = colours(process.stdout);
      const emit = (event: BootstrapEvent) =>
        void process.stdout.write(options.json ? `${JSON.stringify(event)}\n` : eventText(event, paint));
      if (options.remove) await remove(options, hosts, emit);
      else await start(options, hosts, emit);
    });
}

async function start(
  options: Options,
  hosts: readonly Host[],
  emit: (event: BootstrapEvent) => void,
): Promise<void> {
  if (options.keepData) throw new KollageError({ code: 'KLG-901', message: '--keep-data is for --remove' });
  using interrupt = interruptible(() => undefined);
  const changed = await bootstrapMesos({
    name: options.name,
    hosts,
    images: {
      zookeeper: options.zookeeperImage,
      master: options.masterImage,
      agent: options.agentImage,
      marathon: options.marathonImage,
    },
    patience: options.timeout,
    signal: interrupt.signal,
    emit,
  });
  if (options.json) return;
  const urls = (kind: 'marathon' | 'master') =>
    hosts
      .filter(({ roles }) => roles.includes('controller'))
      .map(({ address }) => `http://${address}:${ports[kind]}`)
      .join(',');
  process.stdout.write(
    [
      `${options.name} ${changed ? 'is up' : 'was up already: nothing was changed'}. In kollage.yaml:`,
      'engine:',
      '  type: marathon',
      `  address: ${urls('marathon')}`,
      `  mesos: ${urls('master')}`,
      `  zookeeper: ${zookeeperServers({ hosts })}`,
      '',
    ].join('\n'),
  );
}

async function remove(
  { name, keepData: keeps, yes, json }: Options,
  hosts: readonly Host[],
  emit: (event: BootstrapEvent) => void,
): Promise<void> {
  const keepData = keeps === true;
  const what = keepData ? 'and end all that runs on it' : 'with ALL ITS DATA, and end all that runs on it';
  const where = hosts.map((host) => host.name).join(', ');
  if (
    !yes &&
    !(await saysYes('bootstrap mesos --remove', `Take the cluster ${name} on ${where} away ${what}?`))
  )
    throw new KollageError({ code: 'KLG-901', message: 'not removed: the answer was not yes' });
  const count = await removeMesos({ name, hosts, keepData, emit });
  if (!json)
    process.stdout.write(
      count === 0
        ? `There is nothing of ${name} on ${where}.\n`
        : `${name} is gone${keepData ? '; its volumes are kept' : ''}.\n`,
    );
}

function named(text: string): string {
  if (!nameSchema.safeParse(text).success)
    throw new InvalidArgumentError('It must be lower-case letters, digits and -, at most 50.');
  return text;
}
