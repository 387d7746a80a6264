import { expect, test } from 'vitest';
import { Jinja } from '../src/config/jinja.ts';
import { merge } from '../src/config/overrides.ts';

/* A nova.conf of real size: the template, global.conf, and an override of one component. */
const library =
  '{% macro auth(user) %}\nusername = {{ user }}\npassword = {{ secret(user) }}\nauth_url = {{ endpoint("keystone/public").url }}\n{% endmacro %}\n';
const sections = Array.from(
  { length: 20 },
  (_, index) => `[section_${index}]
workers = {{ options.workers }}
host = {{ node.address }}
{% if options.debug %}
debug = {{ options.debug | lower }}
{% endif %}
url = {{ endpoint('glance/api').url }}
{{ shared.auth('nova') }}
`,
);
const file = (path: string, text: string) => ({ path, file: path, text });
const template = file('nova/nova.conf.j2', `{% import 'lib/shared.j2' as shared %}\n${sections.join('\n')}`);
const overrides = [
  file('global.conf', '[DEFAULT]\ndebug = {{ options.debug }}\n[section_3]\nworkers = 9\n'),
  file('nova/nova-compute.conf', '[section_4]\nhost = {{ inventory_hostname }}\nextra = 1\nextra = 2\n'),
];
const jinja = new Jinja({
  templates: new Map([['lib/shared.j2', file('lib/shared.j2', library)]]),
  globals: {
    secret: (name: unknown) => `@{secret.${name}_password}`,
    endpoint: (id: unknown) => ({ url: `http://10.0.0.1/${id}` }),
    node: { name: '@{node.name}', address: '@{node.address}' },
    inventory_hostname: '@{node.name}',
    ...Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`variable_${index}`, `value ${index}`])),
  },
});
const context = { options: { workers: 4, debug: true } };
const layers = [template, ...overrides];
const rendered = layers.map((layer) => ({ text: jinja.renderFile(layer, context), file: layer.file }));

test('nova.conf of three layers', async ({ bench }) => {
  const whole = () =>
    merge(
      'ini',
      layers.map((layer) => ({ text: jinja.renderFile(layer, context), file: layer.file })),
    );
  expect(whole()).toContain('extra = 2');
  await bench.compare(
    bench('rendering and merging', () => {
      whole();
    }),
    bench('merging alone', () => {
      merge('ini', rendered);
    }),
    bench('one expression', () => {
      jinja.value('{{ options.workers }}', { file: 'service.yaml', line: 1 }, context);
    }),
  );
});
