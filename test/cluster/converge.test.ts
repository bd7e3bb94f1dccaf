import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { eventually } from '../../tools/eventually.ts';
import type { Applied } from '../../src/model/outcome.ts';
import { applicationNamed } from '../apply/application.ts';
import type { Scene } from './apply/scene.ts';
import { ClusterSubject, startScene } from './apply/scene.ts';
import type { Content, Sequence } from './support/converging.ts';
import {
  build,
  contentOf,
  kinds,
  namespace,
  numbered,
  ours,
  sequence,
  slotsOf,
  widgetDefinition,
} from './support/converging.ts';
import { keysOf, Others, textIn } from './support/foreign-writers.ts';

const many = 320;
const atOnce = 8;

let scene: Scene;

before(async () => {
  scene = await startScene();
  await scene.plane.kubectl(['create', 'namespace', namespace]);
  await scene.plane.kubectl(['apply', '-f', '-'], JSON.stringify(widgetDefinition()));
  await eventually('Widgets to be served', async () => {
    await scene.cluster.kinds.refresh();
    const { status } = await scene.plane.api.send({ path: `/apis/converge.example.com/v1/widgets` });
    return (
      status === 200 && scene.cluster.kinds.find({ group: 'converge.example.com', kind: 'Widget' }).state === 'served'
    );
  });
});

after(() => scene[Symbol.asyncDispose]());

describe('whatever Git said before and whatever others wrote', () => {
  it(
    'live is as desired on our fields, foreign fields are untouched, what only we had is gone, and the next plan only keeps',
    { timeout: 300_000 },
    async (t) => {
      const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
      t.diagnostic(`SEED=${seed}`);
      const sequences = fc.sample(sequence, { seed, numRuns: many });
      const queue = sequences.entries();
      const failed: string[] = [];
      const lane = async (): Promise<void> => {
        for (const [index, one] of queue) {
          const why = await play(one, `object-${index}`).catch((error: unknown) => [String(error)]);
          if (why.length > 0) failed.push(`SEED=${seed} ${index}: ${why.join('; ')} after ${JSON.stringify(one)}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      assert.deepEqual(failed.slice(0, 5), [], `${failed.length} of ${many}`);
      assert.deepEqual(new Set(sequences.map(({ kind }) => kind)), new Set(kinds));
      assert.ok(sequences.filter(({ acts }) => acts.some(({ kind }) => kind === 'edit')).length > many / 2);
    },
  );
});

describe('a map of a custom resource that somebody else has made', () => {
  it('is emptied when Git has nothing in it any more, though the server would make a null of it', async () => {
    const empty = { map: {}, list: {}, set: [], atomic: ['1'], label: {} };
    const [existing, content] = [{ a: '1' }, { a: '2' }].map((map) => ({ ...empty, map }));
    assert.ok(content !== undefined);
    const acts = [{ kind: 'commit' as const, content }];
    assert.deepEqual(await play({ kind: 'Widget', existing, acts, last: empty }, 'emptied'), []);
  });
});

describe('an object of which nobody tracked what was written', () => {
  it('keeps what others have set when the last field of ours beside it goes', async () => {
    const empty = { map: {}, list: {}, set: [], atomic: [], label: {} };
    const foreign = { kind: 'edit', by: 'merge', what: 'set', slot: 'map', key: 'y', value: '1' } as const;
    const acts = [foreign, { kind: 'commit' as const, content: { ...empty, map: { b: '1' } } }];
    assert.deepEqual(await play({ kind: 'ConfigMap', existing: empty, acts, last: empty }, 'untracked'), []);
  });
});

/** What is wrong in the end. */
async function play(one: Sequence, name: string): Promise<string[]> {
  const { kind, existing, last } = one;
  const subject = new ClusterSubject(scene, applicationNamed(name, { destinationNamespace: namespace }));
  const others = new Others(scene.plane.api, kind, name);
  if (existing !== undefined) await others.create(existing);
  for (const act of one.acts) {
    if (act.kind === 'commit') synced(await subject.sync(build(kind, name, act.content)));
    else if (act.kind === 'edit') await others.edit(act);
    else if (kind === 'Deployment') await others.scale(act.to);
  }
  synced(await subject.sync(build(kind, name, last)));
  const live = await others.read();
  if (live === undefined) return ['it is not there'];
  const { changes } = await subject.plan(build(kind, name, last));
  const planned = changes.map((change) => (change.kind === 'keep' ? change.reason : change.kind));
  return [
    ...wrongIn(contentOf(live), one, others),
    ...planned.filter((change) => change !== 'inSync').map((change) => `planned again: ${change}`),
  ];
}

function wrongIn(live: Content, one: Sequence, others: Others): string[] {
  const { kind, last } = one;
  const slots = slotsOf[kind];
  return [
    ...slots.flatMap((slot) => unlike(live, last, slot)),
    ...(numbered.has(kind) ? wrongNumber(live, one, others) : []),
    ...[...others.left].flatMap(([place, value]) => lostOf(live, place, value)),
    ...slots.flatMap((slot) => leftBehind({ live, last, slot, touched: others.touched })),
  ];
}

/** Git's, else what somebody scaled it to, if it never was Git's or its creator's. */
function wrongNumber(live: Content, { existing, acts, last }: Sequence, { scaledTo }: Others): string[] {
  const said = [existing, ...acts.map((act) => (act.kind === 'commit' ? act.content : undefined))];
  const isFree = said.every((content) => content?.number === undefined);
  const wanted = last.number ?? (isFree ? scaledTo : undefined);
  return wanted === undefined || live.number === wanted ? [] : [`number is ${live.number ?? ''}, not ${wanted}`];
}

function synced(applied: Applied): Applied {
  for (const result of applied.results) if (result.kind === 'failed') throw result.error;
  return applied;
}

type SlotName = Parameters<typeof keysOf>[1];

/** Values as Git has them; items of an associative list in Git's order, too. */
function unlike(live: Content, last: Content, slot: SlotName): string[] {
  if (slot === 'atomic') {
    return live.atomic.join() === last.atomic.join() ? [] : [`atomic is ${live.atomic.join()}`];
  }
  const wrong = keysOf(last, slot).filter((key) => textIn(live, slot, key) !== textIn(last, slot, key));
  const order = keysOf(live, slot).filter((key) => keysOf(last, slot).includes(key));
  const isOrdered = slot !== 'list' || order.join() === keysOf(last, slot).join();
  return [...wrong.map((key) => `${slot} ${key}`), ...(isOrdered ? [] : [`order ${order.join()}`])];
}

function lostOf(live: Content, place: string, value: string): string[] {
  const [slot = '', key = ''] = place.split(' ');
  return textIn(live, slot as SlotName, key) === value ? [] : [`foreign ${place} is not ${value}`];
}

/** Keys that nobody else has ever touched and that Git does not have any more. */
function leftBehind(parts: {
  readonly live: Content;
  readonly last: Content;
  readonly slot: SlotName;
  readonly touched: ReadonlySet<string>;
}): string[] {
  const { live, last, slot, touched } = parts;
  if (slot === 'atomic') return [];
  const dropped = ours.filter((key) => !touched.has(`${slot} ${key}`) && textIn(last, slot, key) === undefined);
  return dropped.filter((key) => textIn(live, slot, key) !== undefined).map((key) => `left behind: ${slot} ${key}`);
}
