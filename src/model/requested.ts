import type { Application, ApplicationSpec, KnownApplication, OperationState, SyncRequest } from './application.ts';
import { isOperation } from './as-declared.ts';
import { Findings } from './findings.ts';
import type { Installation } from './installation.ts';
import type { JsonValue } from './json.ts';
import { annotatedRequest, isRequested, readOperation } from './sync-request.ts';

export interface Asking {
  readonly asked: SyncRequest | undefined;
  readonly spec: ApplicationSpec;
  readonly installation: Installation;
}

/**
 * The request that is served now. One that a user wrote over another one that runs is next: the one that runs is gone on
 * with as status has it. Only `terminate` does not wait.
 */
export function requestNow(
  { asked, spec, installation }: Asking,
  known: Pick<KnownApplication, 'annotations' | 'status'>,
): SyncRequest | undefined {
  const candidates = [asked, annotatedRequest(known, installation)].filter((one) => one !== undefined);
  const [first] = candidates;
  const running = known.status.operationState;
  if (first === undefined || first.terminate === true || running?.phase !== 'Running') return first;
  return candidates.find((one) => isRequested(running, one, spec)) ?? resumed(running) ?? first;
}

/** undefined: nobody asked for what runs, or status does not hold all of its words. */
function resumed({ operation }: OperationState): SyncRequest | undefined {
  const findings = new Findings();
  // Status was read as JSON; its type does not say so.
  const written = operation as JsonValue;
  if (!isOperation(written, findings)) return undefined;
  const request = readOperation(written, findings);
  const isWhole = findings.problems.length === 0 && request?.initiatedBy.automated === false;
  return isWhole ? request : undefined;
}

/** The spec as the request, or the hold, wants it, with what the spec itself says where that matters beyond it. */
export function specAsked(
  spec: ApplicationSpec,
  { request, hold }: Pick<Application, 'request' | 'hold'>,
): Pick<Application, 'spec' | 'written'> {
  const { syncOptions, retry } = request ?? {};
  const source = request?.source ?? hold?.source;
  const { sources, hasSourceList } = spec;
  return {
    spec: {
      ...spec,
      ...source,
      ...(syncOptions === undefined ? {} : { syncOptions }),
      ...(retry === undefined ? {} : { retry }),
    },
    ...(source === undefined ? {} : { written: { sources, hasSourceList } }),
  };
}
