import { readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from './generated-file.ts';

/** Entry files: nobody imports what they export. */
const entries = new Set([
  'src/main.ts',
  'src/cli/main.ts',
  'src/source/worker-main.ts',
  'src/source/tools/helper-main.ts',
  'src/health/lua-worker-main.ts',
]);

const folders = ['src', 'test', 'tools', 'deploy', 'bench'];

/**
 * Values that src/ and tools/ export and no other file imports, as `file: name`. Types are left out: they name what
 * exported functions take and give.
 */
function unusedExports(root: string): string[] {
  const files = folders.flatMap((folder) => typescriptFiles(root, folder));
  const sources = files.map((file) => ({ file, source: parse(path.join(root, file)) }));
  const imported = new Set(sources.flatMap(({ file, source }) => importsOf(source, path.dirname(file))));
  const judged = sources.filter(({ file }) => !file.startsWith('test/') && !entries.has(file));
  const exported = judged.flatMap(({ file, source }) => exportsOf(source).map((name) => `${file}: ${name}`));
  return exported.filter((name) => !imported.has(name) && !imported.has(name.replace(/: .*$/, ': *')));
}

function typescriptFiles(root: string, folder: string): string[] {
  const all = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return all
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .map((file) => path.join(folder, file));
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, ts.sys.readFile(file) ?? '', ts.ScriptTarget.Latest, true);
}

/** `file: name` for each name that a file imports or re-exports from another one of ours. */
function importsOf(source: ts.SourceFile, folder: string): string[] {
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const from = statement.moduleSpecifier;
    if (from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('.')) return [];
    const target = path.join(folder, from.text);
    const names = ts.isImportDeclaration(statement) ? importedNames(statement) : reexportedNames(statement);
    return names.map((name) => `${target}: ${name}`);
  });
}

function importedNames({ importClause }: ts.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  if (bindings === undefined) return [];
  if (ts.isNamespaceImport(bindings)) return ['*'];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

function reexportedNames({ exportClause }: ts.ExportDeclaration): string[] {
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return ['*'];
  return exportClause.elements.map((element) => (element.propertyName ?? element.name).text);
}

function exportsOf(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      if (statement.isTypeOnly) return [];
      const clause = statement.exportClause;
      return clause !== undefined && ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [];
    }
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return [];
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const isExported = modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return isExported ? declaredNames(statement) : [];
  });
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const { name } = statement as ts.Statement & { readonly name?: ts.Identifier };
  return name === undefined ? [] : [name.text];
}

if (import.meta.main) {
  const unused = unusedExports(repositoryRoot);
  for (const name of unused) process.stderr.write(`nobody imports ${name}\n`);
  if (unused.length > 0) process.exitCode = 1;
}
