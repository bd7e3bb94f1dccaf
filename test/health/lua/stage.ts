import type { ClusterRules, HealthJudge } from '../../../src/health/health.ts';
import { createClusterRules, createHealthRules } from '../../../src/health/health.ts';
import type { Health } from '../../../src/model/health.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { objectAt } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { Clock } from '../../../src/model/ports.ts';
import { ManualClock } from '../../fakes/clock.ts';

/** A Widget called `thing`; another version of it has another resourceVersion. */
export function widget(fields: JsonObject, version = '1', name = 'thing'): KubeObject {
  const metadata = { ...objectAt(fields, 'metadata'), name, uid: `uid-${name}`, resourceVersion: version };
  return { ...fields, apiVersion: 'example.com/v1', kind: 'Widget', metadata };
}

/** Rules for the whole cluster, and what was told of broken ones. */
export class RulesStage implements AsyncDisposable {
  readonly clock: Clock;
  readonly health: HealthJudge = createHealthRules();
  readonly rules: ClusterRules;
  readonly broken: string[] = [];

  constructor(clock: Clock = new ManualClock()) {
    this.clock = clock;
    const broken = (rule: { readonly path: string; readonly message: string }): void => {
      this.broken.push(`${rule.path}: ${rule.message}`);
    };
    this.rules = createClusterRules({ clock, broken, changed: (rules) => this.health.setClusterRules(rules) });
  }

  /** Scripts by kind, as the chart writes them. */
  scripts(scripts: Readonly<Record<string, string>>): void {
    this.rules.use({ lua: JSON.stringify(scripts) });
  }

  /** The verdict when every script has run. */
  async verdict(object: KubeObject): Promise<Health> {
    this.health.assess(object);
    await this.rules.settled();
    return this.health.assess(object);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rules[Symbol.asyncDispose]();
  }
}
