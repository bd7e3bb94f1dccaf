import type { SourceSpec } from '../../src/model/application.ts';

/** What a test says of a source. */
export type SourceChange = Omit<Partial<SourceSpec>, 'directory'> & {
  readonly directory?: Partial<SourceSpec['directory']>;
};

/** A source as the API defaults it: the root of a Git repository at HEAD. */
export function sourceSpec({ directory, ...change }: SourceChange): SourceSpec {
  return {
    repoURL: 'https://git.example.com/shop.git',
    path: '.',
    targetRevision: 'HEAD',
    tagPrefix: '',
    chart: '',
    ref: '',
    name: '',
    ...change,
    directory: { recurse: false, include: '', exclude: '', disableExtensionFilter: false, ...directory },
  };
}
