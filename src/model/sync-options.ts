import type { Findings } from './findings.ts';

/** What a value of an option comes to. */
type Verdict = 'fine' | { readonly ignored: string };

const alwaysOn = { ignored: 'it is always on' };
const onObjects = { ignored: 'it exists on objects only' };
const switchable: Readonly<Record<string, Verdict>> = { true: 'fine', false: 'fine' };
const switchAlwaysOn: Readonly<Record<string, Verdict>> = { true: 'fine', false: alwaysOn };
const forDeletion: Readonly<Record<string, Verdict>> = { true: 'fine', false: 'fine', confirm: 'fine' };

const options: Readonly<Record<string, Readonly<Record<string, Verdict>>>> = {
  ApplyOutOfSyncOnly: switchAlwaysOn,
  ClientSideApplyMigration: switchAlwaysOn,
  ServerSideApply: switchAlwaysOn,
  CreateNamespace: switchable,
  FailOnSharedResource: switchable,
  PruneLast: switchable,
  Replace: switchable,
  RespectIgnoreDifferences: switchable,
  SkipDryRunOnMissingResource: switchable,
  Delete: forDeletion,
  Prune: forDeletion,
  Force: { true: onObjects, false: 'fine' },
  PrunePropagationPolicy: { foreground: 'fine', background: 'fine', orphan: 'fine' },
  Validate: switchable,
};

/** What a list of options comes to; of an option that is written twice the first one counts, as in Argo CD. */
export interface SyncOptions {
  readonly createNamespace: boolean;
  readonly failOnSharedResource: boolean;
  readonly pruneLast: boolean;
  readonly replace: boolean;
  readonly respectIgnoreDifferences: boolean;
  readonly skipDryRunOnMissingResource: boolean;
  /** Of objects that do not say it themselves. */
  readonly prune: Permission;
  readonly delete: Permission;
  readonly propagation: 'Foreground' | 'Background' | 'Orphan';
  readonly validate: boolean;
}

/** Whether an object may be deleted; `confirm`: once a person has said so. */
export type Permission = 'yes' | 'no' | 'confirm';

/** Reads `Name=value` options, exactly as they are spelt; unknown names have no effect, as in Argo CD, and are said. */
export function readSyncOptions(values: readonly string[], path: string, findings: Findings): SyncOptions {
  values.forEach((option, index) => inspectOption(option, `${path}[${index}]`, findings));
  return syncOptionsIn(values);
}

function syncOptionsIn(values: readonly string[]): SyncOptions {
  const isOn = (name: string): boolean => values.includes(`${name}=true`);
  return {
    createNamespace: isOn('CreateNamespace'),
    failOnSharedResource: isOn('FailOnSharedResource'),
    pruneLast: isOn('PruneLast'),
    replace: isOn('Replace'),
    respectIgnoreDifferences: isOn('RespectIgnoreDifferences'),
    skipDryRunOnMissingResource: isOn('SkipDryRunOnMissingResource'),
    prune: permissionIn(values, 'Prune'),
    delete: permissionIn(values, 'Delete'),
    propagation: propagationIn(values),
    validate: !values.includes('Validate=false'),
  };
}

function permissionIn(values: readonly string[], name: 'Prune' | 'Delete'): Permission {
  const value = values.find((option) => option.startsWith(`${name}=`));
  if (value === `${name}=false`) return 'no';
  return value === `${name}=confirm` ? 'confirm' : 'yes';
}

function propagationIn(values: readonly string[]): SyncOptions['propagation'] {
  const value = values.find((option) => option.startsWith('PrunePropagationPolicy='));
  if (value === 'PrunePropagationPolicy=background') return 'Background';
  return value === 'PrunePropagationPolicy=orphan' ? 'Orphan' : 'Foreground';
}

function inspectOption(option: string, path: string, findings: Findings): void {
  const equals = option.indexOf('=');
  const name = equals < 0 ? option : option.slice(0, equals);
  const known = Object.hasOwn(options, name) ? options[name] : undefined;
  if (known === undefined) {
    findings.ignore(path, `there is no option ${name}`);
    return;
  }
  const value = equals < 0 ? '' : option.slice(equals + 1);
  const verdict = Object.hasOwn(known, value) ? known[value] : undefined;
  if (verdict === undefined) findings.invalid(path, `expected ${name}=${Object.keys(known).join('|')}, got ${option}`);
  else if (verdict !== 'fine') findings.ignore(path, `${option}: ${verdict.ignored}`);
}
