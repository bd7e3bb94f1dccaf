import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { repositoryRoot } from '../../tools/generated-file.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

const wrongImports: Record<string, string> = {
  'src/diff/reaches-out.ts': "import { createLive } from '../live/live.ts';\nexport const wrong = createLive;\n",
  'src/model/looks-up.ts': "import { normalise } from '../diff/diff.ts';\nexport const wrong = normalise;\n",
  'src/health/goes-inside.ts': "import { compare } from '../diff/three-way.ts';\nexport const wrong = compare;\n",
  'src/live/opens-files.ts': "import { readFileSync } from 'node:fs';\nexport const wrong = readFileSync;\n",
  'src/apply/uses-the-client.ts':
    "import { KubeConfig } from '@kubernetes/client-node';\nexport const wrong = KubeConfig;\n",
};

test('a wrong import in a copy makes the architecture check fail, and name the file', async (t) => {
  await using folder = await createTemporaryFolder('architecture');
  for (const name of ['src', 'package.json', 'tsconfig.json', '.dependency-cruiser.js']) {
    await cp(path.join(repositoryRoot, name), path.join(folder.path, name), { recursive: true });
  }
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(folder.path, 'node_modules'));
  await t.test('the copy as it is passes', async () => {
    assert.equal((await check(folder.path)).code, 0);
  });
  for (const [file, text] of Object.entries(wrongImports)) await writeFile(path.join(folder.path, file), text);
  const { code, output } = await check(folder.path);
  assert.notEqual(code, 0);
  for (const file of Object.keys(wrongImports)) assert.match(output, new RegExp(`error [a-z-]+: ${file} → `));
});

async function check(folder: string): Promise<{ code: number; output: string }> {
  const script = path.join(repositoryRoot, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [script, '--config', '.dependency-cruiser.js', 'src'];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    return { code: 0, output: stdout };
  } catch (error) {
    const failed = error as { code: number; stdout: string };
    return { code: failed.code, output: failed.stdout };
  }
}
