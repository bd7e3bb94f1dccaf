import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectAt } from '../../src/model/json.ts';
import type { ContractContext } from './context.ts';
import { unforced } from './context.ts';

/** What the server says about permissions and schemas. */
export function questionCases(context: ContractContext): void {
  test('says whether this identity may do something', async () => {
    const action = { verb: 'delete', group: '', resource: 'configmaps', namespace: context.namespace } as const;
    assert.equal(await context.cluster.mayDo(action), true);
  });

  test('names what is in a namespace', async () => {
    const { object } = await context.cluster.apply(context.configMap(), unforced);
    const names = await context.cluster.namesIn(context.kindOf('', 'ConfigMap'), context.namespace, 2);
    assert.equal(names?.has(object.metadata.name), true);
    assert.equal(names.has('nobody'), false);
  });

  test('has the schema of a kind with everything that it refers to', async () => {
    const found = await context.cluster.schemaOf({ group: '', kind: 'ConfigMap' }, 'v1');
    const properties = objectAt(found?.schema, 'properties');
    assert.equal(objectAt(properties, 'data')['type'], 'object');
    assert.equal(objectAt(objectAt(properties, 'data'), 'additionalProperties')['type'], 'string');
    const [reference] = JSON.stringify(properties['metadata']).match(/#[^"]*ObjectMeta/) ?? [];
    assert.ok(reference !== undefined && found?.definitions[reference.split('/').at(-1) ?? ''] !== undefined);
  });

  test('has no schema of what it does not serve', async () => {
    const kind = { group: 'nowhere.example.com', kind: 'Widget' };
    assert.equal(await context.cluster.schemaOf(kind, 'nowhere.example.com/v1'), undefined);
  });
}
