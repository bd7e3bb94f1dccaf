import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectAt } from '../../../src/model/json.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { installation } from '../../apply/subject.ts';
import type { Scene } from './scene.ts';
import { drifting, told } from './drifting.ts';
import { configMap, deployment, networkPolicy, role, service } from '../../apply/objects.ts';

const forced = (resource: string): string[] => [`get ${resource}`, `apply forced ${resource}`];
const unforced = (resource: string): string[] => [`get ${resource}`, `apply ${resource}`];

/** apply-rules part 1: what is put right, by which requests, and who is named. */
export function driftRows(scene: () => Scene): void {
  describe('patch, edit, set image, set env, client-side apply, scale of a field we own', () => {
    const container = 'spec.template.spec.containers[name=web]';
    const acts = [
      { act: ['scale', 'deployment', 'web', '--replicas=5'], fields: ['spec.replicas'], by: 'kubectl/Update/scale' },
      {
        act: ['patch', 'deployment', 'web', '-p', '{"spec":{"replicas":7}}'],
        fields: ['spec.replicas'],
        by: 'kubectl-patch/Update',
      },
      {
        act: ['set', 'image', 'deployment/web', 'web=other:2'],
        fields: [`${container}.image`],
        by: 'kubectl-set/Update',
      },
      {
        act: ['set', 'env', 'deployment/web', 'A=2'],
        fields: [`${container}.env[name=A].value`],
        by: 'kubectl-set/Update',
      },
    ];
    for (const { act, fields, by } of acts) {
      it(act.slice(0, 2).join(' '), async () => {
        const env = [{ name: 'A', value: '1' }];
        const web = await drifting(scene(), (ns) => deployment(ns, 'web', { replicas: 2, container: { env } }));
        await web.kubectl(...act);
        await web.healed('fingerprint', { fields, by, requests: forced('deployments') });
      });
    }

    it('client-side apply', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', b: '2' }));
      const foreign = configMap(map.subject.namespace, 'map', { a: 'x' });
      await map.subject.kubectl(['apply', '--server-side=false', '-f', '-'], JSON.stringify(foreign));
      const wanted = { fields: ['data.a'], by: 'kubectl-client-side-apply/Update', requests: forced('configmaps') };
      await map.healed('fingerprint', wanted);
    });
  });

  describe('delete of a field, label, annotation, list item, whole list that we own', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ];
    const acts = [
      { removes: '/metadata/labels/tier', fields: ['metadata.labels.tier'] },
      {
        removes: '/spec/template/spec/containers/0/env/1',
        fields: ['spec.template.spec.containers[name=web].env[name=B]'],
      },
      { removes: '/spec/template/spec/containers/0/env', fields: ['spec.template.spec.containers[name=web].env'] },
    ];
    for (const { removes, fields } of acts) {
      it(removes, async () => {
        const web = await drifting(scene(), (ns) =>
          deployment(ns, 'web', { labels: { tier: 'front' }, container: { env } }),
        );
        await web.jsonPatch('somebody', [{ op: 'remove', path: removes }]);
        await web.healed('fingerprint', { fields, by: 'unknown', requests: unforced('deployments') });
      });
    }
  });

  describe('change, append or reorder inside an atomic list or map', () => {
    it('args appended', async () => {
      const web = await drifting(scene(), (ns) => deployment(ns, 'web', { container: { args: ['a', 'b'] } }));
      await web.jsonPatch('somebody', [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: 'c' }]);
      const fields = ['spec.template.spec.containers[name=web].args'];
      await web.healed('fingerprint', { fields, by: 'somebody/Update', requests: forced('deployments') });
    });

    it('args reordered', async () => {
      const web = await drifting(scene(), (ns) => deployment(ns, 'web', { container: { args: ['a', 'b'] } }));
      await web.jsonPatch('somebody', [
        { op: 'replace', path: '/spec/template/spec/containers/0/args', value: ['b', 'a'] },
      ]);
      const fields = ['spec.template.spec.containers[name=web].args'];
      await web.healed('fingerprint', { fields, by: 'somebody/Update', requests: forced('deployments') });
    });

    it('rules of a Role', async () => {
      const reader = await drifting(scene(), (ns) => role(ns, 'reader', ['get']));
      await reader.jsonPatch('somebody', [{ op: 'add', path: '/rules/0/verbs/-', value: 'delete' }]);
      await reader.healed('foreignEntry', { fields: ['rules'], by: 'somebody/Update', requests: forced('roles') });
    });

    it('selector of a Service', async () => {
      const web = await drifting(scene(), (ns) => service(ns, 'web', { app: 'web' }));
      await web.jsonPatch('somebody', [{ op: 'add', path: '/spec/selector/tier', value: 'x' }]);
      await web.healed('fingerprint', {
        fields: ['spec.selector'],
        by: 'somebody/Update',
        requests: forced('services'),
      });
    });
  });

  it('our own empty atomic value filled by somebody', async () => {
    const all = await drifting(scene(), (ns) => networkPolicy(ns, 'all', {}));
    await all.jsonPatch('somebody', [{ op: 'add', path: '/spec/podSelector', value: { matchLabels: { app: 'x' } } }]);
    const correction = await all.correct('fingerprint');
    assert.deepEqual(told(correction), { kind: 'corrected', fields: ['spec.podSelector'], by: 'somebody/Update' });
    assert.deepEqual(objectAt((await all.live())['spec'], 'podSelector'), {});
    await all.staysAsItIs();
  });

  it('reorder of an associative list: order of initContainers', async () => {
    const initContainers = ['first', 'second'].map((name) => ({ name, image: 'registry.example.com/init:1' }));
    const web = await drifting(scene(), (ns) => deployment(ns, 'web', { podSpec: { initContainers } }));
    const present = objectAt(objectAt((await web.live())['spec'], 'template'), 'spec')[
      'initContainers'
    ] as JsonObject[];
    await web.jsonPatch('somebody', [
      { op: 'replace', path: '/spec/template/spec/initContainers', value: present.toReversed() },
    ]);
    const correction = await web.correct('generation');
    assert.equal(correction.kind, 'corrected');
    assert.deepEqual('fields' in correction ? correction.fields : [], ['spec.template.spec.initContainers']);
    await web.staysAsItIs();
  });

  it('SSA with force, other value', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    await map.applyAs('other', configMap(map.subject.namespace, 'map', { a: '2' }));
    await map.healed('fingerprint', { fields: ['data.a'], by: 'other/Apply', requests: forced('configmaps') });
  });

  it('the owner takes and then stops sending it', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', b: '2' }));
    await map.applyAs('other', configMap(map.subject.namespace, 'map', { a: '2' }));
    await map.applyAs('other', configMap(map.subject.namespace, 'map', { c: '3' }));
    await map.healed('fingerprint', { fields: ['data.a'], by: 'unknown', requests: unforced('configmaps') });
    assert.deepEqual((await map.live())['data'], { a: '1', b: '2', c: '3' });
  });

  it('PUT without managedFields is tracked as any other write', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const live = await map.live();
    const metadata = Object.fromEntries(Object.entries(live.metadata).filter(([key]) => key !== 'managedFields'));
    await map.send('PUT', '?fieldManager=putter', { ...live, metadata, data: { a: '2' } });
    await map.healed('fingerprint', { fields: ['data.a'], by: 'putter/Update', requests: forced('configmaps') });
  });

  it('another client writes as our manager, operation Update', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    await map.jsonPatch(installation.manager, [{ op: 'replace', path: '/data/a', value: '2' }]);
    await map.healed('fingerprint', { fields: ['data.a'], by: 'evenkeel/Update', requests: forced('configmaps') });
  });

  it('another client applies as our manager, same fields, other values', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { metadata } = map.subject.desire(map.object).body();
    await map.applyAs(installation.manager, { ...map.object, metadata, data: { a: '2' } });
    await map.healed('entryTime', { fields: ['data.a'], by: 'evenkeel/Apply', requests: unforced('configmaps') });
  });

  it('two-step forgery: the comparison of an audit finds what no fingerprint shows', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { managedFields } = (await map.live()).metadata;
    await map.jsonPatch('forger', [{ op: 'replace', path: '/data/a', value: '2' }]);
    await map.jsonPatch('forger', [{ op: 'replace', path: '/metadata/managedFields', value: managedFields }]);
    const correction = await map.correct('unverifiable');
    assert.equal(correction.kind, 'corrected');
    assert.deepEqual(await map.subject.requests(), unforced('configmaps'));
    assert.deepEqual((await map.live())['data'], { a: '1' });
  });
}
