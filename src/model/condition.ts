/** Condition types of an Application, in kstatus form and in the order in which status lists them. */
export const conditionTypes = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Drifted',
  'PruneBlocked',
  'Conflicted',
  'RepeatedResource',
  'SharedResource',
  'AdmissionOverride',
  'FieldsIgnored',
] as const;

export type ConditionType = (typeof conditionTypes)[number];

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}
