import assert from 'node:assert/strict';
import { test } from 'node:test';
import { must, Narrator, plainStage, StepMissed } from '../../../tools/demo/narrator.ts';
import { Lines } from './lines.ts';

test('demo: a step that holds is one line with its fact, and its details below it', async () => {
  const out = new Lines();
  const narrator = new Narrator(plainStage(out));
  await narrator.tell('sync', 'a commit', () => Promise.resolve({ fact: '4 objects', details: ['of commit 1234567'] }));
  assert.equal(out.text, '✓ sync: 4 objects\n    of commit 1234567\n');
});

test('demo: a step that misses its fact says what was seen and ends the story', async () => {
  const out = new Lines();
  const narrator = new Narrator(plainStage(out));
  const act = (): Promise<never> => Promise.reject(new Error('waited in vain', { cause: new Error('replicas: 7') }));
  await assert.rejects(narrator.tell('foreign scale', 'kubectl scale', act), StepMissed);
  assert.equal(out.text, '✗ foreign scale: waited in vain (replicas: 7)\n');
});

test('demo: what must hold and does not fails with what was seen', () => {
  assert.throws(() => must(false, '3 objects were deleted'), /^Error: 3 objects were deleted$/);
});

test('demo: notes on the way are plain lines in a pipe', () => {
  const out = new Lines();
  new Narrator(plainStage(out)).note('building etcd with Go');
  assert.equal(out.text, '  building etcd with Go\n');
});
