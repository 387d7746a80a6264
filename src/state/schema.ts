import type { DatabaseSync } from 'node:sqlite';

/** What each version of Kollage's state adds to the one before. Entries are never changed, only added. */
const versions: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS revision (
     number INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, status TEXT NOT NULL, desired BLOB NOT NULL, timeline BLOB
   ) STRICT;
   CREATE TABLE IF NOT EXISTS lock (
     one INTEGER PRIMARY KEY CHECK (one = 1), host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, since INTEGER NOT NULL
   ) STRICT;`,
  `ALTER TABLE revision ADD COLUMN ended INTEGER;
   ALTER TABLE revision ADD COLUMN why TEXT NOT NULL DEFAULT '';
   ALTER TABLE revision ADD COLUMN base INTEGER;
   ALTER TABLE revision ADD COLUMN failure TEXT;
   ALTER TABLE revision ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
   ALTER TABLE revision ADD COLUMN identity TEXT NOT NULL DEFAULT '';
   ALTER TABLE revision ADD COLUMN images BLOB;
   ALTER TABLE revision ADD COLUMN secrets BLOB;
   ALTER TABLE revision DROP COLUMN timeline;
   CREATE TABLE event (revision INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
   CREATE INDEX event_revision ON event (revision);
   CREATE TABLE journal (revision INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;`,
  'CREATE TABLE pause (one INTEGER PRIMARY KEY CHECK (one = 1), by TEXT NOT NULL, why TEXT NOT NULL, until INTEGER) STRICT;',
];

/** Brings the tables of a state's file to what this version reads. Throws for a file of a later version, and for what is no database. */
export function prepareSchema(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
  if (versionOf(database) === versions.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(database);
    if (version > versions.length) throw new Error('it was written by a later version of Kollage');
    for (const statements of versions.slice(version)) database.exec(statements);
    database.exec(`PRAGMA user_version = ${versions.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}
