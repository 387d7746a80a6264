import type { Catalog, Located } from '../model/catalog.ts';
import type { Finding } from '../model/error.ts';
import type { CatalogFile, Option, Service, Trait } from '../model/service.ts';
import { mistake } from './definition-mistakes.ts';
import { checkOption } from './options.ts';

/** KLG-209 for options that would hide those of the catalog, and for defaults that their own option would refuse. */
export function checkOptions(owner: string, located: Located<Service | Trait>, { file }: Catalog): Finding[] {
  return Object.entries(located.value.options).flatMap(([name, option]) => [
    ...checkDefault(owner, name, option, located),
    ...(Object.hasOwn(file.value.options, name)
      ? [
          mistake(
            `${owner} has an option ${name}, which would hide the catalog's option of that name`,
            located,
            ['options', name],
          ),
        ]
      : []),
  ]);
}

/** KLG-209 for a default (templates are left to compiling) or pattern that cannot be. */
export function checkDefault(
  owner: string,
  name: string,
  option: Option,
  located: Pick<Located<Service | Trait | CatalogFile>, 'at'>,
): Finding[] {
  const path = ['options', name];
  if (option.type === 'string' && option.pattern !== undefined && !isPattern(option.pattern))
    return [
      mistake(`the pattern of ${owner}'s option ${name} is no regular expression`, located, [
        ...path,
        'pattern',
      ]),
    ];
  if (typeof option.default === 'string' && option.default.includes('{')) return [];
  const checked = checkOption(option, option.default);
  return 'mistake' in checked
    ? [mistake(`the default of ${owner}'s option ${name} ${checked.mistake}`, located, [...path, 'default'])]
    : [];
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
