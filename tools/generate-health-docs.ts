import { readFileSync } from 'node:fs';
import path from 'node:path';
import { groupOf } from '../src/model/object.ts';
import { repositoryRoot, runGenerator, type GeneratedFile } from './generated-file.ts';
import { readRuleFiles } from './generate-health-rules.ts';
import type { HealthCase } from './health-cases.ts';
import { ruleCases, singleCases } from './health-cases.ts';

const source = 'tools/health.md';

/** What kstatus (sigs.k8s.io/cli-utils) says otherwise of the kinds of Kubernetes. */
const kstatus: Readonly<Record<string, string>> = {
  'apps/Deployment': 'a paused one is judged by its replicas',
  'apps/DaemonSet': 'OnDelete is waited for, too',
  'apps/StatefulSet': 'pods beyond `replicas` are waited for',
  'apps/ReplicaSet': 'ReplicaFailure is in progress',
  ReplicationController: 'current when it is observed',
  Pod: 'current when it ended, also with failure; failed when it cannot be scheduled for 15 s, or its containers crash-loop; no other reason to wait is a failure',
  'batch/Job': 'current as soon as it has started, and when it is suspended',
  'batch/CronJob': 'always current',
  Service: 'current as soon as it has a cluster IP',
  'networking.k8s.io/Ingress': 'always current',
  Namespace: 'always current',
  PersistentVolume: 'always current',
  PersistentVolumeClaim: 'in progress until it is bound, also when it is lost',
  'policy/PodDisruptionBudget': 'current when it is observed',
  'apiextensions.k8s.io/CustomResourceDefinition': 'schema violations do not count; in progress while `Installing`',
  'apiregistration.k8s.io/APIService': 'always current',
  'autoscaling/HorizontalPodAutoscaler': 'always current',
};

export function generateHealthDocs(): GeneratedFile[] {
  const text = readFileSync(path.join(repositoryRoot, source), 'utf8')
    .replace('{{kinds}}', () => kindsTable())
    .replace('{{generic}}', () => genericTable())
    .replace('{{rules}}', () => rulesTable());
  return [{ path: 'docs/health.md', text }];
}

function kindsTable(): string {
  const byKind = new Map<string, HealthCase[]>();
  for (const [name, one] of singleCases()) {
    if (name.startsWith('generic-')) continue;
    const kind = kindOf(one);
    byKind.set(kind, [...(byKind.get(kind) ?? []), one]);
  }
  const rows = [...byKind].sort(byName).flatMap(([kind, cases]) =>
    firstOfEach(cases).map((one, i) => {
      const other = kstatus[kind];
      if (other === undefined) throw new Error(`${kind} has no word on kstatus`);
      return row([i === 0 ? kind : '', one.expect.status, one.expect.message, i === 0 ? other : '']);
    }),
  );
  return ['| kind | health | for example | kstatus |', '|---|---|---|---|', ...rows].join('\n');
}

function genericTable(): string {
  const cases = [...singleCases()].filter(([name]) => name.startsWith('generic-')).map(([, one]) => one);
  const rows = cases.map(({ expect, object }) => {
    const { status, metadata } = object;
    const shown = status ?? { metadata: { ...metadata, name: undefined, namespace: undefined } };
    return row([`\`${JSON.stringify(shown)}\``, expect.status, expect.message]);
  });
  return ['| status | health | message |', '|---|---|---|', ...rows].join('\n');
}

function rulesTable(): string {
  const cases = ruleCases();
  const rows = readRuleFiles().flatMap(({ name, rule, why }) => {
    const kinds = rule.kinds.map((kind) => `\`${kind}\``).join(', ');
    const first = why === '' ? kinds : `${kinds}. ${why}`;
    return firstOfEach(cases.get(name) ?? []).map((one, i) =>
      row([i === 0 ? first : '', one.expect.status, one.expect.message]),
    );
  });
  return ['| kinds | health | for example |', '|---|---|---|', ...rows].join('\n');
}

/** One case of each verdict, in the order of the files. */
function firstOfEach(cases: readonly HealthCase[]): HealthCase[] {
  return [...Map.groupBy(cases, ({ expect }) => expect.status).values()].flatMap(([first]) => first ?? []);
}

function kindOf({ object }: HealthCase): string {
  const group = groupOf(object.apiVersion);
  return group === '' ? object.kind : `${group}/${object.kind}`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
}

if (import.meta.main) await runGenerator(generateHealthDocs);
