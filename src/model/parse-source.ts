import type { SourceResource } from './application-schema.ts';
import type { SourceSpec } from './application.ts';
import type { Findings } from './findings.ts';

/** One Git source of an Application; what is wrong with it goes to `findings`. */
export function readSource(source: SourceResource, path: string, findings: Findings): SourceSpec {
  const { directory = {}, secretRef = '' } = source;
  return {
    repoURL: readRepoURL(source.repoURL, `${path}.repoURL`, findings),
    path: readPath(source.path ?? '', `${path}.path`, findings),
    targetRevision: readRevision(source.targetRevision ?? '', `${path}.targetRevision`, findings),
    directory: {
      recurse: directory.recurse ?? false,
      include: directory.include ?? '',
      exclude: directory.exclude ?? '',
      disableExtensionFilter: directory.disableExtensionFilter ?? false,
    },
    ...(secretRef === '' ? {} : { secretRef }),
  };
}

/** Messages never repeat the address: it may hold a password. */
function readRepoURL(text: string, path: string, findings: Findings): string {
  if (/^(ssh|git|oci):\/\//.test(text) || /^[^/:@\s]+@[^/:\s]+:/.test(text)) {
    findings.notYet(path, 'only https:// and http:// are');
    return '';
  }
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    findings.invalid(path, 'expected an address such as https://git.example.com/team/repository.git');
    return '';
  }
  if (url.username !== '' || url.password !== '') {
    findings.invalid(path, 'expected an address without credentials; put them into a Secret and name it in secretRef');
  }
  if (url.search !== '' || url.hash !== '') findings.invalid(path, 'expected an address without ? and #');
  return text;
}

function readPath(text: string, path: string, findings: Findings): string {
  if (text === '') findings.invalid(path, 'is required; `.` is the root of the repository');
  if (/[\u0000-\u001f\\]/.test(text)) findings.invalid(path, 'expected no control characters and no backslash');
  if (text.startsWith('/')) findings.invalid(path, 'expected a path relative to the root of the repository');
  const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) findings.invalid(path, 'expected a path without ..');
  return segments.length === 0 ? '.' : segments.join('/');
}

const constraint = /^\s*(\^|~|[<>=!])|\*|\|\||\s-\s|^v?[0-9]+(\.[0-9]+)?\.[xX](\.|$)/;

/** Digits alone are a tag by date or number; letters alone a word. */
const shortCommit = /^(?=.*[0-9])(?=.*[a-f])[0-9a-f]{7,39}$/;

/** Accepts branches, tags, `refs/…` and full commits; which of them it is, the remote decides. */
function readRevision(text: string, path: string, findings: Findings): string {
  if (text === '') return 'HEAD';
  if (constraint.test(text)) findings.notYet(path, 'version constraints; name a branch, a tag or a commit');
  else if (shortCommit.test(text)) findings.notYet(path, 'abbreviated commits; name all 40 digits');
  else if (!isRefName(text)) findings.invalid(path, 'expected a branch, a tag, refs/… or a full commit');
  return text;
}

/** The rules of git check-ref-format that can hurt. */
function isRefName(text: string): boolean {
  return !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock$/.test(text);
}
