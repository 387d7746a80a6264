import type { Recipe, Suite } from '../model/recipe.ts';
import { type Chosen, chain } from './choose.ts';
import { contractLines } from './contract.ts';
import { official, sourceLines } from './mirror.ts';
import { cachePath, workPath } from './paths.ts';

/** Lines of a build's output that begin with it say which step begins. */
export const stepMark = '@@step ';

/** apt's settings for a build: lists and packages come from the cache, nothing of them is left in the image. */
export function aptConfiguration(suite: Suite): string {
  return [
    'APT::Install-Recommends "false";',
    'APT::Install-Suggests "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    ...(suite.expired ? ['Acquire::Check-Valid-Until "false";'] : []),
    `Dir::Etc::sourcelist "${cachePath}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${cachePath}/lists";`,
    `Dir::Cache::archives "${cachePath}/archives";`,
    'Dir::Cache::pkgcache "";',
    `Dir::Cache::srcpkgcache "${cachePath}/srcpkgcache.bin";`,
    'Dpkg::Use-Pty "false";',
    'DPkg::Options { "--force-unsafe-io"; "--force-confdef"; "--force-confold"; };',
    'Dir::Log "/tmp";',
    // Which is taken by the one container that downloads; the others only read.
    'Debug::NoLocking "true";',
    // A build runs as root in a container of its own.
    'APT::Sandbox::User "root";',
    '',
  ].join('\n');
}

/** The first lines of every script of a build. */
export const prelude = [
  'set -eu',
  'exec 2>&1',
  `if [ -e ${cachePath}/environment ]; then . ${cachePath}/environment; fi`,
  `export APT_CONFIG=${cachePath}/apt.conf DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root`,
];

/** dpkg's patterns of an image: what is left out from here on, and its exceptions. */
export function dpkgConfiguration(recipe: Recipe): string {
  return [
    ...recipe.drop.map((pattern) => `path-exclude=${pattern}`),
    ...recipe.keep.map((pattern) => `path-include=${pattern}`),
    '',
  ].join('\n');
}

/** The shell script that makes an image out of its parent's file system. */
export function installScript(image: Chosen, release: string, suite: Suite): string {
  const { recipe } = image;
  const depth = chain(image).length;
  return [
    '#!/bin/sh',
    ...prelude,
    `echo '${stepMark}install'`,
    `if [ -e ${workPath}/dpkg ]; then mv ${workPath}/dpkg /etc/dpkg/dpkg.cfg.d/kollage-${depth}-${recipe.image}; fi`,
    ...(image.parent ? [] : first(recipe, suite)),
    ...noServices,
    ...noCompiling.begin,
    ...(recipe.users.length > 0 ? recipe.users.flatMap(user) : []),
    ...(recipe.packages.length > 0 ? [`apt-get install -y --no-download ${recipe.packages.join(' ')}`] : []),
    ...recipe.unpack.map(unpack),
    ...noCompiling.end,
    ...recipe.users.map((name) => `usermod -aG kolla ${name} && chown -R ${name}:${name} /var/lib/${name}`),
    ...contractLines(recipe),
    `if [ -d ${workPath}/files ]; then cp -a --no-preserve=ownership ${workPath}/files/. /; fi`,
    ...withTools(recipe.tools, recipe.run),
    ...compile,
    ...tidy,
    ...recipe.remove.map((pattern) => `rm -rf ${pattern}`),
    ...record(release),
    '',
  ].join('\n');
}

/** What only the image without a parent does. */
function first(recipe: Recipe, suite: Suite): string[] {
  const accounts = Object.entries(recipe.accounts).flatMap(([name, number]) => [
    `getent group ${name} >/dev/null || groupadd --gid ${number} ${name}`,
    `getent passwd ${name} >/dev/null || useradd -l -M --shell /usr/sbin/nologin --uid ${number} --gid ${number} ${name}`,
  ]);
  return [
    // What the first packages brought before dpkg knew the patterns.
    ...recipe.drop.map(
      (pattern) => `find ${glob(pattern)} -depth ! -type d ${kept(recipe)} -delete 2>/dev/null || true`,
    ),
    ...accounts,
    'rm -f /etc/apt/sources.list',
    `printf '%s' '${sourceLines(official, suite)}' > /etc/apt/sources.list.d/debian.list`,
    `printf '%s\\n' 'APT::Install-Recommends "false";' 'Acquire::Languages "none";' > /etc/apt/apt.conf.d/90kollage`,
  ];
}

/** A pattern of dpkg as a shell pattern: a `*` at the end stands for a whole folder there. */
function glob(pattern: string): string {
  return pattern.replace(/\/\*$/, '');
}

function kept(recipe: Recipe): string {
  return recipe.keep.map((pattern) => `! -path '${pattern}'`).join(' ');
}

function user(name: string): string[] {
  return [`usermod --home /var/lib/${name} ${name}`, `install -d -o ${name} -g ${name} /var/lib/${name}`];
}

/** Lines that run while some packages are there. Taken away again are just those that came along: some may have been there before. */
function withTools(tools: readonly string[], lines: readonly string[]): readonly string[] {
  if (tools.length === 0) return lines;
  const installed = `dpkg-query -W -f '\${db:Status-Abbrev}\${Package}\\n' | grep '^ii' | cut -c4- | sort -u`;
  return [
    `${installed} > ${workPath}/installed`,
    `apt-get install -y --no-download ${tools.join(' ')}`,
    ...lines,
    `apt-get purge -y $(${installed} | comm -13 ${workPath}/installed -)`,
  ];
}

function unpack(name: string): string {
  return `dpkg-deb -x ${cachePath}/unpack/${name}_*.deb ${workPath}/unpack && rm -rf ${workPath}/unpack/usr/share/doc ${workPath}/unpack/usr/share/man ${workPath}/unpack/usr/lib/systemd ${workPath}/unpack/etc/init.d && cp -a --no-preserve=ownership ${workPath}/unpack/. / && rm -rf ${workPath}/unpack`;
}

/** Packages must not start their services while they are installed. */
const noServices = [
  "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d",
  'chmod +x /usr/sbin/policy-rc.d',
];

/**
 * Packages byte-compile one at a time, each with an interpreter of its own. A stand-in keeps them from it,
 * and all is compiled at once afterwards: the same files in a quarter of the time.
 */
const noCompiling = {
  begin: [
    'dpkg-divert --quiet --local --divert /usr/bin/py3compile.real --rename --add /usr/bin/py3compile',
    "printf '#!/bin/sh\\n' > /usr/bin/py3compile",
    'chmod +x /usr/bin/py3compile',
  ],
  end: ['rm /usr/bin/py3compile', 'dpkg-divert --quiet --local --rename --remove /usr/bin/py3compile'],
};

/** Some packages ship templates that look like Python and are not: they stay as they are. */
const compile = [
  `echo '${stepMark}compile'`,
  'if [ -d /usr/lib/python3/dist-packages ]; then python3 -m compileall -qq -j 2 /usr/lib/python3/dist-packages || true; fi',
];

const tidy = [
  'rm -f /usr/sbin/policy-rc.d',
  'rm -rf /var/cache/apt /var/lib/apt/lists /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/cache/ldconfig /var/log/*.log /var/log/apt',
  'install -d /var/cache/apt/archives/partial /var/lib/apt/lists/partial',
];

/** The list of packages of an image: name, version, architecture and source, separated by tabs. */
function record(release: string): string[] {
  return [
    'install -d /usr/share/kollage',
    `echo ${release} > /usr/share/kollage/release`,
    "dpkg-query -W -f '${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\n' > /usr/share/kollage/packages.tsv",
    `find /tmp -mindepth 1 -delete`,
  ];
}
