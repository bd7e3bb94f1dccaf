import type { SpecResource } from './application-schema.ts';
import type { ConflictPolicy, IgnoreRule } from './differences.ts';
import type { Findings } from './findings.ts';
import { managerPatternFlaw } from './manager-patterns.ts';

type RuleResource = NonNullable<SpecResource['ignoreDifferences']>[number];

/** As Argo CD means them: an absent group is the core group, and a rule has to say a kind. */
export function readIgnoreRules({ ignoreDifferences = [] }: SpecResource, findings: Findings): readonly IgnoreRule[] {
  return ignoreDifferences.map((rule, index) => readRule(rule, `spec.ignoreDifferences[${index}]`, findings));
}

function readRule(rule: RuleResource, path: string, findings: Findings): IgnoreRule {
  const { group = '', kind = '', name = '', namespace = '', jsonPointers = [], jqPathExpressions = [] } = rule;
  if (kind === '') findings.invalid(`${path}.kind`, 'is required');
  jsonPointers.forEach((pointer, at) => {
    if (!/^(\/([^~]|~[01])*)+$/.test(pointer))
      findings.invalid(`${path}.jsonPointers[${at}]`, `expected a JSON pointer such as /spec/replicas, got ${pointer}`);
  });
  return { group, kind, name, namespace, jsonPointers, jqPathExpressions, managers: rule.managedFieldsManagers ?? [] };
}

export function readConflicts({ conflicts = {} }: SpecResource, findings: Findings): ConflictPolicy {
  const { rules = [], reclaimFrom = [] } = conflicts;
  reclaimFrom.forEach((pattern, at) => {
    const flaw = managerPatternFlaw(pattern);
    if (flaw !== undefined) findings.invalid(`spec.conflicts.reclaimFrom[${at}]`, flaw);
  });
  return {
    default: conflicts.default ?? 'Overwrite',
    rules: rules.map(({ target = {}, fields = [], managers = [], action }) => ({ target, fields, managers, action })),
    reclaimFrom,
  };
}
