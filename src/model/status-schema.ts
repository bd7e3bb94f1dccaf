import { conditionTypes } from './condition.ts';
import { drift } from './drift-schema.ts';
import { mostHooks } from './hook-run.ts';
import type { Described } from './schema-parts.ts';
import { anyObject, block, flag, list, metadata, oneOf, refFields, text, texts, time, whole } from './schema-parts.ts';

/** Long enough for every group, kind, namespace, name, uid and hash of the API. */
const recordEntry = text('', { maxLength: 2048 });

/** At most this many entries stand in `status.record` itself. */
export const inlineEntries = 300;

/** At most this many entries stand in one Inventory. */
export const inventoryEntries = 1000;

const recordFormat = () => whole('How the entries are written; 1.', { minimum: 1 });

const record = block(
  'What this Application has written. Only what stands here is ever deleted.',
  { inventories: whole('Number of Inventories that hold the entries instead.', { minimum: 0 }) },
  {
    required: {
      format: recordFormat(),
      entries: list(recordEntry, inlineEntries, 'group/Kind|namespace|name|uid|desired|fp'),
    },
  },
);

const version = () => text('Version.', { maxLength: 63 });

const revision = (description = 'Commit.') => text(description, { maxLength: 255 });

const revisions = () => texts('Commits of several sources.', 20, { maxLength: 255 });

const message = (description = 'For people.') => text(description, { maxLength: 32_768 });

const syncStatus = () => oneOf('Whether the objects are as Git says.', ['Synced', 'OutOfSync', 'Unknown']);

const healthStatus = () =>
  oneOf('Whether the objects work.', ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown']);

const condition = block(
  'One condition.',
  { observedGeneration: whole('Generation that it is about.') },
  {
    required: {
      type: oneOf('What it is about.', conditionTypes),
      status: oneOf('Status.', ['True', 'False', 'Unknown']),
      reason: text('One of docs/errors.md.'),
      message: message(),
      lastTransitionTime: time('When the status changed.'),
    },
  },
);

const counts = block(
  'How many objects are in which state.',
  {},
  {
    required: {
      objects: whole(''),
      synced: whole(''),
      outOfSync: whole(''),
      healthy: whole(''),
      progressing: whole(''),
      degraded: whole(''),
      unexplained: whole(''),
    },
  },
);

const resource = block(
  'One object that is not Synced or not Healthy.',
  {
    health: block(
      'Health.',
      { since: time('Since when nothing of it has changed.') },
      { required: { status: healthStatus(), message: message() } },
    ),
    requiresPruning: flag('No longer in Git.'),
    requiresDeletionConfirmation: flag('Deletion waits for approval.'),
    message: message(),
    hook: flag('A hook.'),
    syncWave: whole('Wave.'),
  },
  { required: { ...refFields(), version: version(), status: syncStatus() } },
);

const syncResult = block(
  'What it did.',
  { revisions: revisions(), source: anyObject('Source.'), sources: list(anyObject('Source.'), 20, 'Sources.') },
  {
    required: {
      revision: revision(),
      resources: list(
        block(
          'One object.',
          {
            hookType: text('Type of the hook.', { maxLength: 63 }),
            hookPhase: text('State of the hook.', { maxLength: 63 }),
            syncPhase: text('Phase.', { maxLength: 63 }),
          },
          {
            required: {
              ...refFields(),
              version: version(),
              status: oneOf('What became of it.', ['Synced', 'SyncFailed', 'Pruned', 'PruneSkipped']),
              message: message(),
            },
          },
        ),
        200,
        'What became of each object, failures first.',
      ),
    },
  },
);

const hookRun = block(
  'The newest try of a sync with hooks.',
  {
    endedAt: time('When it had failed or succeeded.'),
    failure: block(
      'Why it failed.',
      {},
      {
        required: {
          reason: text('One of docs/errors.md.', { maxLength: 63 }),
          message: message(),
          retry: oneOf('What heals it.', ['interval', 'never']),
        },
      },
    ),
  },
  {
    required: {
      startedAt: time('Begin.'),
      attempt: whole('Which try of the operation it is, from 1.', { minimum: 1 }),
      revision: revision(),
      digest: text('Of the objects and hooks.', { maxLength: 64 }),
      release: oneOf('Which hooks of Helm run.', ['install', 'upgrade']),
      hooks: list(
        block(
          'A hook that was begun.',
          {},
          {
            required: {
              ...refFields(),
              phase: text('Its phase.', { maxLength: 63 }),
              state: oneOf('How it stands.', ['Running', 'Succeeded', 'Failed']),
              message: message(),
            },
          },
        ),
        mostHooks,
        'The hooks that were begun.',
      ),
    },
  },
);

const operationState = block(
  'The running or last operation.',
  { syncResult, hookRun, finishedAt: time('End.'), retryCount: whole('Attempts after the first.') },
  {
    required: {
      operation: anyObject('What was asked for.'),
      phase: oneOf('State.', ['Running', 'Terminating', 'Succeeded', 'Failed', 'Error']),
      message: message(),
      startedAt: time('Begin.'),
    },
  },
);

const initiatedBy = block(
  'Who asked for it.',
  { username: text('Name.', { maxLength: 253 }) },
  { required: { automated: flag('By the operator itself.') } },
);

const historyEntry = block(
  'One successful sync.',
  {
    revisions: revisions(),
    sources: list(anyObject('Source.'), 20, 'Sources.'),
    chartVersions: texts('Versions of charts.', 20),
    source: anyObject('Source.'),
    author: text('Author of the commit.'),
    committedAt: time('When it was committed.'),
    subject: text('First line of its message.'),
    healthyAt: time('When everything was healthy.'),
  },
  {
    required: {
      id: whole('Grows by one.'),
      revision: revision(),
      digest: text('Of the rendered objects.', { maxLength: 128 }),
      deployStartedAt: time('Begin.'),
      deployedAt: time('End.'),
      initiatedBy,
    },
  },
);

const hold = block(
  'Stays at a revision; newer commits are seen and not applied.',
  {
    revisions: revisions(),
    source: anyObject('Its source, when it is not that of the spec.'),
    sources: list(anyObject('Source.'), 20, 'Its sources.'),
  },
  {
    required: {
      asked: text('Value of the annotation evenkeel.dev/hold.', { maxLength: 4096 }),
      revision: revision('Commit.'),
      digest: text('Of its objects.', { maxLength: 128 }),
      exact: flag('Nothing of another digest is applied.'),
      since: time('When it began.'),
      reason: message('Why.'),
    },
  },
);

const plan = block(
  'The newest plan that deletes something.',
  {
    recorded: whole(
      'How many objects were on record when it was held back: what is added since makes it no smaller part.',
    ),
  },
  {
    required: {
      hash: text('To be put into the annotation evenkeel.dev/approve.', { maxLength: 64 }),
      summary: message(),
      destructive: texts('What would be deleted or replaced.', 200, { maxLength: 2048 }),
    },
  },
);

const sync = block(
  'Compared with Git.',
  { revisions: revisions() },
  { required: { status: syncStatus(), revision: revision('Newest commit that was compared.') } },
);

const sourceType = () => oneOf('What renders it.', ['Directory', 'Helm', 'Kustomize']);

const health = block(
  'The worst of all objects.',
  {},
  { required: { status: healthStatus(), message: message(), lastTransitionTime: time('When it changed.') } },
);

const summary = block(
  'What runs.',
  {},
  {
    required: {
      images: texts('Images.', 50),
      externalURLs: texts('Addresses from outside.', 50, { maxLength: 2048 }),
    },
  },
);

const applied = block(
  'What was applied last as a whole: drift is measured against it.',
  { revisions: revisions(), deleteHooks: whole('Hooks that run when the Application is deleted.') },
  { required: { revision: revision('Commit.'), digest: text('Of its objects.', { maxLength: 64 }) } },
);

/** `status` of an Application; every list has a maximum, so that it stays small at any number of objects. */
export const applicationStatusSchema = block('What the operator found and did.', {
  observedGeneration: whole('Generation of the spec that this is about.'),
  reconciledAt: time('When something changed last.'),
  sync,
  health,
  sourceType: sourceType(),
  sourceTypes: list(sourceType(), 20, 'Of several sources.'),
  conditions: list(condition, 20, 'Ready, Reconciling, Stalled, and what else holds.'),
  counts,
  summary,
  resources: list(resource, 50, 'Objects that are not Synced or not Healthy.'),
  resourcesOmitted: whole('How many more there are.'),
  drift: list(drift, 20, 'What somebody else changed.'),
  operationState,
  applied,
  history: list(historyEntry, 100, 'Successful syncs, oldest first.'),
  hold,
  plan,
  terminated: block(
    'The sync that a user ended: it is not begun again by itself while revision and spec are the same.',
    {},
    { required: { revision: revision(), spec: text('Hash of the spec.', { maxLength: 64 }) } },
  ),
  lastSyncRequest: text('Value of the annotation evenkeel.dev/sync that was served last.', { maxLength: 1024 }),
  record,
});

export type StatusResource = Described<typeof applicationStatusSchema>;

/** A part of a record that is too large for the status of its Application. */
export const inventorySchema = block(
  'Part of the record of an Application: written by the operator only, because the record decides what is deleted.',
  {
    apiVersion: text('evenkeel.dev/v1alpha1'),
    kind: text('Inventory'),
    metadata: metadata(),
  },
  {
    required: {
      format: recordFormat(),
      entries: list(recordEntry, inventoryEntries, 'group/Kind|namespace|name|uid|desired|fp, sorted'),
    },
  },
);
