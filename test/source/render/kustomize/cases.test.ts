import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import type { SourceResource } from '../../../../src/model/application-schema.ts';
import { OperatorError } from '../../../../src/model/errors.ts';
import { readKustomize } from '../../../../src/model/parse-source.ts';
import { FolderReader } from '../../../../src/source/folder-reader.ts';
import { defaultLimits } from '../../../../src/source/limits.ts';
import { ByHand, writeFiles, type CaseFile } from './by-hand.ts';
import { createRenderStage, written, type RenderStage } from './stage.ts';

/**
 * One folder, rendered by us and by hand with the pinned kustomize, must come out the same. `fails` is a case that both
 * refuse, with what our message must match; `options` is `source.kustomize` as a user writes it.
 */
interface Case {
  readonly name: string;
  readonly path?: string;
  readonly options?: NonNullable<SourceResource['kustomize']>;
  readonly files: Readonly<Record<string, CaseFile>>;
  readonly fails?: string;
}

const folder = new URL('cases/', import.meta.url);

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason as Error;
  return settled.value;
}

function match(message: string, fails: string): boolean {
  assert.match(message, new RegExp(fails));
  return true;
}

describe('kustomize renders as by hand', () => {
  let stage: RenderStage;
  let made = 0;

  before(async () => {
    stage = await createRenderStage();
  });

  after(() => stage[Symbol.asyncDispose]());

  for (const file of readdirSync(folder)) {
    describe(path.basename(file, '.yaml'), () => {
      for (const one of parse(readFileSync(new URL(file, folder), 'utf8'), { merge: true }) as Case[]) {
        test(one.name, () => check(one));
      }
    });
  }

  async function check({ path: at = '.', options = {}, files, fails }: Case): Promise<void> {
    const kustomize = readKustomize(options);
    const base = path.join(stage.folder, `case-${made++}`);
    for (const copy of ['ours', 'by-hand']) await writeFiles(path.join(base, copy), files);
    const ours = stage.render(new FolderReader(path.join(base, 'ours'), defaultLimits), '.', { path: at, kustomize });
    const hand = byHand(path.join(base, 'by-hand', at), kustomize);
    const [mine, theirs] = await Promise.allSettled([ours, hand]);
    if (fails === undefined) {
      assert.deepEqual(written(valueOf(mine)), valueOf(theirs));
      return;
    }
    assert.equal(theirs.status, 'rejected', 'kustomize accepts it');
    assert.throws(
      () => valueOf(mine),
      (error) => error instanceof OperatorError && match(error.message, fails),
    );
  }

  async function byHand(at: string, kustomize: ReturnType<typeof readKustomize>): Promise<string[]> {
    const hand = new ByHand(stage.kustomize, at);
    await hand.edit(kustomize);
    return await hand.build();
  }
});
