import type { Desired } from '../../model/resource.ts';
import { accessIn, type HandedOver } from '../../operate/access.ts';
import { listed } from './summary.ts';
import type { Line } from './text.ts';

export interface UsageOptions {
  /** The folder as it was named on the command line. */
  readonly folder: string;
  readonly columns: number;
  /** Only where it is and who may log in. */
  readonly short: boolean;
}

/** How to use what was brought up: where it answers, who may log in and where the password is, what to try. Nothing where nobody says. */
export function usage(
  desired: Pick<Desired, 'resources'>,
  { files }: HandedOver,
  { folder, columns, short }: UsageOptions,
): Line[] {
  const all = accessIn(desired);
  if (all.length === 0) return [];
  const at = folder === '.' ? '' : `-f ${folder} `;
  const links = all.flatMap((access) => Object.entries(access.links));
  const row = (title: string, words: readonly string[], between = ', ') =>
    listed(title, words, between, columns);
  const logins = all.flatMap(({ user, password }) =>
    user === null || password === null
      ? []
      : [`${user}, whose password \`kollage secrets ${at}--show ${password}\` prints`],
  );
  const where = [
    ...links.flatMap(([title, url]) => row(title, [url])),
    ...logins.flatMap((login) => row('log in as', [login])),
  ];
  if (short) return where;
  const examples = all.flatMap((access) => access.examples.map((example) => `kollage ${at}${example}`));
  const others = desired.resources.flatMap((one) =>
    one.kind === 'endpoint' && one.publicUrl !== undefined && !shown(one.publicUrl, links)
      ? [`${one.id} ${one.publicUrl}`]
      : [],
  );
  return [
    ...where,
    ...row('also', others),
    ...row('files', files),
    ...[...examples, `kollage ${at}status`].flatMap((command, index) =>
      row(index === 0 ? 'try' : '', [command]),
    ),
    ...row('take it away', [`kollage ${at}destroy`]),
  ];
}

function shown(url: string, links: readonly (readonly [string, string])[]): boolean {
  return links.some(([, link]) => link.startsWith(url));
}
