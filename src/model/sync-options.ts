import type { Findings } from './findings.ts';

/** What a value of an option comes to. */
type Verdict = 'fine' | 'notYet' | { readonly ignored: string };

const alwaysOn = { ignored: 'it is always on' };
const onObjects = { ignored: 'it exists on objects only' };
const switchLater: Readonly<Record<string, Verdict>> = { true: 'notYet', false: 'fine' };
const switchAlwaysOn: Readonly<Record<string, Verdict>> = { true: 'fine', false: alwaysOn };
const forDeletion: Readonly<Record<string, Verdict>> = { true: 'fine', false: 'notYet', confirm: 'notYet' };

const options: Readonly<Record<string, Readonly<Record<string, Verdict>>>> = {
  ApplyOutOfSyncOnly: switchAlwaysOn,
  ClientSideApplyMigration: switchAlwaysOn,
  ServerSideApply: switchAlwaysOn,
  CreateNamespace: switchLater,
  FailOnSharedResource: switchLater,
  PruneLast: switchLater,
  Replace: switchLater,
  RespectIgnoreDifferences: switchLater,
  SkipDryRunOnMissingResource: switchLater,
  Delete: forDeletion,
  Prune: forDeletion,
  Force: { true: onObjects, false: 'fine' },
  PrunePropagationPolicy: { foreground: 'fine', background: 'notYet', orphan: 'notYet' },
  Validate: { true: 'fine', false: 'notYet' },
};

/** Judges `syncPolicy.syncOptions`: exact `Name=value`; unknown names have no effect, as in Argo CD, and are said. */
export function inspectSyncOptions(values: readonly string[], findings: Findings): void {
  values.forEach((option, index) => inspectOption(option, `spec.syncPolicy.syncOptions[${index}]`, findings));
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
  if (verdict === undefined) {
    findings.invalid(path, `expected ${name}=${Object.keys(known).join('|')}, got ${option}`);
  } else if (verdict === 'notYet') findings.notYet(path, option);
  else if (verdict !== 'fine') findings.ignore(path, `${option}: ${verdict.ignored}`);
}
