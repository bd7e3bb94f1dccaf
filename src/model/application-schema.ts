import { fightActions } from './fight.ts';
import { applicationStatusSchema } from './status-schema.ts';
import type { Described } from './schema-parts.ts';
import {
  anyObject,
  block,
  duration,
  flag,
  flags,
  ignored,
  intOrString,
  labels,
  list,
  metadata,
  notYet,
  oneOf,
  present,
  refused,
  text,
  texts,
  time,
  whole,
} from './schema-parts.ts';

/*
 * Every field of an Application: the CRD and the TypeScript types are made from this file.
 * A field without a tag is built; the tags say what becomes of the others.
 */

const withoutHelm = 'kustomize is run without Helm; make the chart a source of its own';

const oneVersion = 'one bundled version renders everything';

const helm = block('Renders the path, or the chart, with Helm.', {
  releaseName: text('Name of the release; the name of the Application when absent.'),
  namespace: text('Namespace of the release; that of the destination when absent.', { maxLength: 63 }),
  kubeVersion: text("Kubernetes version that templates see; the cluster's when absent."),
  apiVersions: texts("API versions that templates see; the cluster's when absent.", 1024),
  valueFiles: texts('Values files, the last one wins. Globs; a leading / is the root of the repository.', 128),
  values: text('Values as YAML text.', { maxLength: 262_144 }),
  valuesObject: anyObject('Values as an object; replaces `values` as a whole.'),
  parameters: list(
    block('One value.', {
      name: text('Path of the value.'),
      value: text('The value.', { maxLength: 65_536 }),
      forceString: flag('Treats the value as text.'),
    }),
    512,
    'Single values, before everything but fileParameters.',
  ),
  fileParameters: list(
    block('One value from a file.', { name: text('Path of the value.'), path: text('The file.') }),
    128,
    'Single values, read from files.',
  ),
  ignoreMissingValueFiles: flag('Passes over values files that do not exist.'),
  skipCrds: flag('Leaves out the CustomResourceDefinitions of the chart.'),
  skipTests: flag('Leaves out the tests of the chart.'),
  skipSchemaValidation: flag("Does not check values against the chart's schema."),
  passCredentials: flag('Sends credentials to other domains, too.'),
  version: ignored(text('Version of Helm.'), oneVersion),
});

const patchTarget = block('The objects to patch.', {
  group: text('Group.'),
  version: text('Version.'),
  kind: text('Kind.'),
  name: text('Name.'),
  namespace: text('Namespace.'),
  annotationSelector: text('Annotation selector.'),
  labelSelector: text('Label selector.'),
});

const kustomize = block('Renders the path with Kustomize.', {
  namePrefix: text('Prefix of all names.', { maxLength: 253 }),
  nameSuffix: text('Suffix of all names.', { maxLength: 253 }),
  namespace: text('Namespace of all namespaced objects.', { maxLength: 63 }),
  images: texts('Images to override: [old=]new[:tag|@digest].', 512),
  replicas: list(
    block('Replicas of one workload.', { name: text('Name.'), count: intOrString('Number.') }),
    256,
    'Replicas to override.',
  ),
  patches: list(
    block('One patch.', {
      path: text('File of the patch.'),
      patch: text('The patch itself.', { maxLength: 262_144 }),
      target: patchTarget,
      options: flags('Options of the patch.'),
    }),
    256,
    'Patches, after those of the kustomization.',
  ),
  components: texts('Components to add.', 128),
  commonLabels: labels('Labels to add to all objects.'),
  commonAnnotations: labels('Annotations to add to all objects.'),
  kubeVersion: ignored(text('Kubernetes version for Helm charts of the kustomization.'), withoutHelm),
  apiVersions: ignored(texts('API versions for Helm charts of the kustomization.', 1024), withoutHelm),
  ignoreMissingComponents: flag('Passes over components that do not exist.'),
  labelWithoutSelector: flag('Adds commonLabels to metadata only.'),
  labelIncludeTemplates: flag('Adds commonLabels to templates, too.'),
  forceCommonLabels: flag('Overwrites labels that exist.'),
  forceCommonAnnotations: flag('Overwrites annotations that exist.'),
  commonAnnotationsEnvsubst: flag('Substitutes variables in commonAnnotations.'),
  version: ignored(text('Version of Kustomize.'), oneVersion),
});

const jsonnetVariables = (description: string) =>
  list(
    block('One variable.', { name: text('Name.'), value: text('Value.', { maxLength: 65_536 }), code: flag('Code.') }),
    128,
    description,
  );

const directory = block('Reads plain manifests: files that end in .yaml, .yml or .json.', {
  recurse: flag('Reads subfolders, too.'),
  include: text('Glob of the files to read; {a,b} are alternatives, * crosses /.'),
  exclude: text('Glob of the files to leave out; wins over include.'),
  disableExtensionFilter: flag('Reads files with any name.'),
  jsonnet: notYet(
    block('Jsonnet.', {
      extVars: jsonnetVariables('External variables.'),
      tlas: jsonnetVariables('Top-level arguments.'),
      libs: texts('Library paths.', 64),
    }),
  ),
});

const plugin = refused(
  block('A config management plugin.', {
    name: text('Name.'),
    env: list(
      block('One variable.', { name: text('Name.'), value: text('Value.', { maxLength: 65_536 }) }),
      128,
      'Environment.',
    ),
    parameters: list(
      block('One parameter.', {
        name: text('Name.'),
        string: text('Text.', { maxLength: 65_536 }),
        array: texts('List.', 128),
        map: labels('Map.'),
      }),
      128,
      'Parameters.',
    ),
  }),
  'a plugin would run any program next to the credentials of the operator; render in CI and commit the result',
);

const verify = present(
  block('Refuses revisions that are not signed by a known key.', {
    mode: oneOf('What has to be signed.', ['Head', 'Tag']),
    secretRef: text('Secret with the public keys.', { maxLength: 253 }),
  }),
);

/** One source, in `source`, `sources` and `operation.sync`. */
const sourceFields = () => ({
  path: text('Folder in the repository; `.` is its root.'),
  targetRevision: text('Branch, tag, refs/…, commit (at least 7 digits) or version constraint; HEAD when absent.', {
    maxLength: 255,
  }),
  tagPrefix: text('Only tags with this prefix; it is stripped before versions are compared.'),
  chart: text('Name of a Helm chart in the repository.'),
  ref: text('Name by which other sources refer to this one: $ref/file.', { pattern: '^[A-Za-z0-9_-]*$' }),
  name: text('Display name.'),
  helm,
  kustomize,
  directory,
  plugin,
  secretRef: text('Secret in the namespace of the Application with the credentials of the repository.', {
    maxLength: 253,
  }),
  verify,
});

const refWithChart = {
  rule: "!(has(self.ref) && self.ref != '' && has(self.chart) && self.chart != '')",
  message: 'ref and chart exclude each other',
};

const repoURL = () =>
  text(
    'Address of the repository, without credentials: https://…, ssh://…, user@host:path; with chart an index or a registry.',
    { maxLength: 2048 },
  );

const source = (description: string) =>
  block(description, sourceFields(), { required: { repoURL: repoURL() }, rules: [refWithChart] });

const sources = (description: string) => list(source('One of several sources.'), 20, description);

const info = () =>
  list(
    block('One line.', { name: text('Name.'), value: text('Value.', { maxLength: 4096 }) }),
    64,
    'Information for people.',
  );

const destination = block(
  'Where the objects go. Without server and name: this cluster.',
  {
    server: text('Address of the cluster.', { maxLength: 2048 }),
    name: text('Name of the cluster.', { maxLength: 253 }),
    namespace: text('Namespace of namespaced objects that name none.', { maxLength: 63 }),
    serviceAccountName: notYet(text('ServiceAccount that every request is made as.', { maxLength: 253 })),
  },
  {
    rules: [
      {
        rule: "!(has(self.server) && self.server != '' && has(self.name) && self.name != '')",
        message: 'server and name exclude each other',
      },
    ],
  },
);

const retry = (description: string) =>
  block(description, {
    limit: whole('How often a failed sync is tried again; negative: without end. 0 when absent.', {
      minimum: -1_000_000,
      maximum: 1_000_000,
    }),
    backoff: block('Waiting times.', {
      duration: duration('First wait. Default 5s.'),
      factor: whole('Each wait is so many times the one before. Default 2.', { minimum: 1, maximum: 100 }),
      maxDuration: duration('Longest wait. Default 3m.'),
    }),
    refresh: flag('Accepted: a newer commit always ends a retry.'),
  });

const syncPolicy = block('When and how to sync.', {
  automated: block('Present: syncs by itself.', {
    enabled: flag('Default true.'),
    prune: flag('Deletes what is no longer in Git.'),
    selfHeal: flag('Corrects drift at once.'),
    allowEmpty: flag('Allows a source without objects to delete everything.'),
  }),
  syncOptions: texts('Name=value.', 64, { maxLength: 256 }),
  managedNamespaceMetadata: block('Metadata of the namespace that CreateNamespace=true makes.', {
    labels: labels('Labels.'),
    annotations: labels('Annotations.'),
  }),
  retry: retry('How a failed sync is tried again. Absent: 5 times when automated, else not.'),
});

const ignoreDifferences = list(
  block('One rule.', {
    group: text('Group; `*` is any text. The core group when absent.'),
    kind: text('Kind; `*` is any text.'),
    name: text('Name; all when absent.'),
    namespace: text('Namespace; all when absent.'),
    jsonPointers: texts('JSON pointers; `*` is any key or index.', 128),
    jqPathExpressions: texts('jq expressions that are paths.', 128, { maxLength: 4096 }),
    managedFieldsManagers: texts('Field managers whose fields are ignored.', 128),
  }),
  128,
  'Differences that are neither shown nor corrected; a sync writes them, unless RespectIgnoreDifferences=true.',
);

const guard = block('Holds back plans that delete much.', {
  maxObjects: whole('Deletions that need no approval. Default 50.', { minimum: 0, maximum: 1_000_000 }),
  maxPercent: whole('… in percent of the recorded objects, when there are more than 10. Default 25.', {
    minimum: 0,
    maximum: 100,
  }),
  protectedKinds: texts('Kinds whose deletion always needs approval.', 64, { maxLength: 316 }),
  onTrip: oneOf('What happens to such a plan. Default RequireApproval.', ['RequireApproval', 'Deny']),
});

const drift = block('What happens when somebody changes an object in the cluster.', {
  correction: oneOf('Default Immediate with selfHeal, else OnSync.', ['Immediate', 'OnSync', 'DetectOnly']),
  minInterval: duration('Least time between two corrections of one object. Default 2s.'),
  audit: duration('How often everything is compared even without events; 0 = off. Default 1h.'),
  fight: block('When another client takes the same fields again and again.', {
    threshold: text('How often in a second, minute or hour. Default 5/m.', {
      pattern: '^[1-9][0-9]{0,5}/(s|m|h)$',
      maxLength: 32,
    }),
    action: oneOf('Default BackOff.', fightActions),
  }),
});

const conflictActions = ['Overwrite', 'Yield', 'Fail'] as const;

const conflicts = block('What happens when another manager owns a field of ours.', {
  default: oneOf('Default Overwrite.', conflictActions),
  rules: list(
    block(
      'One rule; the first that matches wins. `*` is any text; what is absent matches anything.',
      {
        target: block('The objects.', {
          group: text('Group.'),
          kind: text('Kind.'),
          name: text('Name.'),
          namespace: text('Namespace.'),
        }),
        fields: texts('Paths of fields as differences have them; each stands for everything below it, too.', 128),
        managers: texts('Field managers.', 64),
      },
      { required: { action: oneOf('What to do.', conflictActions) } },
    ),
    128,
    'Rules for single fields.',
  ),
  reclaimFrom: texts('Regular expressions of managers, each for the whole name: what they add is removed.', 64),
});

const ownership = block('Which existing objects may be taken.', {
  adopt: oneOf('Default IfUnowned.', ['IfUnowned', 'Always', 'Never']),
  migrateFrom: list(
    oneOf('A tool.', ['kubectl', 'helm', 'argocd', 'flux']),
    4,
    'Tools whose fields are taken over. Default [kubectl].',
  ),
});

const rollback = block('Goes back by itself, and holds.', {
  onDegraded: present(
    block('When a new revision turns Degraded; once for the same objects.', {
      within: duration('So long after the sync. Default 5m.'),
      to: oneOf('Default LastHealthy.', ['LastHealthy']),
    }),
  ),
});

const cel = (description: string) => text(description, { maxLength: 4096 });

const dependsOn = list(
  block(
    'One object that has to be ready first.',
    {
      namespace: text('Namespace; that of the Application when absent.', { maxLength: 63 }),
      kind: text('Default Application.', { maxLength: 63 }),
      apiVersion: text('Default evenkeel.dev/v1alpha1.', { maxLength: 316 }),
      ready: cel('CEL over `object`.'),
    },
    { required: { name: text('Name.', { maxLength: 253 }) } },
  ),
  64,
  'What has to be ready before this is applied.',
);

const healthChecks = list(
  block(
    'Health of one kind.',
    {
      name: text('Name; all when absent.', { maxLength: 253 }),
      failed: cel('CEL over `object`; true: Degraded.'),
      inProgress: cel('CEL over `object`; true: Progressing.'),
      suspended: cel('CEL over `object`; true: Suspended.'),
      missing: cel('CEL over `object`; true: Missing.'),
      unknown: cel('CEL over `object`; true: Unknown.'),
      current: cel('CEL over `object`; true: Healthy.'),
      message: cel('CEL over `object` that yields text.'),
    },
    {
      required: {
        apiVersion: text('API version; `*` in the group is any text.', { maxLength: 316 }),
        kind: text('Kind; `*` is any text.', { maxLength: 63 }),
      },
    },
  ),
  64,
  'How the health of kinds is judged; the first expression that is true decides.',
);

const syncSource = block('Git branch to commit to.', { targetBranch: text('Branch.'), path: text('Path.') });

const sourceHydrator = refused(
  block('The source hydrator of Argo CD.', {
    drySource: block('Where from.', { repoURL: repoURL(), path: text('Path.'), targetRevision: text('Revision.') }),
    syncSource,
    hydrateTo: block('Staging branch.', { targetBranch: text('Branch.') }),
  }),
  'Evenkeel never writes to Git; render in CI, commit the result and name that branch in spec.source',
);

const spec = block(
  'What is wanted.',
  {
    project: text('Tenancy. Default `default`; limits of other projects are not enforced yet.', { maxLength: 253 }),
    source: source('Where the objects are written down.'),
    sources: sources('Several sources; wins over source when not empty.'),
    sourceHydrator,
    destination,
    syncPolicy,
    ignoreDifferences,
    info: info(),
    revisionHistoryLimit: whole('How many syncs status.history keeps. Default 10.', { minimum: 0 }),
    interval: duration('How often the remote is asked for new commits. Default 30s.'),
    suspend: block('Present: nothing is compared or written.', {
      reason: text('Why.'),
      by: text('Who did it.', { maxLength: 253 }),
      until: time('RFC 3339; from then on it is as if this block were not there.'),
    }),
    preflight: oneOf('What a failed check of one object holds back. Default All.', ['All', 'PerObject']),
    timeouts: block('How long to wait.', {
      hook: duration('For a hook, from its creation to its end. Default 1h; 0 is for ever.'),
      progress: duration('For any progress of an object, before it counts as Degraded. Default 10m; 0 is for ever.'),
    }),
    prune: block('Limits of deletion.', { guard }),
    drift,
    conflicts,
    ownership,
    rollback,
    dependsOn,
    healthChecks,
  },
  {
    rules: [
      {
        rule: 'has(self.source) || (has(self.sources) && size(self.sources) > 0)',
        message: 'one of source and sources is required',
      },
    ],
  },
);

const force = flag('Deletes and creates anew what has a field that differs and cannot be changed.');

const syncStrategy = block('How to apply; with hooks when absent.', {
  apply: present(block('Without hooks.', { force })),
  hook: block('With hooks.', { force }),
});

const sync = block('Syncs now.', {
  revision: text("Revision to sync to; the spec's when absent.", { maxLength: 255 }),
  prune: flag('Deletes what is no longer in Git; approves the number of deletions.'),
  dryRun: flag('Only shows what would be done.'),
  revisions: texts('Revisions of `sources`, in their order.', 20, { maxLength: 255 }),
  resources: list(
    block(
      'One object.',
      {
        group: text('Group; empty for the core group.', { maxLength: 253 }),
        namespace: text('Namespace; any when absent.', { maxLength: 63 }),
      },
      { required: { kind: text('Kind.', { maxLength: 63 }), name: text('Name.') } },
    ),
    500,
    'Only these objects are written and pruned, without hooks and without an entry in the history.',
  ),
  syncOptions: texts("Name=value; the spec's when absent.", 64, { maxLength: 256 }),
  syncStrategy,
  source: source('Source to sync from, this once, in place of that of the spec.'),
  sources: sources('Sources to sync from, this once, in place of those of the spec.'),
  manifests: refused(
    texts('Manifests from outside Git.', 64, { maxLength: 262_144 }),
    'what is deployed has to come from Git; commit the manifests',
  ),
  autoHealAttemptsCount: ignored(whole('Count of corrections.'), 'the operator counts corrections per object'),
});

const operation = block(
  'Starts a manual sync; removed when it ends.',
  {
    sync,
    rollback: block(
      'Goes back to an entry of the history, and holds.',
      { acceptDigest: text('Goes on also when the revision comes to this other digest by now.', { maxLength: 128 }) },
      { required: { id: whole('Its id.', { minimum: 0 }) } },
    ),
    terminate: present(
      block('Ends the sync that runs; an automated one is not begun again before something changes.', {}),
    ),
    initiatedBy: block('Who asked for it.', {
      username: text('Name.', { maxLength: 253 }),
      automated: flag('By a machine.'),
    }),
    info: info(),
    retry: retry('How the sync is tried again; as the spec says when absent.'),
  },
  {
    rules: [
      {
        rule: '[has(self.sync), has(self.rollback), has(self.terminate)].filter(x, x).size() <= 1',
        message: 'at most one of sync, rollback and terminate',
      },
    ],
  },
);

/** The whole resource as the API server stores it. */
export const applicationSchema = block(
  'Keeps objects of a cluster equal to what a Git repository says.',
  {
    apiVersion: text('evenkeel.dev/v1alpha1'),
    kind: text('Application'),
    metadata: metadata(),
    operation,
    status: applicationStatusSchema,
  },
  {
    required: { spec },
    rules: [{ rule: 'size(self.metadata.name) <= 240', message: 'the name has more than 240 characters' }],
  },
);

export type SpecResource = Described<typeof spec>;

export type SourceResource = Described<ReturnType<typeof source>>;

export type OperationResource = Described<typeof operation>;
