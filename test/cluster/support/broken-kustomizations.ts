/** A kustomization file in the folder `app`. */
export const kustomization = (fields: Readonly<Record<string, unknown>>): Record<string, string> => ({
  'app/kustomization.yaml': JSON.stringify(fields),
});

/** One of ConfigMaps. */
export const resourcesOf = (...names: readonly string[]): Record<string, string> =>
  kustomization({ resources: names.map((name) => `configmap-${name}.json`) });

const patchOfNobody = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nobody' }, data: { a: 'b' } };

interface Broken {
  readonly how: string;
  readonly files: Readonly<Record<string, string>>;
  /** Of Stalled, and a part of its message. */
  readonly reason: string;
  readonly says: RegExp;
}

/** Each of them drops the ConfigMap `b`. */
export const brokenKustomizations: readonly Broken[] = [
  {
    how: 'a base that is not there',
    files: kustomization({ resources: ['../base', 'configmap-a.json'] }),
    reason: 'PathNotFound',
    says: /there is no "base"/,
  },
  {
    how: 'a file that is not there',
    files: resourcesOf('a', 'nowhere'),
    reason: 'PathNotFound',
    says: /there is no "app\/configmap-nowhere\.json"/,
  },
  {
    how: 'broken YAML',
    files: { 'app/kustomization.yaml': 'resources: [configmap-a.json\n' },
    reason: 'DecodeFailed',
    says: /app\/kustomization\.yaml/,
  },
  {
    how: 'a patch of an object that is not there',
    files: kustomization({
      resources: ['configmap-a.json'],
      patches: [{ patch: JSON.stringify(patchOfNobody) }],
    }),
    reason: 'RenderFailed',
    says: /nobody/,
  },
];
