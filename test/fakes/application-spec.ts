import type { ApplicationSpec } from '../../src/model/application.ts';
import { Findings } from '../../src/model/findings.ts';
import { readSpec } from '../../src/model/parse-spec.ts';
import { sourceSpec } from './source-spec.ts';

/** The spec of an Application as the API defaults it, with what a test says of it. */
export function applicationSpec(change: Partial<ApplicationSpec> = {}): ApplicationSpec {
  const defaults = readSpec({ source: { repoURL: 'https://git.example.com/shop.git', path: '.' } }, new Findings());
  return { ...defaults, sources: [sourceSpec({})], ...change };
}

/** What `automated: {prune: true, selfHeal: true}` comes to. */
export const selfHealing: Partial<ApplicationSpec> = {
  automated: { prune: true, selfHeal: true, allowEmpty: false },
  drift: {
    ...{ correction: 'Immediate', explicit: false, minIntervalMs: 2_000, auditMs: 3_600_000 },
    fight: { limit: 5, windowMs: 60_000, action: 'BackOff' },
  },
};
