/** What a reason means and what to do about it; `docs/errors.md` is generated from this table. */
interface ReasonText {
  readonly cause: string;
  readonly remedy: string;
}

/** Every reason that conditions, events and errors carry. Keep it sorted. */
export const reasons = {
  AmbiguousObject: {
    cause: 'Two documents of the source describe the same object.',
    remedy: 'Remove one of the two documents that the message names.',
  },
  ApiServerError: {
    cause: 'The API server answered with an error of its own, or not at all.',
    remedy: 'Nothing: the operator tries again. Look at the API server if it lasts.',
  },
  ArtifactUnavailable: {
    cause: 'The objects of the last applied revision are no longer cached and could not be rendered again.',
    remedy:
      'Make the recorded commit available at the remote, or sync a newer one. Drift is detected but not corrected meanwhile.',
  },
  AuthenticationFailed: {
    cause: 'The Git server or the repository of charts refused the credentials, or asks for some.',
    remedy: 'Correct the Secret that spec.source.secretRef names.',
  },
  ChartUnavailable: {
    cause:
      'A repository of Helm charts cannot be reached, answers with errors, or gave something else than it promised.',
    remedy: 'Nothing: what is deployed stays, the operator tries again.',
  },
  Conflicted: {
    cause: 'An object exists that another tool or Application owns.',
    remedy: 'Remove it from one of the two, or let spec.ownership allow to take it.',
  },
  DecodeFailed: {
    cause: 'A file of the source is not valid YAML or JSON.',
    remedy: 'Correct the file, document and line that the message names.',
  },
  DeletionBlocked: {
    cause:
      'An object of a deleted Application could not be deleted, its kind is unknown at present, or its delete hooks failed or are lost.',
    remedy: 'See the message; deletion goes on by itself when the object can be deleted and the hooks can run.',
  },
  DependencyNotReady: {
    cause: 'Something that spec.dependsOn names is not ready, so nothing of the Application is written.',
    remedy: 'See what the message names; the Application goes on by itself as soon as it is ready.',
  },
  DigestDiffers: {
    cause: 'A revision that is gone back to, or held, comes to other objects than it did then.',
    remedy:
      'Look at what changed (a chart that was published again, another version of a tool or of Kubernetes). To go on all the same, roll back with acceptDigest, the new digest that the message names; or release the hold.',
  },
  Fight: {
    cause: 'Another client takes the same fields of an object again and again, whenever the operator puts them back.',
    remedy:
      'Take the fields out of Git, stop the other client, or leave them to it: the message has the rule for spec.conflicts.rules. spec.drift.fight says what is done meanwhile.',
  },
  FightEnded: {
    cause: 'A client that took fields again and again has not taken them for a while.',
    remedy: 'None needed.',
  },
  Forbidden: {
    cause: 'The operator, or on the command line the user of the kubeconfig, may not do this to the object.',
    remedy: 'Grant the permission that the message names to whom it names.',
  },
  GitUnavailable: {
    cause: 'The Git server cannot be reached or answers with errors.',
    remedy: 'Nothing: what is deployed stays, the operator tries again.',
  },
  HealthDegraded: {
    cause: 'An object is applied but does not work.',
    remedy: 'See status.health.message and the object itself.',
  },
  HealthRuleBroken: {
    cause: 'A health rule of the ConfigMap for the whole cluster cannot be used, or a health script failed.',
    remedy: 'Correct the rule that the message names. Objects that it judges are Unknown meanwhile.',
  },
  Healthy: { cause: 'All objects are applied and healthy.', remedy: 'None needed.' },
  Held: {
    cause:
      'The Application stays at an older revision: somebody rolled back, or the annotation evenkeel.dev/hold is set.',
    remedy: 'Remove the annotation evenkeel.dev/hold to follow new commits again; see status.hold.',
  },
  HookFailed: {
    cause: 'A hook of a sync, or of a deletion, failed, vanished while it ran, or did not end in time.',
    remedy: 'See the message and the Job or Pod that it names; a new commit, or a sync, runs the hooks again.',
  },
  ImmutableField: {
    cause:
      'A field differs that the API server lets nobody change, and nothing allows to delete and create the object anew.',
    remedy:
      'Take the change back, rename the object, or allow the replacement by evenkeel.dev/policy: recreate-if-immutable. What is protected is never replaced: delete it by hand.',
  },
  InvalidObject: {
    cause: 'The API server, or a check before it, refuses an object as it is written.',
    remedy: 'Correct the field that the message names.',
  },
  InvalidRecord: {
    cause: "The record in the Application's status or its Inventories is damaged.",
    remedy: 'Restore it from a backup; nothing is pruned meanwhile.',
  },
  InvalidSpec: {
    cause: 'A field of the Application has a value that is not allowed, or a required one is missing.',
    remedy: 'Correct the field that the message names.',
  },
  KindNotServed: {
    cause: 'The cluster does not serve the kind of an object, and no CustomResourceDefinition for it is in the source.',
    remedy: 'Install the CustomResourceDefinition; the Application goes on by itself then.',
  },
  KindUnknown: {
    cause: 'The API server cannot say at present whether it serves a kind (discovery is stale).',
    remedy: 'Repair the APIService that the message names; objects of the kind are kept meanwhile.',
  },
  LimitExceeded: {
    cause: 'The source is larger than a limit allows.',
    remedy: 'Make it smaller, or raise the limit that the message names.',
  },
  MissingNamespace: {
    cause:
      'An object names no namespace and the Application has no destination.namespace, or the namespace does not exist.',
    remedy: 'Name the namespace, or add a Namespace to the source.',
  },
  NotYetSupported: {
    cause: 'The Application or a manifest uses something that this version does not build yet.',
    remedy: 'Remove the field or annotation that the message names, or use a version that supports it.',
  },
  OperatorBug: {
    cause: 'An error that the operator did not expect.',
    remedy: 'Report it with the log line, which has the stack.',
  },
  PathNotFound: {
    cause: 'The repository has no such path at this revision.',
    remedy: 'Correct spec.source.path; nothing is deleted meanwhile.',
  },
  Progressing: { cause: 'Objects are applied and not all of them are healthy yet.', remedy: 'None needed.' },
  PruneBlocked: {
    cause: 'A plan deletes more than spec.prune.guard allows, or the source is empty.',
    remedy: 'Check that the deletion is meant; then approve the plan by the annotation evenkeel.dev/approve.',
  },
  Refused: {
    cause: 'The Application uses something that Evenkeel does not support by design.',
    remedy: 'See the message for what to use instead.',
  },
  Released: {
    cause: 'The Application was deleted, and an object of it may not be deleted with it.',
    remedy: 'None needed: the object stays as it is and belongs to nobody. Delete it by hand if it is not wanted.',
  },
  RenderFailed: {
    cause: 'kustomize or Helm refused what is in the source.',
    remedy: 'Correct what the message names; the same command fails in the same way by hand.',
  },
  RepeatedResource: {
    cause: 'Two sources of the Application describe the same object; the later one wins.',
    remedy: 'Remove it from one of them.',
  },
  RevisionNotFound: {
    cause: 'The remote has no such branch, tag or commit, or no such version of the chart.',
    remedy: 'Correct spec.source.targetRevision; what is deployed stays.',
  },
  RolledBack: {
    cause: 'A new revision turned Degraded within spec.rollback.onDegraded, and the last healthy one was put back.',
    remedy:
      'Commit a fix: a newer revision lifts the hold. To try the same one again, remove the annotation evenkeel.dev/hold.',
  },
  SharedResource: {
    cause: 'Another Application desires the same object and has it on record.',
    remedy: 'Remove it from one of the two.',
  },
  SignatureInvalid: {
    cause: 'The revision is not signed, or not by one of the keys that spec.source.verify names.',
    remedy: 'Sign it with a known key, or add the key that the message names to the Secret. What is deployed stays.',
  },
  Suspended: { cause: 'spec.suspend or the annotation skip-reconcile is set.', remedy: 'Remove it to go on.' },
  SyncFailed: { cause: 'Some objects could not be applied.', remedy: 'See status.operationState for each object.' },
  Terminating: {
    cause: 'The namespace or the object is being deleted.',
    remedy: 'None needed: it is applied again when the deletion has ended.',
  },
  ToolUnavailable: {
    cause:
      'A program that the source needs (git, kustomize, Helm, ssh) is not there, cannot be started, or was killed.',
    remedy:
      'Install it beside the operator; the image has all of them. Where programs are killed, give the pod more memory.',
  },
  UnknownField: {
    cause: 'The Application has a field that does not exist.',
    remedy: 'Correct its spelling; the message names the nearest known field.',
  },
  UnsafeDefinition: {
    cause: 'A changed CustomResourceDefinition would lose objects that exist, or no longer accept them.',
    remedy:
      'Do first what the message says. Validate=false on the definition writes it although objects do not fit it.',
  },
  UnsupportedByEngine: {
    cause: 'The repository needs something that Git without a git binary cannot do (SSH, LFS, SHA-256, …).',
    remedy: 'Install git beside the operator; the image has it.',
  },
} as const satisfies Record<string, ReasonText>;

export type Reason = keyof typeof reasons;
