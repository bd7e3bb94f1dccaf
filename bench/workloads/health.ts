import { createHealthRules } from '../../src/health/health.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { ruleCases, singleCases } from '../../tools/health-cases.ts';
import type { Reading } from '../figures.ts';
import { median } from '../statistics.ts';
import type { Workload } from '../workload.ts';

/** What a verdict on the health of a live object costs beside parsing the same object. */
export const health: Workload = { name: 'health', once: true, measure: () => Promise.resolve(readings()) };

/** Verdicts made, and texts parsed, in one run; runs of which the median counts. */
const assessments = 10_000;
const runs = 9;
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
function nanoseconds(samples: readonly Sample[], call: (sample: Sample) => unknown): number {
  const turns = Array.from({ length: assessments }, (_, i) => samples[i % samples.length]).filter(
    (sample) => sample !== undefined,
  );
  const times = Array.from({ length: runs }, () => {
    const began = process.cpuUsage();
    for (const sample of turns) results[0] = call(sample);
    const { user, system } = process.cpuUsage(began);
    return ((user + system) * 1000) / assessments;
  });
  return median(times);
}

/** What was made last is kept, so that making it is not optimised away. */
const results: unknown[] = [];

function readings(): Reading[] {
  const kinds = [...singleCases()].flatMap(([name, { object }]) => (name.startsWith('generic-') ? [] : [object]));
  const rules = [...ruleCases().values()].flat().map(({ object }) => object);
  return [reading('kinds of Kubernetes', kinds), reading('rules in CEL', rules)];
}

function reading(figure: string, objects: readonly KubeObject[]): Reading {
  const judge = createHealthRules();
  const samples = objects.map(asServed).map((object) => ({ object, text: JSON.stringify(object) }));
  const value = nanoseconds(samples, ({ object }) => judge.assess(object));
  return { figure, unit: 'ns', value, floor: nanoseconds(samples, ({ text }) => JSON.parse(text)) };
}
