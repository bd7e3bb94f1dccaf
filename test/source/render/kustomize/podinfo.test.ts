import assert from 'node:assert/strict';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readKustomize } from '../../../../src/model/parse-source.ts';
import { FolderReader } from '../../../../src/source/folder-reader.ts';
import { defaultLimits } from '../../../../src/source/limits.ts';
import { ByHand } from './by-hand.ts';
import { createRenderStage, written } from './stage.ts';

const corpus = process.env['EVENKEEL_CORPUS'];
const skip = corpus === undefined ? 'EVENKEEL_CORPUS is not set' : false;

const variants = [
  {},
  {
    namePrefix: 'a-',
    namespace: 'shop',
    images: ['ghcr.io/stefanprodan/podinfo:9.9.9'],
    commonLabels: { 'example.com/part-of': 'shop' },
    commonAnnotations: { note: 'all of it' },
  },
];

/** The corpus holds manifests only; kustomizations name these, too. */
const scripts = [
  'deploy/bases/database/scripts/rollup.sh',
  'deploy/bases/database/scripts/backup.sh',
  'deploy/bases/frontend/scripts/warm-cache.sh',
  'deploy/bases/frontend/scripts/warm-cache-init.sh',
];

async function copyOfPodinfo(to: string): Promise<void> {
  await cp(path.join(corpus ?? '', 'podinfo'), to, { recursive: true });
  for (const script of scripts) {
    await mkdir(path.dirname(path.join(to, script)), { recursive: true });
    await writeFile(path.join(to, script), `#!/bin/sh\necho ${script}\n`);
  }
}

test('podinfo: the base and every overlay are rendered as by hand', { skip }, async () => {
  await using stage = await createRenderStage();
  const podinfo = path.join(stage.folder, 'podinfo');
  await copyOfPodinfo(podinfo);
  const files = await readdir(podinfo, { recursive: true });
  const folders = files
    .filter((file) => path.basename(file) === 'kustomization.yaml')
    .map((file) => path.dirname(file));
  assert.equal(folders.length, 8);
  for (const [number, options] of variants.entries()) {
    const kustomize = readKustomize(options);
    for (const folder of folders) {
      const copy = path.join(stage.folder, `by-hand-${number}`, folder.replaceAll('/', '-'));
      await copyOfPodinfo(copy);
      const hand = new ByHand(stage.kustomize, path.join(copy, folder));
      await hand.edit(kustomize);
      const ours = await stage.render(new FolderReader(podinfo, defaultLimits), '.', { path: folder, kustomize });
      assert.deepEqual(written(ours), await hand.build(), folder);
    }
  }
});
