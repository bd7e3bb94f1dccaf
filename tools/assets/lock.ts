import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 250;

/**
 * Runs the work while no other process holds the lock of that file.
 *
 * SQLite's lock is the kernel's: it is gone with the process that held it, however that ended, and never stale.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  using database = new DatabaseSync(file, { timeout: 0 });
  while (!isAcquired(database)) await sleep(RETRY_MS);
  return await work();
}

function isAcquired(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) return false;
    throw error;
  }
}
