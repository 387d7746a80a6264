import { execFileSync } from 'node:child_process';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';

/** What changes by itself, with nobody there: columns of reports that processes make of themselves every now and then. */
const reports: Readonly<Record<string, readonly string[]>> = {
  // What agents say of ports counts, and so does what nova-compute says of its node when it has found libvirt again.
  'neutron.standardattributes': ['updated_at', 'revision_number'],
  'placement.resource_providers': ['updated_at', 'generation'],
  'neutron.agents': ['heartbeat_timestamp', 'started_at', 'configurations', 'load'],
  // Two of them say the same in another order with each start of nova-compute; the last ones count what is going on.
  'nova.compute_nodes': [
    'updated_at',
    'free_disk_gb',
    'disk_available_least',
    'cpu_info',
    'numa_topology',
    'stats',
    'current_workload',
  ],
  'nova.services': ['updated_at', 'report_count', 'last_seen_up'],
};
/** Rows that go and come: what the server counts for itself, and one for each start of a Heat engine. */
const passing = ['heat.service', 'mysql.innodb_index_stats', 'mysql.innodb_table_stats'];

/** Root's password is set at each start of the server, to what it is. */
const set = /\\"password_last_changed\\":\d+/g;

/** All databases and accounts as SQL, in an order that never changes, and of reports what they are about. */
export async function dump(folder: string, deployment: string, address: string): Promise<string> {
  const { values } = await readPasswords(openDeployment(folder));
  const env = { ...process.env, MYSQL_PWD: values.get('database_password')?.reveal() };
  const run = (program: string, ...args: string[]) =>
    execFileSync(
      'docker',
      [
        'exec',
        '-e',
        'MYSQL_PWD',
        `${deployment}-mariadb-server`,
        program,
        '-h',
        address,
        '-u',
        'root',
        ...args,
      ],
      { encoding: 'utf8', env, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] },
    );
  const query = (sql: string) => run('mariadb', '--batch', '--skip-column-names', '-e', sql);
  const ignored = [...Object.keys(reports), ...passing].map((table) => `--ignore-table-data=${table}`);
  const parts = [
    run(
      'mariadb-dump',
      '--all-databases',
      '--skip-dump-date',
      '--order-by-primary',
      '--hex-blob',
      '--routines',
      '--events',
      '--skip-extended-insert',
      ...ignored,
    ),
  ];
  for (const [table, moving] of Object.entries(reports)) {
    const [schema = '', name = ''] = table.split('.');
    const where = `table_schema = '${schema}' AND table_name = '${name}' AND column_name NOT IN ('${moving.join("', '")}')`;
    const columns = query(`SELECT column_name FROM information_schema.columns WHERE ${where}`).trim();
    if (columns === '') continue;
    const list = columns
      .split('\n')
      .map((column) => `\`${column}\``)
      .join(', ');
    parts.push(`${table}\n${query(`SELECT ${list} FROM ${table} ORDER BY id`)}`);
  }
  return parts.join('\n').replace(set, '');
}
