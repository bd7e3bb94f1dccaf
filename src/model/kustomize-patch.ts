/** One item of `source.kustomize.patches`. */
export interface KustomizePatch {
  readonly path: string;
  readonly patch: string;
  readonly target?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, boolean>>;
}
