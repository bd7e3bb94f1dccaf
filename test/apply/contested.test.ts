import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contested } from '../../src/apply/intend.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { ConflictAction } from '../../src/model/differences.ts';
import { applicationNamed } from './application.ts';

const ref = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'map' };

/** As kube-apiserver says which field an unforced apply met. */
function conflictAt(field: string): ApiError {
  const cause = { reason: 'FieldManagerConflict', message: 'conflict with "hand" using v1', field };
  return new ApiError('Apply failed with 1 conflict', { kind: 'conflict', status: 409, causes: [cause] });
}

function saidOf(field: string, rule: string, action: ConflictAction): string | undefined {
  const rules = [{ target: {}, fields: [rule], managers: [], action }];
  const app = applicationNamed('shop', { conflicts: { default: 'Overwrite', rules, reclaimFrom: [] } });
  return contested(conflictAt(field), ref, { app })?.message;
}

describe('a field that an unforced apply met', () => {
  const rows = [
    ['.metadata.labels.app.kubernetes.io/name', 'metadata.labels[app.kubernetes.io/name]'],
    ['.metadata.labels.app.kubernetes.io/name', 'metadata.labels'],
    ['.spec.ports[port=80,protocol="TCP"].name', 'spec.ports[port=80,protocol=TCP].name'],
    ['.spec.containers[name="web"].image', 'spec.containers[*].image'],
  ] as const;
  for (const [field, rule] of rows) {
    it(`${field} is met by the rule for ${rule}`, () => {
      assert.match(saidOf(field, rule, 'Fail') ?? '', /is owned by hand: spec.conflicts says Fail/);
    });
  }

  it('is left where the rule says Yield, and it is said so', () => {
    assert.match(saidOf('.data.a', 'data.a', 'Yield') ?? '', /spec.conflicts says Yield, nothing is written/);
  });

  it('is taken where no rule is about it', () => {
    assert.equal(saidOf('.metadata.labels.app.kubernetes.io/name', 'metadata.labels[other]', 'Fail'), undefined);
    assert.equal(saidOf('.data.a', 'data.a', 'Overwrite'), undefined);
  });
});
