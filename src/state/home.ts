import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder on this host that belongs to a deployment: what the engine of one host mounts, and its state. Only its owner may look
 * into it (0700), so that what lies below needs no guarding of its own. `KOLLAGE_STATE` moves it.
 */
export function deploymentHome(deployment: string): string {
  return join(stateRoot(), deployment);
}

/** Makes the folder when it is not there, and gives it. */
export function makeHome(deployment: string): string {
  const home = deploymentHome(deployment);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return home;
}

/** The file in it that holds the state. */
export const stateFile = 'state.db';

/** Whether anything was ever applied. Makes nothing. */
export function hasState(deployment: string): boolean {
  return existsSync(join(deploymentHome(deployment), stateFile));
}

function stateRoot(): string {
  const own = process.env['KOLLAGE_STATE'];
  if (own) return own;
  if (process.getuid?.() === 0) return '/var/lib/kollage';
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'kollage');
}
