import type { ApiAnswer, ApiRequest } from '../../tools/control-plane/control-plane.ts';
import type { World } from '../../tools/world.ts';
import type { Chance } from './chance.ts';
import type { Fleet } from './fleet.ts';
import type { Item, Kind, RefText } from './manifests.ts';
import { collectionOf, kinds, manifestOf, refOf } from './manifests.ts';

const merge = 'application/merge-patch+json';
const client = '?fieldManager=meddler';
/** Whoever changes one field again and again is in a fight with the operator, which then backs off: another matter. */
const restMs = 90_000;

const weights = { edit: 12, addTo: 3, delete: 5, deleteMany: 1, unmark: 4, scale: 2, wipe: 4, recreate: 3 } as const;

type MeddleKind = keyof typeof weights;

/** Somebody with kubectl. What the server refuses at the moment is left undone. */
export class Meddling {
  readonly #world: World;
  readonly #fleet: Fleet;
  readonly #chance: Chance;
  readonly #touchedAt = new Map<RefText, number>();

  constructor(world: World, fleet: Fleet, chance: Chance) {
    this.#world = world;
    this.#fleet = fleet;
    this.#chance = chance;
  }

  async act(): Promise<string> {
    const kind = this.#chance.weighted(weights);
    const items = this.#rested(kind === 'scale' ? ['Deployment'] : undefined);
    if (items.length === 0) return `${kind}: everything has been touched of late`;
    const chosen = this.#chance.some(items, kind === 'deleteMany' ? 15 : this.#chance.between(1, 3));
    const now = performance.now();
    for (const item of chosen) {
      this.#touchedAt.set(refOf(item), now);
      this.#fleet.meddledWith.add(refOf(item));
    }
    const said = await Promise.all(chosen.map((item) => this.#on(item, kind)));
    return `${kind} ${said.join(', ')}`;
  }

  async #on(item: Item, kind: MeddleKind): Promise<string> {
    const outcome = await this.#acts[kind](item).then(
      ({ status }) => `${status}`,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return `${item.namespace}/${item.name}: ${outcome}`;
  }

  readonly #acts: Readonly<Record<MeddleKind, (item: Item) => Promise<ApiAnswer>>> = {
    edit: (item) => this.#merge(item, this.#chance.pick(kinds[item.kind].meddling)),
    addTo: (item) => this.#merge(item, { metadata: { annotations: { note: 'somebody was here' } } }),
    delete: (item) => this.#delete(item),
    deleteMany: (item) => this.#delete(item),
    unmark: (item) => this.#merge(item, { metadata: this.#chance.pick(marks) }),
    scale: (item) => this.#send(item, { body: { spec: { replicas: 2 } }, contentType: merge }, '/scale'),
    wipe: (item) =>
      this.#send(item, {
        body: [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }],
        contentType: 'application/json-patch+json',
      }),
    recreate: async (item) => {
      const { status } = await this.#delete(item);
      if (status >= 300) return { status, body: undefined };
      const body = { ...manifestOf(item), metadata: { name: item.name, namespace: item.namespace } };
      const path = `${collectionOf(item.kind, item.namespace)}${client}`;
      return this.#world.plane.api.send({ method: 'POST', path, body });
    },
  };

  async #delete(item: Item): Promise<ApiAnswer> {
    this.#fleet.mayBeNew.add(refOf(item));
    return this.#send(item, { method: 'DELETE', body: { propagationPolicy: 'Background' } });
  }

  async #merge(item: Item, body: unknown): Promise<ApiAnswer> {
    return this.#send(item, { body, contentType: merge });
  }

  async #send(item: Item, request: Omit<ApiRequest, 'path'>, subresource = ''): Promise<ApiAnswer> {
    const path = `${collectionOf(item.kind, item.namespace)}/${item.name}${subresource}${client}`;
    return this.#world.plane.api.send({ method: 'PATCH', ...request, path });
  }

  #rested(only?: readonly Kind[]): Item[] {
    const before = performance.now() - restMs;
    const isRested = (item: Item): boolean => (this.#touchedAt.get(refOf(item)) ?? before - 1) < before;
    return this.#fleet.items.filter((item) => (only?.includes(item.kind) ?? true) && isRested(item));
  }
}

const marks = [
  { labels: { 'evenkeel.dev/part-of': null } },
  { labels: { 'evenkeel.dev/part-of': 'meddled' } },
  { labels: null },
  { annotations: { 'evenkeel.dev/tracking-id': null } },
  { annotations: { 'evenkeel.dev/tracking-id': 'meddled' } },
];
