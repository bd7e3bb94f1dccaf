import type { PatchOptions, RequestOptions } from '../../src/kube/cluster.ts';
import type { ApiError } from '../../src/model/api-error.ts';
import type { JsonValue } from '../../src/model/json.ts';
import type { Ref } from '../../src/model/object.ts';

/** One call of the port, as the fake saw it. */
export interface FakeRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'apply' | 'create' | 'patch' | 'merge' | 'replace' | 'delete';
  /** Name empty for lists and watches. */
  readonly ref: Ref;
  readonly manager?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | 'log';
  readonly priority?: 'urgent' | 'normal';
  /** The manifest or patch that was sent. */
  readonly body?: JsonValue;
}

/** What a test has made to fail. */
export interface Failure {
  readonly when: (request: FakeRequest) => boolean;
  readonly error: ApiError;
  readonly executed: boolean;
  left: number;
}

export function refIn({ group, kind, namespace, name }: Ref): Ref {
  return { group, kind, namespace, name };
}

export function prioritised({ priority }: RequestOptions): Pick<FakeRequest, 'priority'> {
  return priority === undefined ? {} : { priority };
}

export function written(
  verb: FakeRequest['verb'],
  target: Ref,
  options: Partial<PatchOptions>,
): Omit<FakeRequest, 'body' | 'force'> {
  const { manager, dryRun, subresource } = options;
  return {
    verb,
    ref: refIn(target),
    ...(manager === undefined ? {} : { manager }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(subresource === undefined ? {} : { subresource }),
    ...prioritised(options),
  };
}
