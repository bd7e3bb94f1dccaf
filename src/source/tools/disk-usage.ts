import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const blockBytes = 512;

/** Bytes that files below the folder take; stops looking at `enough`. What vanishes meanwhile counts nothing. */
export async function diskUsage(folder: string, enough = Number.POSITIVE_INFINITY): Promise<number> {
  let bytes = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const stats = await lstat(path).catch(() => undefined);
      bytes += (stats?.blocks ?? 0) * blockBytes;
      if (bytes > enough) return bytes;
    }
  }
  return bytes;
}
