import type { WriteOptions } from '../kube/cluster.ts';
import { arrayAt, isJsonObject, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf, uidOf } from '../model/object.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { unchangedSince } from './ownership.ts';
import type { Order, Written } from './write.ts';
import { entryOf, patchObject, sendApply } from './write.ts';

type WholeOrder = Order & { readonly live: KubeObject };

/**
 * Writes an existing object as a whole (`Replace=true`): what Git does not say goes, whoever set it, but for status,
 * finalizers, owners, and what the server fills in or keeps.
 *
 * Guarantees: as `writeObject`. Afterwards our Apply entry has what Git says and nothing else; the Update entry that the
 * PUT leaves under our name goes. A kill in between is mended by the next run: our entry is not the recorded one then.
 */
export async function writeWhole(order: WholeOrder, context: ApplyContext): Promise<Written> {
  const flight = context.writes.begin(order.ref);
  try {
    const put = await context.cluster.replace(wholeBody(order), optionsOf(context));
    const live = await patchObject(put, withoutOwnUpdate(put, context), context);
    const { object, created } = await sendApply({ ...order, live, force: true }, context);
    flight.answered(object, order.desired);
    return { object, entry: entryOf(order, object, context), created };
  } finally {
    flight.end();
  }
}

/** Asks whether the server would take it. Throws ApiError. */
export async function tryWhole(order: Pick<WholeOrder, 'body' | 'live'>, context: ApplyContext): Promise<KubeObject> {
  return context.cluster.replace(wholeBody(order), { ...optionsOf(context), dryRun: true });
}

function optionsOf(context: ApplyContext): WriteOptions {
  return { ...requestOptions(context), manager: context.installation.manager };
}

/** Finalizers and owners are what keeps others' work from being lost: Git rarely means to drop them. */
function wholeBody({ body, live }: Pick<WholeOrder, 'body' | 'live'>): KubeObject {
  const held = Object.entries(live.metadata).filter(([key]) => key === 'finalizers' || key === 'ownerReferences');
  const read = { uid: uidOf(live), resourceVersion: resourceVersionOf(live) };
  return { ...body, metadata: { ...Object.fromEntries(held), ...body.metadata, ...read } };
}

function withoutOwnUpdate(object: KubeObject, { installation }: ApplyContext): Parameters<typeof patchObject>[1] {
  const entries = arrayAt(object.metadata, 'managedFields').filter(isJsonObject);
  const others = entries.filter(
    (entry) =>
      stringAt(entry, 'manager') !== installation.manager ||
      stringAt(entry, 'operation') !== 'Update' ||
      (stringAt(entry, 'subresource') ?? '') !== '',
  );
  if (others.length === entries.length) return [];
  return [{ op: 'replace', path: '/metadata/managedFields', value: others }, unchangedSince(object)];
}
