import { expect, test } from 'vitest';
import { complaints, folderWith, shopCatalog } from '../../test/support/folders.ts';
import { loadCatalog } from './catalog.ts';

const good = {
  logins: `logins:
  admin:
    http: { endpoint: web/http, path: /login }
    gives: { token: "headers['x-token']" }
    headers: { X-Token: "{token}" }
`,
  ready: `    ready:
      - http: { endpoint: http, path: "/of/{node}", login: admin }
        that: body.state == 'up'
        else: "{node} is down"
`,
};

/** The shop with a login and a ready check, the first text in them replaced by the second. */
function shop(part: keyof typeof good, before: string, after: string): string {
  const parts = { ...good, [part]: good[part].replace(before, after) };
  if (before !== '' && parts[part] === good[part]) throw new Error(`${part} does not hold ${before}`);
  return folderWith({
    ...shopCatalog,
    'cat/catalog.yaml': `${shopCatalog['cat/catalog.yaml']}${parts.logins}`,
    'cat/web/service.yaml': `${shopCatalog['cat/web/service.yaml']}${parts.ready}`,
  });
}

test('what can be is taken', () => {
  const that = 'node == body.node and not (body.at is before(since))';
  const { services } = loadCatalog(['cat'], shop('ready', "body.state == 'up'", that));
  expect(services.get('web')?.value.components['app']?.ready).toMatchObject([{ that }]);
});

test.each([
  [
    'logins',
    'web/http',
    'web/htp',
    'KLG-209 the login admin asks the endpoint web/htp',
    'did you mean web/http?',
  ],
  [
    'logins',
    "headers['x-token']",
    "heders['x-token']",
    'KLG-206 heders is not defined here',
    'mean headers?',
  ],
  ['logins', "headers['x-token']", 'node', 'KLG-206 node is not defined here', ''],
  ['logins', "headers['x-token']", 'since', 'KLG-206 since is not defined here', ''],
  ['logins', '"{token}"', '"{tokn}"', 'KLG-209 nothing gives {tokn} here', 'did you mean token?'],
  ['ready', 'endpoint: http', 'endpoint: htp', 'KLG-209 web names the endpoint web/htp', 'mean web/http?'],
  ['ready', 'login: admin', 'login: admn', 'KLG-209 this names the login admn', 'did you mean admin?'],
  ['ready', '/of/{node}', '/of/{nod}', 'KLG-209 nothing gives {nod} here', 'did you mean node?'],
  ['ready', '"{node} is down"', '"{nde} is down"', 'KLG-209 nothing gives {nde} here', 'did you mean node?'],
  ['ready', "body.state == 'up'", 'body.state ==', 'KLG-206 syntax error', ''],
  [
    'ready',
    "body.state == 'up'",
    "bod.state == 'up'",
    'KLG-206 bod is not defined here',
    'did you mean body?',
  ],
  ['ready', '        else: "{node} is down"\n', '', 'KLG-209 a ready check has both', ''],
] as const)('%s: %s as %s', async (part, before, after, start, hint) => {
  const folder = shop(part, before, after);
  const [complaint = '', ...more] = await complaints(() => loadCatalog(['cat'], folder), folder);
  expect(more).toEqual([]);
  const file = part === 'logins' ? 'cat/catalog.yaml' : 'cat/web/service.yaml';
  const [code, place, ...words] = complaint.split(' ');
  expect(place).toMatch(new RegExp(`^${file}:\\d+:\\d+$`));
  expect([code, ...words].join(' ')).toContain(start);
  expect(complaint).toContain(hint);
});
