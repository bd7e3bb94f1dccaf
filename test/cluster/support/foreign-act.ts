import type { JsonObject, JsonValue } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { KubectlCommand } from '../../../tools/control-plane/control-plane.ts';

/** The object that somebody is about to touch. */
export interface Subject {
  readonly namespace: string;
  /** As in Git. */
  readonly object: KubeObject;
  /** As the cluster has it, managedFields included. */
  readonly live: () => Promise<KubeObject>;
}

/** What somebody else does to an object, as commands of kubectl; `-n` is added. */
export type ForeignAct = (subject: Subject) => readonly KubectlCommand[] | Promise<readonly KubectlCommand[]>;

export interface PatchStep {
  readonly op: 'add' | 'remove' | 'replace' | 'move';
  readonly path: string;
  readonly from?: string;
  readonly value?: JsonValue;
}

export function kubectl(...args: readonly string[]): ForeignAct {
  return () => [{ args }];
}

/** By JSON patch, in the name of a client called `manager`. */
export function patch(manager: string, ...steps: readonly PatchStep[]): ForeignAct {
  return ({ object }) => [
    {
      args: [
        ...['patch', resourceOf(object), object.metadata['name'], `--field-manager=${manager}`],
        ...['--type=json', '-p', JSON.stringify(steps)],
      ],
    },
  ];
}

/** By merge patch, in the name of a client called `manager`. */
export function merge(manager: string, change: JsonObject): ForeignAct {
  return ({ object }) => [
    {
      args: [
        ...['patch', resourceOf(object), object.metadata['name'], `--field-manager=${manager}`],
        ...['--type=merge', '-p', JSON.stringify(change)],
      ],
    },
  ];
}

/** By Server-Side Apply of the object with these changes at its top level, marks of ours left out. */
export function applyAs(manager: string, change: JsonObject, ...flags: readonly string[]): ForeignAct {
  return ({ object }) => [
    {
      args: ['apply', '--server-side', `--field-manager=${manager}`, ...flags, '-f', '-'],
      stdin: JSON.stringify({ ...object, ...change }),
    },
  ];
}

/** One after the other. */
export function inTurn(...acts: readonly ForeignAct[]): ForeignAct {
  return async (subject) => {
    const commands: KubectlCommand[] = [];
    for (const act of acts) commands.push(...(await act(subject)));
    return commands;
  };
}

/** Changes one value and then puts managedFields back, so that nobody is seen to have done it. */
export function forge(path: string, value: JsonValue): ForeignAct {
  return async (subject) => {
    const { managedFields = [] } = (await subject.live()).metadata;
    const hide = patch('forger', { op: 'replace', path: '/metadata/managedFields', value: managedFields });
    return inTurn(patch('forger', { op: 'replace', path, value }), hide)(subject);
  };
}

/** `deployment`, or with a group `widget.example.com`: as kubectl takes it. */
export function resourceOf({ apiVersion, kind }: KubeObject): string {
  const [group = '', version] = apiVersion.split('/');
  return version === undefined ? kind : `${kind}.${version}.${group}`;
}
