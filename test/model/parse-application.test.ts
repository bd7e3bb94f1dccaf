import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { Application } from '../../src/model/application.ts';
import { OperatorErrors } from '../../src/model/errors.ts';
import { installationNamed } from '../../src/model/installation.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { isJsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { ParsedApplication } from '../../src/model/parse-application.ts';
import { parseApplication } from '../../src/model/parse-application.ts';
import { defaultGuard } from '../../src/model/parse-spec.ts';
import { describeRequest } from '../../src/model/sync-request.ts';
import { sourceSpec } from '../fakes/source-spec.ts';

interface Case {
  readonly name: string;
  readonly spec?: JsonObject;
  readonly noSpec?: boolean;
  readonly operation?: JsonObject;
  readonly annotations?: JsonObject;
  readonly ignored?: readonly string[];
  readonly errors?: readonly { readonly reason: string; readonly path: string; readonly says?: string }[];
  readonly neverSays?: string;
}

const installation = installationNamed('');

const minimal: JsonObject = { source: { repoURL: 'https://git.example.com/team/repository.git', path: '.' } };

/** RFC 7386. */
function merged(base: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, JsonValue> = isJsonObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  }
  return result;
}

function application(spec: JsonValue | undefined, more: JsonObject = {}, metadata: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'team', uid: 'u-1', resourceVersion: '7', generation: 3, ...metadata },
    ...(spec === undefined ? {} : { spec }),
    ...more,
  };
}

function parsed(spec: JsonObject = {}, more: JsonObject = {}, metadata: JsonObject = {}): ParsedApplication {
  return parseApplication(application(merged(minimal, spec), more, metadata), [], installation);
}

function valid(answer: ParsedApplication): Application {
  if (answer.kind === 'invalid') throw answer.error;
  return answer.app;
}

describe('applications, valid and not', () => {
  const cases = parse(readFileSync(new URL('cases/applications.yaml', import.meta.url), 'utf8')) as Case[];
  for (const item of cases) test(item.name, () => check(item));
});

function check(item: Case): void {
  const answer = parseApplication(objectOf(item), [], installation);
  const { ignored = [], errors = [], neverSays } = item;

  const found = answer.kind === 'invalid' && answer.error instanceof OperatorErrors ? answer.error.errors : [];
  const messages = found.map(({ message }) => message);
  assert.deepEqual(
    found.map(({ reason, message }) => `${reason} ${message.slice(0, message.indexOf(': '))}`).sort(),
    errors.map(({ reason, path }) => `${reason} ${path}`).sort(),
  );
  for (const { path, says } of errors) {
    const isSaid = messages.some((message) => message.startsWith(`${path}: `) && message.includes(says ?? ''));
    assert.ok(isSaid, `${path}: ${says ?? ''}`);
  }
  assert.ok(neverSays === undefined || !messages.join().includes(neverSays));
  assert.deepEqual(answer.app.fieldsIgnored.map(({ path }) => path).sort(), [...ignored].sort());
  assert.ok(found.every(({ step, retry }) => step === 'spec' && retry === 'never'));
}

function objectOf({ noSpec = false, spec = {}, operation, annotations = {} }: Case): KubeObject {
  const more = operation === undefined ? {} : { operation };
  return application(noSpec ? undefined : merged(minimal, spec), more, { annotations });
}

test('defaults', () => {
  const { spec } = valid(parsed());
  assert.deepEqual(spec, {
    project: 'default',
    sources: [sourceSpec({ repoURL: 'https://git.example.com/team/repository.git' })],
    hasSourceList: false,
    destinationNamespace: '',
    intervalMs: 30_000,
    syncOptions: {
      createNamespace: false,
      failOnSharedResource: false,
      pruneLast: false,
      replace: false,
      respectIgnoreDifferences: false,
      skipDryRunOnMissingResource: false,
      prune: 'yes',
      delete: 'yes',
      propagation: 'Foreground',
      validate: true,
    },
    managedNamespace: { labels: {}, annotations: {} },
    ignoreDifferences: [],
    conflicts: { default: 'Overwrite', rules: [], reclaimFrom: [] },
    retry: { durationMs: 5000, factor: 2, maxDurationMs: 180_000 },
    preflight: 'All',
    revisionHistoryLimit: 10,
    dependsOn: [],
    healthChecks: [],
    guard: defaultGuard,
    ownership: { adopt: 'IfUnowned', migrateFrom: ['kubectl'], migrateManagers: [] },
    timeouts: { hookMs: 3_600_000, progressMs: 600_000 },
    drift: {
      correction: 'OnSync',
      explicit: false,
      minIntervalMs: 2000,
      auditMs: 3_600_000,
      fight: { limit: 5, windowMs: 60_000, action: 'BackOff' },
    },
  });
});

describe('what follows from other fields', () => {
  test('an empty automated block is on, a disabled one off', () => {
    const empty = valid(parsed({ syncPolicy: { automated: {} } }));
    assert.deepEqual(empty.spec.automated, { prune: false, selfHeal: false, allowEmpty: false });
    const disabled = valid(parsed({ syncPolicy: { automated: { enabled: false, selfHeal: true } } }));
    assert.equal(disabled.spec.automated, undefined);
    assert.equal(disabled.spec.drift.correction, 'OnSync');
  });

  test('selfHeal corrects at once unless drift.correction says otherwise', () => {
    const automated = { selfHeal: true };
    const healed = valid(parsed({ syncPolicy: { automated } }));
    assert.deepEqual([healed.spec.drift.correction, healed.spec.drift.explicit], ['Immediate', false]);
    const watched = valid(parsed({ syncPolicy: { automated }, drift: { correction: 'DetectOnly' } }));
    assert.deepEqual([watched.spec.drift.correction, watched.spec.drift.explicit], ['DetectOnly', true]);
  });

  test('a retry block without limit does not retry', () => {
    const app = valid(parsed({ syncPolicy: { retry: { backoff: { duration: '7' } } } }));
    assert.deepEqual(app.spec.retry, { limit: 0, durationMs: 7000, factor: 2, maxDurationMs: 180_000 });
  });
});

describe('ownership', () => {
  test('an empty list migrates from nobody', () => {
    const { spec } = valid(parsed({ ownership: { adopt: 'Never', migrateFrom: [] } }));
    assert.deepEqual(spec.ownership, { adopt: 'Never', migrateFrom: [], migrateManagers: [] });
  });

  test('an annotation names one more field manager; ours wins', () => {
    const argo = { 'argocd.argoproj.io/client-side-apply-migration-manager': 'deployer' };
    assert.deepEqual(valid(parsed({}, {}, { annotations: argo })).spec.ownership.migrateManagers, ['deployer']);
    const both = { ...argo, 'evenkeel.dev/client-side-apply-migration-manager': 'other' };
    assert.deepEqual(valid(parsed({}, {}, { annotations: both })).spec.ownership.migrateManagers, ['other']);
  });
});

describe('requests', () => {
  test('the operation field', () => {
    const app = valid(parsed({}, { operation: { sync: { revisions: ['main'], prune: true } } }));
    assert.deepEqual(app.request, {
      revisions: ['main'],
      prune: true,
      dryRun: false,
      initiatedBy: { username: '', automated: false },
      from: 'operation',
      token: '',
      words: { sync: {}, operation: {} },
    });
  });

  test('what an operation says in place of the spec holds, and new commits are looked for where the spec says', () => {
    const source = { repoURL: 'https://git.example.com/other.git', path: 'b', targetRevision: 'v1' };
    const sync = { source, syncOptions: ['ApplyOutOfSyncOnly=true'], syncStrategy: { apply: { force: true } } };
    const app = valid(parsed({}, { operation: { sync, retry: { limit: 7 } } }));
    const plain = valid(parsed({}, {}));
    assert.equal(app.spec.sources[0].repoURL, source.repoURL);
    assert.deepEqual([app.spec.retry.limit, app.request?.strategy, app.request?.force], [7, 'apply', true]);
    assert.deepEqual(app.written?.sources, plain.spec.sources);
    assert.equal(plain.written, undefined);
  });

  test('the request that runs is gone on with while another one waits', () => {
    const running = { phase: 'Running', message: '', startedAt: '2026-01-01T00:00:00Z' };
    const operation = (username: string): JsonObject => ({ initiatedBy: { username }, sync: { prune: true } });
    const first = valid(parsed({}, { operation: operation('ann') }));
    assert.ok(first.request);
    const state = { ...running, operation: describeRequest(first.request, first.spec) as JsonObject };
    const second = { operation: operation('bob'), status: { operationState: state } };
    assert.equal(valid(parsed({}, second)).request?.initiatedBy.username, 'ann');
    const ended = { ...second, status: { operationState: { ...state, phase: 'Succeeded' } } };
    assert.equal(valid(parsed({}, ended)).request?.initiatedBy.username, 'bob');
    const abridged = { ...state, operation: { ...state.operation, abridged: true } };
    const large = { ...second, status: { operationState: abridged } };
    assert.equal(
      valid(parsed({}, large)).request?.initiatedBy.username,
      'bob',
      'what is not known is not gone on with',
    );
    assert.equal(valid(parsed({}, { ...second, operation: { terminate: {} } })).request?.terminate, true);
  });

  test('a new value of the sync annotation, once', () => {
    const metadata = { annotations: { 'evenkeel.dev/sync': 'now' } };
    const asked = valid(parsed({}, {}, metadata));
    assert.deepEqual([asked.request?.from, asked.request?.token, asked.request?.prune], ['annotation', 'now', false]);
    const served = valid(parsed({}, { status: { lastSyncRequest: 'now' } }, metadata));
    assert.equal(served.request, undefined);
  });

  test("skip-reconcile suspends, in Argo CD's spelling too; ours wins", () => {
    const argo = { 'argocd.argoproj.io/skip-reconcile': 'true' };
    const suspended = valid(parsed({}, {}, { annotations: argo }));
    assert.match(suspended.spec.suspend?.reason ?? '', /skip-reconcile/);
    const running = valid(parsed({}, {}, { annotations: { ...argo, 'evenkeel.dev/skip-reconcile': 'false' } }));
    assert.equal(running.spec.suspend, undefined);
  });
});

describe('what is known whatever the spec says', () => {
  const entry = 'apps/Deployment|shop|web|aaaaaaaaaaaaaaaaaaaaaaaaaa|h|f';
  const status = { observedGeneration: 2, record: { format: 1, entries: [entry] } };

  test('identity, status and record of an invalid application', () => {
    const answer = parsed({ nonsense: 1 }, { status }, { finalizers: ['evenkeel.dev/resources-finalizer'] });
    assert.equal(answer.kind, 'invalid');
    const { key, uid, generation, finalizers, record } = answer.app;
    assert.deepEqual([key, uid, generation, finalizers.length, record?.length], ['team/shop', 'u-1', 3, 1, 1]);
    assert.equal(answer.app.status.observedGeneration, 2);
  });

  test('a deletion does not need a valid spec, and keeps to the guard where that is right', () => {
    const prune = { guard: { protectedKinds: ['Secret'] } };
    const answer = parsed(
      { nonsense: 1, interval: 5, prune },
      { status },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    );
    const app = valid(answer);
    assert.deepEqual([app.deleting, app.record.length], [true, 1]);
    assert.deepEqual(app.spec.guard, { ...defaultGuard, protectedKinds: ['Secret'] });
    assert.equal(app.spec.sources[0].repoURL, '');
  });

  test('a wrong guard falls back to the default', () => {
    const prune = { guard: { protectedKinds: 'Secret' } };
    const app = valid(parsed({ prune }, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
    assert.deepEqual(app.spec.guard, defaultGuard);
  });

  test('a damaged record holds everything back, a deletion too', () => {
    for (const record of [{ format: 2, entries: [] }, { format: 1, entries: ['nonsense'] }, 'text']) {
      const answer = parsed({}, { status: { record } }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
      assert.ok(answer.kind === 'invalid');
      assert.equal(answer.error.reason, 'InvalidRecord');
      assert.equal(answer.app.record, undefined);
    }
  });

  test('a part of status in a form that is not known counts as absent', () => {
    const answer = parsed({}, { status: { observedGeneration: 'x', reconciledAt: '2026-01-01T00:00:00Z' } });
    assert.deepEqual(valid(answer).status, { reconciledAt: '2026-01-01T00:00:00Z' });
  });
});
