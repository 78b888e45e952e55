import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { BayeuxErrors } from '../../src/index.js';
import { resolvedDefaults } from './resolved-defaults.js';

const readme = readFileSync('README.md', 'utf8');

interface DocumentedOption {
  readonly name: string;
  readonly fallback: string | undefined;
}

/** The options of an interface with the `@default` of their doc comments, groups included. */
function optionsOf(file: string, interfaceName: string, prefix = ''): DocumentedOption[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  const found = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === interfaceName,
  );
  if (!found) throw new Error(`${file} has no interface ${interfaceName}.`);
  return found.members.filter(ts.isPropertySignature).flatMap((member) => {
    const name = prefix + member.name.getText();
    const group = /^Comet\w+Options$/.exec(member.type?.getText() ?? '')?.[0];
    if (group === 'CometAuthOptions') return optionsOf('src/auth/auth-options.ts', group, `${name}.`);
    if (group) return optionsOf(file, group, `${name}.`);
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
    return [{ name, fallback: tag ? ts.getTextOfJSDocComment(tag.comment) : undefined }];
  });
}

/** The rows of the README's option table: name to default. */
function tableRows(): Map<string, string> {
  const rows = readme.matchAll(/^\|\s*`([\w.]+)`\s*\|([^|]*)\|/gm);
  return new Map(
    [...rows].map(([, name = '', fallback = '']) => [name, fallback.trim().replace(/^`|`$/g, '')]),
  );
}

/** A default as one would write it in an options object. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

describe('README', () => {
  const options = optionsOf('src/nest/comet-module-options.ts', 'CometModuleOptions');

  it('lists every option, and none that does not exist', () => {
    expect([...tableRows().keys()].sort()).toEqual(options.map(({ name }) => name).sort());
  });

  it.each(options.filter(({ fallback }) => fallback?.startsWith('the ') === false))(
    'gives the default of $name as its doc comment does',
    ({ name, fallback }) => {
      expect(tableRows().get(name)).toBe(fallback);
    },
  );

  it('gives the defaults that hold', () => {
    const documented = [...tableRows()].filter(
      ([, fallback]) => fallback !== '' && !fallback.startsWith('the '),
    );
    expect(Object.fromEntries(documented)).toEqual(
      Object.fromEntries(Object.entries(resolvedDefaults()).map(([name, value]) => [name, written(value)])),
    );
  });

  it('names every error of the catalogue that is not of the 400 family', () => {
    const missing = Object.values(BayeuxErrors).filter(
      (error) => !error.startsWith('400::') && !readme.includes(`\`${error}\``),
    );
    expect(missing).toEqual([]);
  });

  it('links only to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link = '']) => link);
    const files = new Set(
      readdirSync('.', { recursive: true, encoding: 'utf8' }).filter((f) => !f.includes('node_modules')),
    );
    expect(links.filter((link) => !files.has(link))).toEqual([]);
  });
});
