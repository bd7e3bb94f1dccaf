import { createHealthRules } from '../src/health/health.ts';
import type { JsonObject } from '../src/model/json.ts';
import type { KubeObject } from '../src/model/object.ts';
import { ruleCases, singleCases } from '../tools/health-cases.ts';

/** Verdicts made, and texts parsed, in one run; runs of which the median counts. */
const assessments = 10_000;
const runs = 9;

/** What a verdict may cost, in parses of the same object. */
const limits = { 'kinds of Kubernetes': 1, 'rules in CEL': 5 } as const;

/** What every live object carries, and no case file shows: who wrote which fields, and when. */
function asServed(object: KubeObject): KubeObject {
  const fields = {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': { 'f:replicas': {}, 'f:template': {} },
  };
  const entry = (manager: string): JsonObject => ({
    ...{ manager, operation: 'Apply', apiVersion: object.apiVersion, time: '2026-03-01T10:00:00Z' },
    ...{ fieldsType: 'FieldsV1', fieldsV1: fields },
  });
  return {
    ...object,
    metadata: {
      ...object.metadata,
      uid: '0b1f3f7e-9b1c-4a43-8a83-6f2f6c1f0a11',
      resourceVersion: '183645',
      creationTimestamp: '2026-03-01T10:00:00Z',
      labels: { app: 'web', 'evenkeel.dev/part-of': 'x7fj2m3k4l5n6p7q8r9s2t3u4v' },
      managedFields: [entry('evenkeel'), entry('controller')],
    },
  };
}

interface Sample {
  readonly object: KubeObject;
  readonly text: string;
}

/** Nanoseconds of processor time that one call takes, in the median of the runs. */
function measure(samples: readonly Sample[], call: (sample: Sample) => unknown): number {
  const turns = Array.from({ length: assessments }, (_, i) => samples[i % samples.length]).filter(
    (sample) => sample !== undefined,
  );
  const times = Array.from({ length: runs }, () => {
    const began = process.cpuUsage();
    for (const sample of turns) results[0] = call(sample);
    const { user, system } = process.cpuUsage(began);
    return ((user + system) * 1000) / assessments;
  });
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

/** What was made last is kept, so that making it is not optimised away. */
const results: unknown[] = [];

interface Comparison {
  readonly assess: number;
  readonly parse: number;
  readonly bytes: number;
}

function compare(objects: readonly KubeObject[]): Comparison {
  const health = createHealthRules();
  const samples = objects.map((object) => ({ object, text: JSON.stringify(object) }));
  return {
    assess: measure(samples, ({ object }) => health.assess(object)),
    parse: measure(samples, ({ text }) => JSON.parse(text)),
    bytes: samples.reduce((sum, { text }) => sum + text.length, 0) / samples.length,
  };
}

const samples: Record<keyof typeof limits, readonly KubeObject[]> = {
  'kinds of Kubernetes': [...singleCases()].flatMap(([name, { object }]) =>
    name.startsWith('generic-') ? [] : [object],
  ),
  'rules in CEL': [...ruleCases().values()].flat().map(({ object }) => object),
};

for (const [name, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
  const { assess, parse, bytes } = compare(samples[name].map(asServed));
  const ratio = assess / parse;
  process.stdout.write(
    `${name}: ${Math.round(assess)} ns per verdict, ${Math.round(parse)} ns per JSON.parse of ${Math.round(bytes)} bytes: ` +
      `${ratio.toFixed(2)} × (limit ${limit} ×)\n`,
  );
  if (process.argv.includes('--check') && ratio >= limit) process.exitCode = 1;
}
