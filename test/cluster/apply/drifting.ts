import assert from 'node:assert/strict';
import type { Correction, CorrectionInput } from '../../../src/apply/apply.ts';
import type { SuspectWhy } from '../../../src/model/live.ts';
import { refOf, resourceVersionOf, uidOf } from '../../../src/model/object.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { ClusterSubject, Scene } from './scene.ts';

/** One object, synced, and what happens to it. */
export class Drifting {
  readonly subject: ClusterSubject;
  readonly object: KubeObject;

  constructor(subject: ClusterSubject, object: KubeObject) {
    this.subject = subject;
    this.object = object;
  }

  async kubectl(...args: string[]): Promise<void> {
    await this.subject.kubectl(args);
  }

  /** A request that no tool sends: `replace` of managedFields, an apply under our name. */
  async send(method: 'PUT' | 'PATCH' | 'DELETE', query: string, body: unknown, contentType?: string): Promise<unknown> {
    const { scene } = this.subject;
    const ref = refOf(this.object);
    const answer = scene.cluster.kinds.find(ref, this.object.apiVersion);
    if (answer.state !== 'served') throw new Error(`${ref.kind} is not served`);
    const { apiVersion, resource } = answer.kind;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const path = `${base}/namespaces/${ref.namespace}/${resource}/${ref.name}${query}`;
    return scene.plane.api.must({ method, path, body, ...(contentType === undefined ? {} : { contentType }) });
  }

  async applyAs(manager: string, body: KubeObject): Promise<void> {
    await this.send('PATCH', `?fieldManager=${manager}&force=true`, body, 'application/apply-patch+yaml');
  }

  async jsonPatch(manager: string, operations: unknown): Promise<void> {
    await this.send('PATCH', `?fieldManager=${manager}`, operations, 'application/json-patch+json');
  }

  async correct(why: SuspectWhy, how: Partial<CorrectionInput> = {}): Promise<Correction> {
    return this.subject.correct(refOf(this.object), why, how);
  }

  async live(): Promise<KubeObject> {
    const live = await this.subject.read(this.object);
    assert.ok(live !== undefined, 'the object is there');
    return live;
  }

  async uid(): Promise<string> {
    return uidOf(await this.live());
  }

  /** The foreign act is answered by these requests and put right, whoever did it named. */
  async healed(why: SuspectWhy, wanted: { fields: string[]; by: string; requests: string[] }): Promise<Correction> {
    const correction = await this.correct(why);
    assert.deepEqual(told(correction), { kind: 'corrected', fields: wanted.fields, by: wanted.by });
    assert.deepEqual(await this.subject.requests(), wanted.requests);
    await this.staysAsItIs();
    return correction;
  }

  /** The foreign act is no drift: nothing of the object moves by our hand. */
  async leftAlone(why: SuspectWhy, requests: string[]): Promise<void> {
    const before = await this.live();
    const correction = await this.correct(why);
    assert.deepEqual(told(correction), { kind: 'unchanged' });
    assert.deepEqual(await this.subject.requests(), requests);
    assert.equal(resourceVersionOf(await this.live()), resourceVersionOf(before));
  }

  /** Looking again finds nothing: what we wrote is what is there, and our ownership with it. */
  async staysAsItIs(): Promise<void> {
    const again = await this.correct('fingerprint');
    assert.deepEqual(told(again), { kind: 'unchanged' });
    assert.equal((await this.subject.requests()).length, 1, 'one look, no write');
  }
}

export async function drifting(scene: Scene, make: (namespace: string) => KubeObject): Promise<Drifting> {
  const subject = await scene.application();
  const object = make(subject.namespace);
  const { results } = await subject.sync(object);
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ['applied'],
  );
  return new Drifting(subject, object);
}

/** What a correction says, without the object. */
export function told(correction: Correction): unknown {
  if (correction.kind === 'failed') throw correction.error;
  if (!('fields' in correction)) return { kind: correction.kind };
  const { kind, fields, by } = correction;
  const writer = by === undefined ? 'unknown' : [by.manager, by.operation, by.subresource].filter(Boolean).join('/');
  return { kind, fields, by: writer };
}
