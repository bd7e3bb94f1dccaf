import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { canonicalJson } from '../../../../src/model/json.ts';
import { readHelm } from '../../../../src/model/parse-source.ts';
import { decodeFile } from '../../../../src/source/decode.ts';
import { readYaml } from '../../../../src/source/yaml/yaml.ts';
import { obtain } from '../../../../tools/assets/assets.ts';
import { createHelmStage, readFolder, treeOf, type HelmStage } from './helm-stage.ts';

/**
 * `charts/<case>` is a repository; its case.yaml says what an Application asks of it and how somebody does the same with
 * Helm by hand, in a full copy.
 */
interface Case {
  readonly path: string;
  readonly helm: Parameters<typeof readHelm>[0];
  /** Other repositories, by ref: folders of this one. */
  readonly refs?: Readonly<Record<string, string>>;
  /** A Helm command to run by hand before. */
  readonly prepare?: readonly string[];
  /** What follows `helm template`. */
  readonly byHand: readonly string[];
  readonly skipped?: number;
}

const folder = path.join(import.meta.dirname, 'charts');
let stage: HelmStage;

before(async () => {
  stage = await createHelmStage();
});

after(() => stage[Symbol.asyncDispose]());

for (const name of await readdir(folder)) {
  test(`helm: ${name} renders as by hand`, async () => {
    const file = path.join(folder, name, 'case.yaml');
    const wanted = readYaml(await readFile(file, 'utf8'))[0]?.value as unknown as Case;
    const expected = await byHand(name, wanted);
    assert.ok(expected.length > 0);
    const files = await readFolder(path.join(folder, name));
    const refs = await Promise.all(
      Object.entries(wanted.refs ?? {}).map(async ([ref, place]) => [ref, await treeOf(below(files, place))] as const),
    );
    const wish = { path: wanted.path, helm: readHelm(wanted.helm), refs: new Map(refs) };
    const written = await stage.render(await treeOf(files), wish);
    assert.deepEqual(
      written.objects.map(({ object }) => canonicalJson(object)),
      expected,
    );
    assert.equal(written.skippedDocuments, wanted.skipped ?? 0);
    assert.deepEqual([...stage.open], []);
  });
}

/** The objects that Helm prints, hooks and all. */
async function byHand(name: string, { prepare, byHand: args }: Case): Promise<string[]> {
  const copy = path.join(stage.folder, `by-hand-${name}`);
  await cp(path.join(folder, name), copy, { recursive: true });
  if (prepare !== undefined) await runByHand(copy, prepare);
  const { objects } = decodeFile('by hand', Buffer.from(await runByHand(copy, ['template', ...args])));
  return objects.map(({ object }) => canonicalJson(object));
}

async function runByHand(cwd: string, args: readonly string[]): Promise<string> {
  const { helm } = await obtain(['helm']);
  const { stdout } = await promisify(execFile)(helm, args, { cwd, env: { HOME: path.join(stage.folder, 'home') } });
  return stdout;
}

function below(files: ReadonlyMap<string, Buffer>, place: string): Map<string, Buffer> {
  const inside = [...files].filter(([name]) => name.startsWith(`${place}/`));
  return new Map(inside.map(([name, bytes]) => [name.slice(place.length + 1), bytes]));
}
