import { expect, test } from 'vitest';
import { makeAuthority } from '../../test/support/authority.ts';
import { complaints, folderWith } from '../../test/support/folders.ts';
import { openDeployment, readDeploymentFile } from './deployment.ts';

const yaml = (ca: string) => `name: mycloud\nengine:\n  type: marathon\n  ca: ${ca}\n`;
const read = (folder: string) => readDeploymentFile(openDeployment(folder)).file.value.engine;

test('the certificate that a folder names is read with it', () => {
  const { ca } = makeAuthority();
  const folder = folderWith({ 'kollage.yaml': yaml('tls/ca.pem'), 'tls/ca.pem': ca });
  expect(read(folder)).toMatchObject({ type: 'marathon', ca });
});

test.each([
  ['none.pem', /KLG-104 kollage\.yaml:4:\d+ .*none\.pem is not in the folder/],
  ['text.pem', /KLG-104 kollage\.yaml:4:\d+ .*text\.pem holds no certificate/],
  ['../ca.pem', /KLG-10\d kollage\.yaml:4:\d+ .*must be a file of the folder/],
  ['/etc/ca.pem', /KLG-10\d kollage\.yaml:4:\d+ .*must be a file of the folder/],
])('%s is told where it stands', async (ca, expected) => {
  const folder = folderWith({ 'kollage.yaml': yaml(ca), 'text.pem': 'hello\n' });
  expect(await complaints(() => read(folder), folder)).toEqual([expect.stringMatching(expected)]);
});
