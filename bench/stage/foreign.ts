import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { plainMode, servicePort } from './fleet.ts';
import type { ObjectTap, TappedObject } from './object-tap.ts';

/** Somebody else's change of a field that the operator owns. */
export interface ForeignAct {
  readonly collection: 'configmaps' | 'services';
  readonly isChanged: (object: TappedObject) => boolean;
  readonly isRestored: (object: TappedObject) => boolean;
  /** Whom the operator can name; empty where the change is a removal, which leaves no trace of who did it. */
  readonly manager: string;
  readonly act: (plane: ControlPlane, where: Place) => Promise<unknown>;
}

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

const foreignManager = 'bench';
const otherPort = 81;
const otherMode = 'foreign';

/** A plain field. */
export const modeChange: ForeignAct = {
  collection: 'configmaps',
  isChanged: ({ data }) => data?.['mode'] === otherMode,
  isRestored: ({ data }) => data?.['mode'] === plainMode,
  manager: foreignManager,
  act: changeMode,
};

/** The key of a list's item: to put it back takes the foreign item away, too. */
export const portChange: ForeignAct = {
  collection: 'services',
  isChanged: ({ spec }) => spec?.ports?.[0]?.port === otherPort,
  isRestored: ({ spec }) => spec?.ports?.length === 1 && spec.ports[0]?.port === servicePort,
  manager: '',
  act: (plane, where) =>
    write(plane, 'services', where, {
      contentType: 'application/json-patch+json',
      body: [{ op: 'replace', path: '/spec/ports/0/port', value: otherPort }],
    }),
};

export async function changeMode(plane: ControlPlane, where: Place): Promise<unknown> {
  return write(plane, 'configmaps', where, {
    contentType: 'application/merge-patch+json',
    body: { data: { mode: otherMode } },
  });
}

async function write(
  plane: ControlPlane,
  collection: string,
  { namespace, name }: Place,
  patch: { readonly contentType: string; readonly body: unknown },
): Promise<unknown> {
  const path = `/api/v1/namespaces/${namespace}/${collection}/${name}?fieldManager=${foreignManager}`;
  return plane.api.must({ method: 'PATCH', path, ...patch });
}

/** Milliseconds from the moment when the foreign write is sent until a watch shows the object as it was. */
export async function untilHealed(
  plane: ControlPlane,
  tap: ObjectTap,
  where: Place,
  { isChanged, isRestored, act }: ForeignAct,
): Promise<number> {
  const seen = { changed: false };
  const healed = tap.when(`${where.namespace}/${where.name} healed`, (object) => {
    const { namespace, name } = object.metadata;
    if (namespace !== where.namespace || name !== where.name) return false;
    seen.changed ||= isChanged(object);
    return seen.changed && isRestored(object);
  });
  const began = performance.now();
  await act(plane, where);
  return (await healed) - began;
}
