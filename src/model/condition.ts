/** Condition types of an Application, in kstatus form. */
export type ConditionType =
  | 'Ready'
  | 'Reconciling'
  | 'Stalled'
  | 'Drifted'
  | 'PruneBlocked'
  | 'Conflicted'
  | 'RepeatedResource'
  | 'SharedResource'
  | 'AdmissionOverride'
  | 'FieldsIgnored';

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}
