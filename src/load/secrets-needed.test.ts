import { describe, expect, it } from 'vitest';
import { complaints, folderWith, shopCatalog } from '../../test/support/folders.ts';
import { loadCatalog } from './catalog.ts';
import { neededSecrets } from './secrets-needed.ts';

describe('the secrets that services need', () => {
  it("are the catalog's, their traits' and their own", () => {
    const catalog = loadCatalog(['cat'], folderWith(shopCatalog));
    expect([...neededSecrets(catalog, ['db', 'web']).keys()]).toEqual([
      'admin_password',
      'shop_password',
      'web_key',
    ]);
    expect([...neededSecrets(catalog, ['db']).keys()]).toEqual(['admin_password']);
    expect(neededSecrets(catalog, ['web']).get('web_key')).toMatchObject({ generate: 'hex', length: 16 });
  });

  it.each([
    ['{{ service }}_{{ with.name }}_key', 'web_shop_key'],
    ['{{with.user}}', 'shop'],
    ['plain', 'plain'],
  ])('may be called %s', (name, expected) => {
    const trait = shopCatalog['cat/traits/database.yaml'].replace('{{ with.user }}_password', name);
    const catalog = loadCatalog(['cat'], folderWith({ ...shopCatalog, 'cat/traits/database.yaml': trait }));
    expect([...neededSecrets(catalog, ['web']).keys()]).toContain(expected);
  });

  it.each(['{{ with.gone }}', '{{ options.port }}', '{{ service | upper }}'])(
    'cannot be called %s',
    async (name) => {
      const trait = shopCatalog['cat/traits/database.yaml'].replace('{{ with.user }}_password', name);
      const folder = folderWith({ ...shopCatalog, 'cat/traits/database.yaml': trait });
      const catalog = loadCatalog(['cat'], folder);
      const [told] = await complaints(() => neededSecrets(catalog, ['web']), folder);
      expect(told).toMatch(/^KLG-209 cat\/traits\/database.yaml:6:\d+ the name of a secret can hold/);
      expect(told).toContain(`not ${name}`);
    },
  );
});
