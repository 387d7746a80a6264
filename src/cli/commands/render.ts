import { type Command, Option } from 'commander';
import { type EngineName, engineSettings } from '../../model/deployment.ts';
import { type Finding, KollageError } from '../../model/error.ts';
import { renderDeployment, writeRendered } from '../../operate/render.ts';
import {
  asYaml,
  kustomizeBase,
  type ManifestRequest,
  type Manifests,
  renderManifests,
  renderSecrets,
} from '../../operate/render-manifests.ts';
import { renderMarathon, storeKey } from '../../operate/render-marathon.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printFinding } from '../print/finding.ts';
import { type ServiceOptions, switchedBy, withServices } from '../services.ts';

interface Options extends ServiceOptions {
  folder: string;
  output?: string;
  json?: true;
  engine?: EngineName;
  secrets?: true;
  kustomize?: string;
}

/** `kollage render`: every generated file, or the objects of an engine. Secrets and node-only values stay tokens. */
export function register(program: Command): void {
  const command = program
    .command('render')
    .description('print every generated file, or the objects of an engine; secrets stay tokens')
    .argument('[names...]', 'only these services, components or tasks (nova, nova/api)')
    .addOption(folderOption())
    .addOption(
      new Option(
        '--engine <engine>',
        'the objects of this engine, as it takes them (YAML, JSON), whatever the folder says',
      ).choices(engineSettings.options[0].options),
    )
    .option('--secrets', 'with --engine: the Secrets alone, with their values')
    .option('--kustomize <folder>', 'with --engine: write a base for Kustomize into a new folder')
    .option('-o, --output <folder>', 'write the files into a new folder instead of printing them')
    .option('--json', 'the whole desired state, and the proofs of its services, for programs');
  withServices(command).action(async (names: string[], options: Options) => {
    const { engine } = options;
    const findings =
      engine === undefined ? await files(names, options) : await objects(names, { ...options, engine });
    const paint = colours(process.stderr);
    for (const finding of findings) process.stderr.write(printFinding(finding, paint, { advice: false }));
  });
}

async function files(names: string[], options: Options): Promise<readonly Finding[]> {
  if (options.secrets || options.kustomize !== undefined)
    throw new KollageError({ code: 'KLG-901', message: '--secrets and --kustomize need --engine' });
  const { desired, proofs, files, findings } = await renderDeployment(
    options.folder,
    names,
    switchedBy(options),
  );
  if (options.json) process.stdout.write(`${JSON.stringify({ ...desired, proofs }, null, 2)}\n`);
  else if (options.output !== undefined)
    process.stdout.write(`${writeRendered(options.output, files)} files written to ${options.output}\n`);
  else {
    const paint = colours(process.stdout);
    for (const file of files)
      process.stdout.write(
        `${paint.bold(`# ${file.path}`)}${paint.dim(` -> ${file.target}`)}\n${file.content}\n`,
      );
  }
  return findings;
}

async function objects(
  names: string[],
  options: Options & { readonly engine: EngineName },
): Promise<readonly Finding[]> {
  if (names.length > 0 || options.json || options.output !== undefined)
    throw new KollageError({
      code: 'KLG-901',
      message: '--engine prints all objects of a deployment: it takes no names, no --json and no --output',
    });
  const { folder, engine } = options;
  const request: ManifestRequest = { folder, engine, services: switchedBy(options) };
  if (engine === 'marathon' || engine === 'dcos') return marathonGroup(request, options);
  if (options.secrets) {
    process.stdout.write(asYaml(await renderSecrets(request)));
    return [];
  }
  const made = await renderManifests(request);
  if (options.kustomize === undefined) process.stdout.write(`${heading(made)}${asYaml(made.objects)}`);
  else {
    const written = writeRendered(options.kustomize, kustomizeBase(made));
    process.stdout.write(`${written} files written to ${options.kustomize}\n${heading(made)}`);
  }
  return made.findings;
}

/** Prints what is sent to Marathon with `PUT /v2/groups/NAME`, and beside it what that does not say. */
async function marathonGroup(request: ManifestRequest, options: Options): Promise<readonly Finding[]> {
  if (options.secrets || options.kustomize !== undefined)
    throw new KollageError({ code: 'KLG-901', message: '--secrets and --kustomize are for Kubernetes' });
  const { group, tasks, findings } = await renderMarathon(request);
  process.stdout.write(`${JSON.stringify(group, null, 2)}\n`);
  process.stderr.write(
    `${tasks} tasks are not among the apps, for Marathon has none; \`${storeKey}\` stands for the key of each app's own configuration in ZooKeeper.\n`,
  );
  return findings;
}

/** Which Secrets are not among the objects, and how to get them. */
function heading({ deployment, namespace, secrets }: Manifests): string {
  const width = Math.max(0, ...secrets.map(({ object }) => object.length));
  return [
    `${deployment}, for the namespace ${namespace}. Secrets are not among these objects. They are named by a keyed hash of their value, which`,
    'lies under the key `value`; `kollage render --engine kubernetes --secrets` prints them, for kubectl, kubeseal or sops:',
    ...secrets.map(({ object, secret }) => `  ${object.padEnd(width)}  ${secret}`),
  ]
    .map((line) => `# ${line}\n`)
    .join('');
}
