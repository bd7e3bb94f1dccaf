import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Health } from '../../../src/model/health.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import type { GroupKind, KubeObject } from '../../../src/model/object.ts';
import type { LateVerdict } from '../../../src/model/ports.ts';
import { eventually } from '../../../tools/eventually.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { RulesStage, widget } from './stage.ts';

const kind = 'example.com/Widget';

function saying(status: string, message = status): string {
  return `return { status = '${status}', message = '${message}' }`;
}

const forever = 'while true do end';
/** One call of a function of the library: no instruction is counted in it. */
const stuck = `return { status = 'Healthy', message = string.find(string.rep('a', 40000), '.-.-.-.-.-b') or 'no' }`;

function listen(stage: RulesStage) {
  const decided: LateVerdict[] = [];
  const changed: ((kind: GroupKind) => boolean)[] = [];
  stage.rules.onVerdict((verdict) => void decided.push(verdict));
  stage.health.onChange((concerns) => void changed.push(concerns));
  return { decided, changed };
}

describe('rules for the whole cluster', () => {
  it('start no thread as long as no script is among them', async () => {
    await using stage = new RulesStage();
    const checks = [{ apiVersion: 'example.com/v1', kind: 'Widget', failed: 'object.spec.broken' }];
    stage.rules.use({ checks: JSON.stringify(checks) });
    const verdict = stage.health.assess(widget({ spec: { broken: true } }));
    assert.equal(verdict.status, 'Degraded');
    assert.equal(stage.rules.settled(), undefined);
    assert.equal(stage.rules.runsScripts, false);
    assert.deepEqual(stage.broken, []);
  });

  it('give a verdict later, and keep the last one until then', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: 'return { status = obj.status.health }' });
    const { decided } = listen(stage);
    const at = (version: string, health: string) => widget({ status: { health } }, version);
    assert.deepEqual(stage.health.assess(at('1', 'Healthy')), {
      status: 'Progressing',
      message: 'its health script has not run yet',
    });
    await stage.rules.settled();
    assert.equal(stage.health.assess(at('1', 'Healthy')).status, 'Healthy');
    assert.equal(stage.rules.settled(), undefined, 'asked and answered');
    assert.equal(stage.health.assess(at('2', 'Degraded')).status, 'Healthy');
    await stage.rules.settled();
    assert.equal(stage.health.assess(at('2', 'Degraded')).status, 'Degraded');
    const rows = decided.map(({ uid, resourceVersion, health }) => [uid, resourceVersion, health.status]);
    assert.deepEqual(rows, [
      ['uid-thing', '1', 'Healthy'],
      ['uid-thing', '2', 'Degraded'],
    ]);
  });

  it('assess only the newest of versions that come faster than verdicts', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: 'return { status = "Healthy", message = obj.metadata.resourceVersion }' });
    const { decided } = listen(stage);
    for (const version of ['1', '2', '3', '4']) stage.health.assess(widget({}, version));
    await stage.rules.settled();
    assert.deepEqual(
      decided.map(({ resourceVersion }) => resourceVersion),
      ['1', '4'],
    );
  });

  const order: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['the kind itself before a pattern', { '*': saying('Degraded'), [kind]: saying('Healthy') }, 'Healthy'],
    ['the more definite pattern', { 'ex*/*': saying('Degraded'), '*.com/Wid*': saying('Suspended') }, 'Suspended'],
    ['a pattern over group and kind', { '*': saying('Missing') }, 'Missing'],
    ["Argo CD's key", { 'resource.customizations.health.example.com_Widget': saying('Suspended') }, 'Suspended'],
    ["Argo CD's key with a pattern", { 'resource.customizations.health.*.com_*': saying('Degraded') }, 'Degraded'],
  ];
  for (const [name, scripts, expected] of order) {
    it(`take ${name}`, async () => {
      await using stage = new RulesStage();
      stage.scripts(scripts);
      assert.equal((await stage.verdict(widget({}))).status, expected);
    });
  }

  it('understand the whole of argocd-cm, and leave the rest of it alone', async () => {
    await using stage = new RulesStage();
    const nested = { '*.com/Widget': { 'health.lua': saying('Suspended'), actions: 'x' }, 'a.b/C': { actions: 'y' } };
    const data = {
      url: 'https://argocd.example.com',
      'resource.customizations.ignoreDifferences.all': 'a: b',
      'resource.customizations.useOpenLibs.example.com_Widget': 'true',
      'resource.customizations': JSON.stringify(nested),
      'resource.customizations.health.ConfigMap': saying('Degraded'),
    };
    stage.rules.use(data);
    assert.equal((await stage.verdict(widget({}))).status, 'Suspended');
    const core = { ...widget({}, '1', 'settings'), apiVersion: 'v1', kind: 'ConfigMap' };
    assert.equal((await stage.verdict(core)).status, 'Degraded');
    assert.ok(stage.health.needsStatus({ group: '', kind: 'ConfigMap' }));
    assert.ok(!stage.health.needsStatus({ group: '', kind: 'Secret' }));
    assert.deepEqual(stage.broken, []);
  });

  it('let checks speak first, and scripts where those say nothing', async () => {
    await using stage = new RulesStage();
    const checks = [{ apiVersion: 'example.com/v1', kind: 'Widget', failed: 'object.spec.broken' }];
    stage.rules.use({ checks: JSON.stringify(checks), lua: JSON.stringify({ [kind]: saying('Suspended') }) });
    assert.equal((await stage.verdict(widget({ spec: { broken: true } }))).status, 'Degraded');
    assert.equal((await stage.verdict(widget({ spec: { broken: false } }, '2'))).status, 'Suspended');
  });

  it('say that an object is being deleted before any rule', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: saying('Healthy') });
    const verdict = await stage.verdict(widget({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }));
    assert.equal(verdict.status, 'Progressing');
  });

  it('tell which kinds a change concerns, and nothing without one', async () => {
    await using stage = new RulesStage();
    const { changed } = listen(stage);
    stage.scripts({ [kind]: saying('Healthy') });
    stage.scripts({ [kind]: saying('Healthy') });
    stage.scripts({ [kind]: saying('Healthy'), 'other.com/*': saying('Degraded') });
    stage.rules.use(undefined);
    const kinds = ['example.com/Widget', 'other.com/Thing', 'apps/Deployment'];
    const concerned = changed.map((concerns) =>
      kinds.filter((name) => concerns({ group: name.split('/')[0] ?? '', kind: name.split('/')[1] ?? '' })),
    );
    assert.deepEqual(concerned, [
      ['example.com/Widget'],
      ['other.com/Thing'],
      ['example.com/Widget', 'other.com/Thing'],
    ]);
  });
});

describe('rules that cannot be used', () => {
  const unusable: Readonly<Record<string, readonly [Readonly<Record<string, string>>, RegExp, Health['status']]>> = {
    'an expression that is none': [
      { checks: '- {apiVersion: example.com/v1, kind: Widget, failed: "object.spec ="}' },
      /^checks\[0\]\.failed: line 1, column 1?[0-9]: /,
      'Unknown',
    ],
    'a field that there is not': [
      { checks: '- {apiVersion: example.com/v1, kind: Widget, broken: "true"}' },
      /^checks\[0\]\.broken: is none of /,
      'Unknown',
    ],
    'a check without a kind': [{ checks: '- failed: "true"' }, /^checks\[0\]: expected apiVersion, kind/, 'Healthy'],
    'no list': [{ checks: 'failed' }, /^checks: expected a list/, 'Healthy'],
    'no YAML': [{ checks: '- [' }, /^checks: line 1, column \d+: .*stays in force/, 'Healthy'],
    'a script that is none': [{ lua: '{"example.com/Widget": 1}' }, /^lua\["example\.com\/Widget"\]: /, 'Healthy'],
    'a pattern that Lua has not': [{ lua: '{"{a,b}/Widget": "return"}' }, /^lua\["\{a,b\}\/Widget"\]: /, 'Healthy'],
    'a syntax error': [
      { lua: '{"example.com/Widget": "return\\nx = = 1"}' },
      /^example\.com\/Widget: .*:2: /,
      'Unknown',
    ],
  };
  for (const [name, [data, told, status]] of Object.entries(unusable)) {
    it(`${name}: told once, with the place`, async () => {
      await using stage = new RulesStage();
      stage.rules.use(data);
      stage.rules.use({ ...data, unrelated: 'x' });
      assert.equal((await stage.verdict(widget({}))).status, status);
      await eventually('it to be told', () => stage.broken.length > 0);
      assert.equal(stage.broken.length, 1, stage.broken.join('\n'));
      assert.match(stage.broken[0] ?? '', told);
    });
  }

  it('leave what was there before in force when a text cannot be read at all', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: saying('Suspended') });
    stage.rules.use({ lua: '{' });
    stage.rules.use({ lua: '[}' });
    assert.equal((await stage.verdict(widget({}))).status, 'Suspended');
  });
});

describe('a script that takes too much', () => {
  it('costs nobody else a verdict', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: forever, 'example.com/Gadget': saying('Healthy') });
    const gadget = { ...widget({}, '1', 'gadget'), kind: 'Gadget' };
    stage.health.assess(widget({}));
    assert.equal((await stage.verdict(gadget)).status, 'Healthy');
    assert.equal(stage.health.assess(widget({})).status, 'Unknown');
    assert.equal(stage.broken.length, 1);
  });

  it('is not run for ever, until it is changed', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: forever });
    for (const version of ['1', '2', '3']) await stage.verdict(widget({}, version));
    const { message } = stage.health.assess(widget({}, '4'));
    assert.match(message, /is not run any more: it took too much 3 times in a row$/);
    assert.equal(stage.rules.settled(), undefined);
    stage.scripts({ [kind]: `${saying('Healthy')} -- better` });
    assert.equal((await stage.verdict(widget({}, '4'))).status, 'Healthy');
  });

  it('is ended by the clock where its instructions cannot be counted', async () => {
    const clock = new ManualClock();
    await using stage = new RulesStage(clock);
    stage.scripts({ [kind]: stuck, 'example.com/Gadget': saying('Healthy') });
    const gadget = (version: string): KubeObject => ({ ...widget({}, version, 'gadget'), kind: 'Gadget' });
    // Scripts are checked first, under the same limit of seconds: once there is a verdict nothing but a script runs.
    await stage.verdict(gadget('1'));
    stage.health.assess(widget({}));
    stage.health.assess(gadget('2'));
    await eventually('it to run', () => clock.nextIn !== undefined && clock.nextIn <= 5_000);
    await clock.advance(5_000);
    await stage.rules.settled();
    assert.match(stage.health.assess(widget({})).message, /takes longer than 5 s$/);
    assert.equal(stage.health.assess(gadget('2')).status, 'Healthy');
  });

  it('is not held against the script when it is the object that is too much', async () => {
    await using stage = new RulesStage();
    stage.scripts({ [kind]: saying('Healthy') });
    const deep = JSON.parse(`${'{"a":['.repeat(1_000)}${']}'.repeat(1_000)}`) as JsonObject;
    for (const version of ['1', '2', '3'])
      assert.match((await stage.verdict(widget({ spec: deep }, version))).message, /the object is nested too deeply$/);
    assert.equal((await stage.verdict(widget({}, '4'))).status, 'Healthy');
  });

  it('ends with the rules, whatever it does', async () => {
    const stage = new RulesStage();
    stage.scripts({ [kind]: stuck });
    const { decided } = listen(stage);
    stage.health.assess(widget({}));
    await stage[Symbol.asyncDispose]();
    assert.deepEqual([decided, stage.broken, stage.rules.runsScripts], [[], [], false]);
  });
});

describe('the thread of scripts', () => {
  it('rests after a minute, and starts again', async () => {
    const clock = new ManualClock();
    await using stage = new RulesStage(clock);
    stage.scripts({ [kind]: saying('Healthy') });
    await stage.verdict(widget({}));
    assert.ok(stage.rules.runsScripts);
    await clock.advance(60_000);
    assert.ok(!stage.rules.runsScripts);
    assert.equal((await stage.verdict(widget({}, '2'))).status, 'Healthy');
  });

  it('assesses a thousand objects', async (t) => {
    await using stage = new RulesStage();
    const loop = `for i, c in ipairs(obj.status.conditions) do
      if c.type == 'Ready' then return { status = 'Healthy', message = c.message } end end`;
    stage.scripts({ [kind]: loop });
    const conditions = ['Synced', 'Stored', 'Ready'].map((type) => ({ type, status: 'True', message: `is ${type}` }));
    const objects = Array.from({ length: 1_000 }, (_, i) => widget({ status: { conditions } }, '1', `w${i}`));
    await stage.verdict(widget({ status: { conditions } }));
    const begin = performance.now();
    for (const object of objects) stage.health.assess(object);
    await stage.rules.settled();
    t.diagnostic(`1,000 objects by a script: ${Math.round(performance.now() - begin)} ms`);
    assert.ok(objects.every((object) => stage.health.assess(object).message === 'is Ready'));
  });
});
