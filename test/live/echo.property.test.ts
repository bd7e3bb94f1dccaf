import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { observe } from '../../src/model/managed-fields.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import type { WriteInFlight } from '../../src/model/ports.ts';
import type { ServedKind } from '../../src/kube/cluster.ts';
import type { ObjectState, Stage } from './stage.ts';
import { at, configMaps, deployments, installation, objectOf, recordOf, setStage, stateOf } from './stage.ts';

/**
 * An API server with one object. Its events wait until they are delivered, in order; the answer to our write waits
 * until it is taken. So every order in which events and answers can meet is played.
 */
class World {
  readonly stage: Stage = setStage({ verifyBurst: 1_000_000 });
  readonly #kind: ServedKind;
  #state: ObjectState | undefined;
  #version = 10;
  #second = 0;
  readonly #events: { readonly deleted: boolean; readonly object: KubeObject }[] = [];
  readonly #writes: { readonly write: WriteInFlight; answer: KubeObject | undefined }[] = [];
  /** Fingerprints of all answers to our writes. */
  readonly own = new Set<string>();

  constructor(kind: ServedKind) {
    this.#kind = kind;
    this.#state = stateOf({ kind });
    const object = objectOf(this.#state);
    this.own.add(observe(object, installation).fp);
    this.stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    this.stage.reflector(kind).synced(object);
  }

  get exists(): boolean {
    return this.#state !== undefined;
  }

  get fp(): string | undefined {
    return this.#state === undefined ? undefined : observe(objectOf(this.#state), installation).fp;
  }

  #store(changes: Partial<ObjectState>): KubeObject {
    this.#version += 1;
    const uid = this.#state?.uid ?? `u${this.#version}`;
    const base = this.#state ?? stateOf({ kind: this.#kind, uid });
    this.#state = { ...base, ...changes, resourceVersion: this.#version };
    const object = objectOf(this.#state);
    this.#events.push({ deleted: false, object });
    return object;
  }

  get #nextGeneration(): number {
    return this.#kind === configMaps ? 0 : this.#version + 1;
  }

  /** A forced apply of ours reaches the server: all fields are ours again. `ours` names the fields that Git wants. */
  apply(ours: readonly string[]): void {
    const write = this.stage.live.writes.begin(refOf(objectOf(stateOf({ kind: this.#kind }))));
    const same = this.#state?.ours?.join() === ours.join();
    const answer = same
      ? objectOf(this.#state ?? stateOf())
      : this.#store({ ours, oursAt: at((this.#second += 1)), generation: this.#nextGeneration });
    this.#writes.push({ write, answer });
    this.own.add(observe(answer, installation).fp);
  }

  takeAnswer(): void {
    const next = this.#writes.shift();
    if (next?.answer !== undefined) next.write.answered(next.answer, 'd');
    next?.write.end();
  }

  take(field: string): void {
    if (this.#state?.ours?.includes(field) !== true) return;
    const ours = this.#state.ours.filter((name) => name !== field);
    const others = [{ manager: 'kubectl-edit', time: at((this.#second += 1)) }];
    this.#store({ ours, others, generation: this.#nextGeneration });
  }

  writeStatus(): void {
    if (this.#state === undefined) return;
    this.#store({
      others: [
        ...this.#state.others.slice(0, 1),
        { manager: 'kubelet', time: at((this.#second += 1)), subresource: 'status' },
      ],
    });
  }

  remove(): void {
    if (this.#state === undefined) return;
    this.#version += 1;
    this.#events.push({ deleted: true, object: objectOf({ ...this.#state, resourceVersion: this.#version }) });
    this.#state = undefined;
  }

  deliver(): void {
    const event = this.#events.shift();
    if (event === undefined) return;
    const reflector = this.stage.reflector(this.#kind);
    if (event.deleted) reflector.deleted(event.object);
    else reflector.changed(event.object);
  }

  finish(): void {
    while (this.#writes.length > 0) this.takeAnswer();
    while (this.#events.length > 0) this.deliver();
  }
}

type Step = (world: World) => void;

const ownSteps: readonly Step[] = [
  (world) => world.apply(['image', 'replicas']),
  (world) => world.apply(['image']),
  (world) => world.takeAnswer(),
  (world) => world.deliver(),
  (world) => world.deliver(),
  (world) => world.writeStatus(),
];
const foreignSteps: readonly Step[] = [
  (world) => world.take('image'),
  (world) => world.take('replicas'),
  (world) => world.remove(),
];

function play(kind: ServedKind, steps: readonly Step[]): World {
  const world = new World(kind);
  for (const step of steps) step(world);
  world.finish();
  return world;
}

for (const kind of [deployments, configMaps]) {
  describe(`writes, events and answers of a ${kind.kind} in any order`, () => {
    it('never make our own write, nor a status write, a suspect', () => {
      const steps = fc.array(fc.constantFrom(...ownSteps), { maxLength: 40 });
      fc.assert(
        fc.property(steps, (played) => {
          const { stage } = play(kind, played);
          assert.deepEqual(stage.told(), []);
          stage[Symbol.dispose]();
        }),
        { numRuns: 300 },
      );
    });

    it('never hide that the object ended up otherwise than we left it', () => {
      const steps = fc.array(fc.constantFrom(...ownSteps, ...foreignSteps), { maxLength: 40 });
      fc.assert(
        fc.property(steps, (played) => {
          const world = play(kind, played);
          const last = world.stage.suspects.at(-1);
          if (!world.exists) assert.equal(last?.why, 'left');
          else if (!world.own.has(world.fp ?? '')) assert.equal(last?.observation.fp, world.fp);
          world.stage[Symbol.dispose]();
        }),
        { numRuns: 500 },
      );
    });
  });
}
