import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints, folderWith, shopCatalog } from '../../test/support/folders.ts';
import { loadCatalog } from './catalog.ts';

/** The shop with some files changed: each change replaces a text in a file, or is a new file. */
function changed(changes: Readonly<Record<string, string | readonly [string, string]>>): string {
  const files: Record<string, string> = { ...shopCatalog };
  for (const [path, change] of Object.entries(changes)) {
    const old = files[path] ?? '';
    if (typeof change === 'string') files[path] = change;
    else if (old.includes(change[0])) files[path] = old.replace(change[0], change[1]);
    else throw new Error(`${path} does not hold ${change[0]}`);
  }
  return folderWith(files);
}

describe('loading a catalog', () => {
  it('gives services, traits, templates and images', () => {
    const catalog = loadCatalog(['cat'], folderWith(shopCatalog));
    expect(catalog.file.value.title).toBe('A shop');
    expect([...catalog.services.keys()]).toEqual(['db', 'web']);
    expect([...catalog.traits.keys()]).toEqual(['database']);
    expect([...catalog.templates.keys()].sort()).toEqual(['lib/common.j2', 'web/web.conf.j2']);
    expect([...catalog.images]).toEqual([['web', ['1.0']]]);
    expect(catalog.services.get('web')?.at(['components', 'app', 'needs', 0, 'endpoint'])).toMatchObject({
      line: 19,
      column: 25,
    });
  });

  it('reads the catalog of OpenStack without a complaint', () => {
    expect(loadCatalog(['openstack'], '.').services.size).toBeGreaterThan(8);
  });

  it('lays later catalogs over earlier ones', () => {
    const folder = folderWith({
      ...shopCatalog,
      'more/catalog.yaml':
        'catalog: more\ntitle: More\nprofiles:\n  small: { title: S, default: true, services: [web] }\noptions:\n  region: { type: string, default: x, doc: y }\n',
      'more/web/service.yaml':
        'service: web\noptions:\n  port: { default: 8080 }\n  version: { default: null }\n  theme: null\ncomponents:\n  app:\n    needs: []\n',
      'more/web/config/web.conf.j2': 'other',
      'more/cache/service.yaml': 'service: cache\ntitle: Cache\n',
    });
    const { file, services, templates } = loadCatalog(['./cat', './more'], folder);
    expect(file.value).toMatchObject({ catalog: 'shop', title: 'A shop' });
    expect(Object.keys(file.value.profiles)).toEqual(['all', 'data', 'small']);
    expect(Object.keys(file.value.options)).toEqual(['debug', 'region']);
    expect([...services.keys()]).toEqual(['cache', 'db', 'web']);
    const web = services.get('web');
    expect(web?.value).toMatchObject({ title: 'Web', requires: ['db'] });
    expect(web?.value.options).toMatchObject({ port: { default: 8080, min: 1 }, version: { default: null } });
    expect(web?.value.options).not.toHaveProperty('theme');
    expect(web?.value.components['app']).toMatchObject({ needs: [], config: ['web.conf'] });
    expect(templates.get('web/web.conf.j2')?.text).toBe('other');
    expect(web?.at(['options', 'port', 'default']).file).toBe(join(folder, 'more/web/service.yaml'));
    expect(web?.at(['options', 'port', 'min']).file).toBe(join(folder, 'cat/web/service.yaml'));
  });

  it('needs no catalog.yaml', () => {
    const folder = folderWith({ 'own/cache/service.yaml': 'service: cache\ntitle: Cache\n' });
    expect(loadCatalog(['./own'], folder).services.size).toBe(1);
  });

  it.each([
    ['opnstack', ['KLG-201 kollage.yaml there is no catalog opnstack; did you mean openstack?']],
    ['./gone', ['KLG-201 kollage.yaml the catalog ./gone is not there']],
    [
      './empty',
      [
        'KLG-201 kollage.yaml the catalog ./empty has neither a catalog.yaml nor a folder with a service.yaml',
      ],
    ],
    ['/', ['KLG-201 kollage.yaml the catalog / has neither a catalog.yaml nor a folder with a service.yaml']],
    ['', ['KLG-201 kollage.yaml the catalog  has neither a catalog.yaml nor a folder with a service.yaml']],
  ])('refuses the catalog %j', async (name, expected) => {
    const folder = folderWith({ 'empty/readme': '' });
    expect(
      await complaints(() => loadCatalog([name], folder, () => ({ file: 'kollage.yaml' })), folder),
    ).toEqual(expected);
  });
});

const web = 'cat/web/service.yaml';
const file = 'cat/catalog.yaml';

describe('what cannot hold in a catalog', () => {
  it.each<[string, Parameters<typeof changed>[0], string[]]>([
    [
      'a service that calls itself otherwise',
      { [web]: ['service: web', 'service: wep'] },
      ['KLG-209 cat/web/service.yaml:1:10 this service is called wep here, but its folder web'],
    ],
    [
      'an unknown trait',
      { [web]: ['database: {', 'databse: {'] },
      [
        'KLG-209 cat/web/service.yaml:6:12 web uses the trait databse, which the catalog does not have; did you mean database?',
        'KLG-202 cat/web/service.yaml:19:43 web names the task web/schema, which no service defines',
      ],
    ],
    [
      'an unknown parameter',
      { [web]: ['user: shop', 'usr: shop'] },
      [
        'KLG-209 cat/web/service.yaml:6:20 web gives the trait database the parameter usr, which the catalog does not have; did you mean user?',
        'KLG-209 cat/web/service.yaml:6:13 web does not give the trait database its parameter user',
      ],
    ],
    [
      'a configuration file that nobody defines',
      { [web]: ['config: [web.conf]', 'config: [wep.conf]'] },
      [
        'KLG-209 cat/web/service.yaml:17:14 web names the configuration file web/wep.conf, which no service defines; did you mean web/web.conf?',
      ],
    ],
    [
      'a template that is missing',
      { [web]: ['web.conf: {', 'app.conf: {'] },
      [
        "KLG-209 cat/web/service.yaml:14:13 web's file app.conf is made from the template web/app.conf.j2, which the catalog does not have; did you mean web/web.conf.j2?",
        'KLG-209 cat/web/service.yaml:17:14 web names the configuration file web/web.conf, which no service defines; did you mean web/app.conf?',
      ],
    ],
    [
      'a volume that nobody has',
      { 'cat/db/service.yaml': ['volume: data', 'volume: date'] },
      [
        'KLG-209 cat/db/service.yaml:9:24 db names the volume db/date, which no service defines; did you mean db/data?',
      ],
    ],
    [
      'a need for an endpoint that nobody offers',
      { [web]: ['endpoint: db/sql', 'endpoint: db/sqk'] },
      [
        'KLG-202 cat/web/service.yaml:19:25 web names the endpoint db/sqk, which no service defines; did you mean db/sql?',
      ],
    ],
    [
      'a need for a task that nobody defines',
      { [web]: ['task: schema', 'task: shema'] },
      [
        'KLG-202 cat/web/service.yaml:19:43 web names the task web/shema, which no service defines; did you mean web/schema?',
      ],
    ],
    [
      'a need for an output that nobody gives',
      { [web]: ['{ task: schema }', '{ output: db/server, key: id }'] },
      ['KLG-202 cat/web/service.yaml:19:45 web names the output db/server:id, which no service defines'],
    ],
    [
      'a probe of an endpoint that is not there',
      { [web]: ['http: { endpoint: http }', 'http: { endpoint: htp }'] },
      [
        'KLG-209 cat/web/service.yaml:20:33 web names the endpoint web/htp, which no service defines; did you mean web/http?',
      ],
    ],
    [
      'an option that hides one of the catalog',
      { [web]: ['  port: {', '  debug: { type: boolean, default: true, doc: x }\n  port: {'] },
      [
        "KLG-209 cat/web/service.yaml:8:10 web has an option debug, which would hide the catalog's option of that name",
      ],
    ],
    [
      'a default that its own option would refuse',
      { [web]: ['default: 80', 'default: 0'] },
      ["KLG-209 cat/web/service.yaml:8:35 the default of web's option port must be at least 1, not 0"],
    ],
    [
      'a pattern that is none',
      { [web]: ['{ type: string, default: null,', '{ type: string, default: null, pattern: "(",'] },
      ["KLG-209 cat/web/service.yaml:10:52 the pattern of web's option version is no regular expression"],
    ],
    [
      'an unknown service in a profile',
      { [file]: ['services: [db, web]', 'services: [db, wep]'] },
      [
        'KLG-209 cat/catalog.yaml:8:58 the profile all names the service wep, which the catalog does not have; did you mean web?',
      ],
    ],
    [
      'an unknown release',
      { [file]: ['["1.0"]', '["1.1"]'] },
      [
        'KLG-209 cat/catalog.yaml:5:39 the release 2.0 upgrades from 1.1, which the catalog does not have; did you mean 1.0?',
      ],
    ],
    [
      'a service that requires an unknown one',
      { [web]: ['requires: [db]', 'requires: [dp]'] },
      [
        'KLG-209 cat/web/service.yaml:3:12 web requires dp, which the catalog does not have; did you mean db?',
      ],
    ],
    [
      'an unknown role',
      { [web]: ['image: web', 'image: web\nrole: compte'] },
      ['KLG-209 cat/web/service.yaml:5:7 there is no role compte; did you mean compute?'],
    ],
    [
      'a mistake in several files at once',
      { [web]: ['title: Web', 'titel: Web'], [file]: ['title: A shop', 'tilte: A shop'] },
      [
        'KLG-103 cat/catalog.yaml:2:1 unknown key tilte; did you mean title?',
        'KLG-103 cat/web/service.yaml:2:1 unknown key titel; did you mean title?',
      ],
    ],
    [
      'a broken recipe',
      { 'cat/images/web.yaml': 'image: [web]\n' },
      ['KLG-104 cat/images/web.yaml:1:8 image must be a text, not a list'],
    ],
    [
      'a file that is no YAML',
      { [web]: ['title: Web', 'title: "Web'] },
      [expect.stringMatching(/^KLG-102 cat\/web\/service.yaml:/)],
    ],
  ])('%s', async (_, changes, expected) => {
    const folder = changed(changes);
    expect(await complaints(() => loadCatalog(['cat'], folder), folder)).toEqual(expected);
  });
});
