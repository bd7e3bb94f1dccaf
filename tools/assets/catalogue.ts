export type Module = 'kubernetes' | 'etcd' | 'kustomize' | 'helm' | 'kwok' | 'prometheus' | 'registry';

export type Binary =
  | 'etcd'
  | 'kube-apiserver'
  | 'kubectl'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kwok'
  | 'helm'
  | 'kustomize'
  | 'prometheus'
  | 'promtool'
  | 'registry';

export interface ModuleFacts {
  /** The version in the module's go.mod; a test compares the two. */
  readonly version: string;
  /** Minutes of two cores with an empty build cache; shown until this machine's own time is known. */
  readonly expectedMinutes: number;
  readonly tags?: string;
  /** Variables that the linker sets: without them a binary calls itself v0.0.0 or "unknown". */
  readonly stamps: Record<string, string>;
}

export interface BinaryFacts {
  readonly module: Module;
  readonly package: string;
  /** The official envtest archive has it. */
  readonly inEnvtest?: true;
  /** Arguments that print the version; only with them a binary found on PATH may be used, and only at the pinned version. */
  readonly versionArguments?: readonly string[];
}

export const KUBERNETES_VERSION = 'v1.36.3';

const [major = '', minor = ''] = KUBERNETES_VERSION.slice(1).split('.');

export const modules: Record<Module, ModuleFacts> = {
  kubernetes: {
    version: KUBERNETES_VERSION,
    expectedMinutes: 5,
    stamps: {
      'k8s.io/component-base/version.gitVersion': KUBERNETES_VERSION,
      'k8s.io/component-base/version.gitMajor': major,
      'k8s.io/component-base/version.gitMinor': minor,
    },
  },
  etcd: { version: 'v3.7.3', expectedMinutes: 0.5, stamps: {} },
  kustomize: {
    version: 'v5.8.2',
    expectedMinutes: 0.5,
    stamps: { 'sigs.k8s.io/kustomize/api/provenance.version': 'v5.8.2' },
  },
  helm: {
    version: 'v4.3.1',
    expectedMinutes: 2.5,
    stamps: { 'helm.sh/helm/v4/internal/version.version': 'v4.3.1' },
  },
  kwok: { version: 'v0.8.0', expectedMinutes: 1, stamps: { 'sigs.k8s.io/kwok/pkg/consts.Version': 'v0.8.0' } },
  prometheus: {
    version: 'v0.315.0',
    expectedMinutes: 4,
    // Static and file discovery stay; the clouds' SDKs are most of the build.
    tags: 'remove_all_sd,netgo',
    stamps: { 'github.com/prometheus/common/version.Version': '0.315.0' },
  },
  registry: {
    version: 'v3.1.2',
    expectedMinutes: 1,
    stamps: { 'github.com/distribution/distribution/v3/version.version': 'v3.1.2' },
  },
};

export const binaries: Record<Binary, BinaryFacts> = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', inEnvtest: true },
  'kube-apiserver': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-apiserver', inEnvtest: true },
  kubectl: { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubectl', inEnvtest: true },
  'kube-controller-manager': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  'kube-scheduler': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  kwok: { module: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok' },
  helm: { module: 'helm', package: 'helm.sh/helm/v4/cmd/helm', versionArguments: ['version', '--short'] },
  kustomize: { module: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5', versionArguments: ['version'] },
  prometheus: { module: 'prometheus', package: 'github.com/prometheus/prometheus/cmd/prometheus' },
  promtool: { module: 'prometheus', package: 'github.com/prometheus/prometheus/cmd/promtool' },
  // Its name says too little for one on PATH to be taken.
  registry: { module: 'registry', package: 'github.com/distribution/distribution/v3/cmd/registry' },
};
