import type { Health } from '../../model/health.ts';
import type { JsonValue } from '../../model/json.ts';
import { isJsonArray } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { annotationsOf } from '../../model/object.ts';
import type { StatusCondition } from '../conditions.ts';
import { conditionsOf, explain, readConditions } from '../conditions.ts';
import { degraded, healthy, progressing, unknown } from '../verdict.ts';

const failures: Readonly<Record<string, readonly string[]>> = {
  AbleToScale: ['FailedGetScale', 'FailedUpdateScale'],
  ScalingActive: ['FailedGetResourceMetric', 'InvalidSelector'],
};

/** The first condition that is decisive gives the verdict, as in Argo CD: being able to scale comes first. */
export function assessHorizontalPodAutoscaler(object: KubeObject): Health {
  const conditions = conditionsByVersion(object);
  if (conditions === undefined) return unknown(`annotation ${conditionsAnnotation} is not valid JSON`);
  const decisive = conditions.find((condition) => isFailure(condition) || isProof(condition));
  if (decisive === undefined) return progressing('waits for its first scaling decision');
  return isFailure(decisive) ? degraded(explain(decisive)) : healthy(explain(decisive));
}

function isFailure({ type, reason }: StatusCondition): boolean {
  return Object.hasOwn(failures, type) && failures[type]?.includes(reason) === true;
}

function isProof({ type, status }: StatusCondition): boolean {
  return status === 'True' && (type === 'AbleToScale' || type === 'ScalingLimited');
}

const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions';

/** autoscaling/v1 has no conditions in its status; the API server puts them into an annotation. */
function conditionsByVersion(object: KubeObject): readonly StatusCondition[] | undefined {
  const text = annotationsOf(object)[conditionsAnnotation];
  if (object.apiVersion !== 'autoscaling/v1' || typeof text !== 'string') return conditionsOf(object);
  const entries = parseEntries(text);
  return entries === undefined ? undefined : readConditions(entries);
}

function parseEntries(text: string): readonly JsonValue[] | undefined {
  try {
    const entries = JSON.parse(text) as JsonValue;
    return isJsonArray(entries) ? entries : undefined;
  } catch {
    return undefined;
  }
}
