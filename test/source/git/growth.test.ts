import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGitServer, type GitRepository } from '../../../tools/git-server.ts';
import { application, configMap, never, startSource } from '../stage.ts';

/** 500 make the figures of docs/decisions/0009; fewer show the same: git packs after 50. */
const asked = Number(process.env['EVENKEEL_GROWTH_COMMITS'] ?? 0);
const usual = { embedded: 40, native: 120 };
const mebibyte = 1024 * 1024;
const snapshotBytes = mebibyte;

for (const engine of ['embedded', 'native'] as const) {
  const commits = asked > 0 ? asked : usual[engine];
  test(`${commits} new commits in a row, ${engine}: disk and memory stay bounded`, async (context) => {
    await using server = await startGitServer();
    const repository = await server.createRepository('growing');
    const ids = await grow(repository, commits);
    await using stage = await startSource({ engine });
    const seen = { bytes: 0, files: 0, rss: 0 };
    let settledRss = 0;
    for (const [i, targetRevision] of ids.entries()) {
      const app = application({ source: { repoURL: repository.url, targetRevision } });
      const desired = await stage.source.load(app, {}, never);
      assert.equal(desired.objects[0]?.ref.name, `c${i}`);
      if (i % 10 !== 9) continue;
      const { bytes, files } = await usageOf(join(stage.folder, 'git'));
      const { rss } = process.memoryUsage();
      if (i < commits / 4) settledRss = Math.max(settledRss, rss);
      seen.bytes = Math.max(seen.bytes, bytes);
      seen.files = Math.max(seen.files, files);
      seen.rss = Math.max(seen.rss, rss);
    }
    const megabytes = (bytes: number): string => `${(bytes / mebibyte).toFixed(1)} MiB`;
    context.diagnostic(`at most ${megabytes(seen.bytes)} in ${seen.files} files, ${megabytes(seen.rss)} of memory`);
    assert.ok(seen.bytes < 4 * snapshotBytes, megabytes(seen.bytes));
    assert.ok(seen.files < 500, `${seen.files} files`);
    assert.ok(seen.rss - settledRss < 150 * mebibyte, `${megabytes(settledRss)} grew to ${megabytes(seen.rss)}`);
  });
}

/** A file that stays and one that each commit changes. */
async function grow(repository: GitRepository, commits: number): Promise<string[]> {
  await repository.commit({ noise: randomBytes(snapshotBytes), 'a.yaml': configMap('c0') }, 'first');
  const later = Array.from({ length: commits - 1 }, (_, i) => {
    const content = configMap(`c${i + 1}`);
    const from = i === 0 ? 'from refs/heads/main^0\n' : '';
    const head = `commit refs/heads/main\ncommitter Test <test@example.invalid> 1700000000 +0000\ndata 4\nnext\n${from}`;
    return `${head}M 100644 inline a.yaml\ndata ${Buffer.byteLength(content)}\n${content}\n`;
  });
  await repository.git(['fast-import', '--quiet'], later.join(''));
  return (await repository.git(['rev-list', '--reverse', 'main'])).trim().split('\n');
}

async function usageOf(folder: string): Promise<{ bytes: number; files: number }> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  // A copy may go while it is being looked at.
  const sizes = await Promise.all(
    all.filter((entry) => entry.isFile()).map((file) => stat(join(file.parentPath, file.name)).catch(() => undefined)),
  );
  return { bytes: sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0), files: sizes.length };
}
