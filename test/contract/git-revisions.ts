import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { GitRepository } from '../../tools/git-server.ts';
import { configMap } from '../source/stage.ts';
import { everywhere, nativeOnly, type GitCase } from './git-world.ts';
import { refused } from '../refused.ts';

const named = (name: string) => ({ 'a.yaml': configMap(name) });

/** What `targetRevision` may be. */
export const revisionCases: readonly GitCase[] = [
  {
    name: 'refs of every kind',
    about: 'branch, light and annotated tag, tag of a tag, `feature/x`, `refs/…`, `HEAD`, full SHA',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      const old = await repository.commit(named('old'), 'first');
      await repository.tag('light');
      await repository.tag('annotated', 'main', 'words');
      await repository.tag('twice', 'annotated', 'more words');
      await repository.commit(named('new'), 'second');
      await repository.branch('feature/x', old);
      await repository.tag('feature/x', 'main');
      const olds = ['light', 'annotated', 'twice', 'feature/x', old];
      for (const targetRevision of [...olds, 'main', 'HEAD', '', 'refs/heads/main', 'refs/tags/feature/x']) {
        const expected = olds.includes(targetRevision) ? 'old' : 'new';
        assert.deepEqual(await world.load(repository, { targetRevision }), [expected], targetRevision);
      }
    },
  },
  {
    name: 'version constraint',
    about: 'the highest tag that satisfies it, with and without `tagPrefix`',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      for (const tag of ['v1.0.0', 'v1.2.0', 'v2.0.0-rc.1', 'app-1.9.0']) {
        await repository.commit(named(tag.replace(/[^a-z0-9]/g, '-')), tag);
        await repository.tag(tag, 'main', tag);
      }
      assert.deepEqual(await world.load(repository, { targetRevision: '1.x' }), ['v1-2-0']);
      assert.deepEqual(await world.load(repository, { targetRevision: '>=1.0.0-0' }), ['v2-0-0-rc-1']);
      assert.deepEqual(await world.load(repository, { targetRevision: '^1', tagPrefix: 'app-' }), ['app-1-9-0']);
      await refused(world.load(repository, { targetRevision: '>=3' }), 'RevisionNotFound', />=3/);
    },
  },
  {
    name: 'short SHA of a tip',
    about: 'at least 7 digits of a commit that a branch or tag is at',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      const commit = await repository.commit(named('a'), 'first');
      assert.deepEqual(await world.load(repository, { targetRevision: commit.slice(0, 7) }), ['a']);
    },
  },
  {
    name: 'short SHA of an older commit',
    about: 'git fetches all commits without their trees to find it',
    outcomes: nativeOnly(/some of their digits needs the git program/),
    async run(world) {
      const repository = await world.repository();
      const old = await repository.commit(named('old'), 'first');
      await repository.commit(named('new'), 'second');
      assert.deepEqual(await world.load(repository, { targetRevision: old.slice(0, 8) }), ['old']);
    },
  },
  {
    name: 'ambiguous short SHA',
    about: 'two commits begin with it',
    outcomes: everywhere({ reason: 'RevisionNotFound', says: /ambiguous, 2 commits/ }),
    async run(world) {
      const repository = await world.repository();
      const [one, other] = await twins(repository);
      await repository.git(['update-ref', 'refs/heads/main', one]);
      await repository.git(['update-ref', 'refs/heads/other', other]);
      await world.load(repository, { targetRevision: one.slice(0, 7) });
    },
  },
  {
    name: 'force-push',
    about: 'a new revision like any other',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      const first = await repository.commit(named('first'), 'first');
      await repository.commit(named('second'), 'second');
      assert.deepEqual(await world.load(repository), ['second']);
      await repository.git(['update-ref', 'refs/heads/main', first]);
      assert.deepEqual(await world.load(repository), ['first']);
    },
  },
  {
    name: 'tag moved',
    about: 'followed to its new commit',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('first'), 'first');
      await repository.tag('stable', 'main', 'one');
      assert.deepEqual(await world.load(repository, { targetRevision: 'stable' }), ['first']);
      await repository.commit(named('second'), 'second');
      await repository.tag('stable', 'main', 'two');
      assert.deepEqual(await world.load(repository, { targetRevision: 'stable' }), ['second']);
    },
  },
  {
    name: 'deleted branch',
    about: 'what is deployed stays',
    outcomes: everywhere({ reason: 'RevisionNotFound', says: /no branch or tag "gone"/ }),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('a'), 'first', 'gone');
      assert.deepEqual(await world.load(repository, { targetRevision: 'gone' }), ['a']);
      await repository.deleteBranch('gone');
      await world.load(repository, { targetRevision: 'gone' });
    },
  },
  {
    name: 'unknown ref',
    about: 'also a mere beginning of a name',
    outcomes: everywhere({ reason: 'RevisionNotFound', says: /no branch or tag "mai"/ }),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('a'), 'first');
      await world.load(repository, { targetRevision: 'mai' });
    },
  },
  {
    name: 'unknown commit',
    about: 'a full SHA that the remote does not have',
    outcomes: everywhere({ reason: 'RevisionNotFound', says: /does not give (the )?commit/ }),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('a'), 'first');
      await world.load(repository, { targetRevision: randomBytes(20).toString('hex') });
    },
  },
  {
    name: 'empty repository',
    about: 'never taken for "delete everything"',
    outcomes: everywhere({ reason: 'RevisionNotFound', says: /no branch or tag "HEAD"/ }),
    async run(world) {
      await world.load(await world.repository(), { targetRevision: 'HEAD' });
    },
  },
  {
    name: 'SHA-256 repository',
    about: 'ids of 64 digits',
    outcomes: nativeOnly(/sha256 ids, which need the git program/),
    async run(world) {
      const repository = await world.repository('sha256');
      const commit = await repository.commit(named('a'), 'first');
      assert.equal(commit.length, 64);
      assert.deepEqual(await world.load(repository), ['a']);
      await repository.commit(named('b'), 'second');
      assert.deepEqual(await world.load(repository), ['b']);
    },
  },
];

/** Two commits whose ids have the first seven digits in common. */
async function twins(repository: GitRepository): Promise<[string, string]> {
  await repository.commit(named('a'), 'first');
  const tree = (await repository.git(['rev-parse', 'main^{tree}'])).trim();
  const seen = new Map<string, number>();
  for (let i = 0; ; i++) {
    const id = createHash('sha1')
      .update(`commit ${text(tree, i).length}\0${text(tree, i)}`)
      .digest('hex')
      .slice(0, 7);
    const twin = seen.get(id);
    seen.set(id, i);
    if (twin === undefined) continue;
    const write = async (n: number): Promise<string> =>
      (await repository.git(['hash-object', '-w', '-t', 'commit', '--stdin'], text(tree, n))).trim();
    return [await write(twin), await write(i)];
  }
}

function text(tree: string, i: number): string {
  const who = 'Test <test@example.invalid> 1700000000 +0000';
  return `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nnumber ${i}\n`;
}
