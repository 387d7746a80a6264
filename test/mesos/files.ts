import { open, readdir, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import type { Agent } from './agents.ts';

/** The most that is read at once: 16 pages (apache/mesos, src/files/files.cpp: FilesProcess::_read). */
const most = 16 * 4096;

/** `/files/…` of an agent: what lies in the sandboxes of its tasks, and nothing else (apache/mesos, src/files/files.cpp). */
export async function serveFiles(agent: Agent, url: URL, response: ServerResponse): Promise<void> {
  const text = (status: number, body = '') =>
    void response.writeHead(status, { 'Content-Type': 'text/plain' }).end(body);
  const json = (body: unknown) =>
    void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  const path = url.searchParams.get('path') ?? '';
  if (path === '') return text(400, "Expecting 'path=value' in query.\n");
  const file = resolved(agent, path);
  const found = file === null ? null : await stat(file).catch(() => null);
  if (file === null || found === null) return text(404);
  if (url.pathname.startsWith('/files/browse')) {
    const names = found.isDirectory() ? await readdir(file) : [];
    return json(await Promise.all(names.toSorted().map((name) => entry(path, file, name))));
  }
  if (found.isDirectory()) return text(400, 'Cannot read a directory.\n');
  if (!url.pathname.startsWith('/files/read')) return text(404);
  const number = (name: string) => Number(url.searchParams.get(name) ?? -1);
  const [offset, length] = [number('offset'), number('length')];
  if (!Number.isInteger(offset)) return text(400, 'Failed to parse offset: Failed to convert.\n');
  if (!Number.isInteger(length)) return text(400, 'Failed to parse length: Failed to convert.\n');
  if (offset < -1) return text(400, `Negative offset provided: ${offset}.\n`);
  if (length < -1) return text(400, `Negative length provided: ${length}.\n`);
  // So the web UI asks how long it is.
  if (offset === -1) return json({ offset: found.size, data: '' });
  const wanted = Math.min(length === -1 ? found.size - offset : length, found.size - offset, most);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, wanted)), { position: offset });
    return json({ offset, data: buffer.subarray(0, bytesRead).toString() });
  } finally {
    await handle.close();
  }
}

async function entry(path: string, file: string, name: string): Promise<object> {
  const { size, mtimeMs, mode, nlink } = await stat(join(file, name));
  return {
    path: join(path, name),
    mode: mode & 0o40_000 ? 'drwxr-xr-x' : '-rw-r--r--',
    mtime: Math.floor(mtimeMs / 1000),
    nlink,
    size,
    uid: 'root',
    gid: 'root',
  };
}

/** Paths may be those of the agent's disk, or one for each task's latest run (apache/mesos, src/slave/paths.cpp: getExecutorVirtualPath). */
function resolved(agent: Agent, path: string): string | null {
  const clean = normalize(path);
  for (const { framework, task, directory } of agent.runs.toReversed()) {
    const virtual = `/frameworks/${framework}/executors/${task}/runs/latest`;
    for (const root of [directory, virtual])
      if (clean === root || clean.startsWith(`${root}/`)) return directory + clean.slice(root.length);
  }
  return null;
}
