import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { DEFAULT_BAYEUX_OPTIONS } from '../../src/bayeux/bayeux-options.js';
import { denied } from '../../src/bayeux/errors.js';
import { BayeuxErrors, CloseCodes } from '../../src/index.js';
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transports/transport-options.js';
import { resolvedDefaults } from './resolved-defaults.js';

const source = readFileSync('docs/PROTOCOL.md', 'utf8');
const text = inOneLine(source);

interface Reference {
  readonly file: string;
  readonly name: string;
}

/** A text without the line breaks that only wrap it. */
function inOneLine(markdown: string): string {
  return markdown.replace(/\s+/g, ' ');
}

/** The bullets, and the rows of tables without their heads. */
function statements(): string[] {
  const bullets = source.match(/^- .*(?:\n {2}.*)*/gm) ?? [];
  const tables = source.match(/(?:^\|.*\n)+/gm) ?? [];
  return [...bullets, ...tables.flatMap((table) => table.trim().split('\n').slice(2))].map(inOneLine);
}

/** The rows of the table whose first column is called `head`, as their cells without code marks. */
function rowsOf(head: string): string[][] {
  const table = new RegExp(`^\\| ${head} .*\\n(?:\\|.*\\n)+`, 'm').exec(source)?.[0] ?? '';
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, ...cells]) => cells);
}

/** The tests that a part of the document names: a file, and parts of the names of tests in it. */
function referencesIn(part: string): Reference[] {
  return [...part.matchAll(/`([\w-]+(?:\/[\w.-]+)+\.ts)`((?:,? "[^"]+")+)/g)].flatMap(
    ([, file = '', names = '']) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file: `test/${file}`, name })),
  );
}

/** The titles of all suites and tests of a file, as they are written. */
function titlesIn(file: string): Set<string> {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isSuiteOrTest(node.expression)) {
      const [title] = node.arguments;
      if (title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) {
        titles.add(ts.isStringLiteralLike(title) ? title.text : title.getText());
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true));
  return titles;
}

/** `it`, `describe`, and what follows from them: `it.each(…)`. */
function isSuiteOrTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it' || callee.text === 'describe';
  return (
    (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) && isSuiteOrTest(callee.expression)
  );
}

describe('PROTOCOL', () => {
  const references = referencesIn(text);
  const files = [...new Set(references.map(({ file }) => file))].sort();
  const defaults = Object.fromEntries(
    Object.entries(resolvedDefaults()).filter(([, value]) => typeof value === 'number'),
  );

  it('names a test for every statement', () => {
    const without = statements().filter((statement) => referencesIn(statement).length === 0);
    expect(without).toEqual([]);
  });

  it('understands every mention of a test', () => {
    const mentions = text.match(/`[\w-]+(?:\/[\w.-]+)+\.ts`/g) ?? [];
    expect(mentions.filter((mention) => referencesIn(`${mention} "x"`).length === 0)).toEqual([]);
    expect(text.match(/`[\w-]+(?:\/[\w.-]+)+\.ts`(?! ")/g) ?? []).toEqual([]);
    expect(files.length).toBeGreaterThan(20);
  });

  it('names files that exist', () => {
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it.each(files)('names tests of %s that exist, and cannot be mistaken', (file) => {
    const titles = [...titlesIn(file)];
    const wrong = references
      .filter((reference) => reference.file === file)
      .map(({ name }) => ({ name, titles: titles.filter((title) => title.includes(name)) }))
      .filter((found) => found.titles.length !== 1 && !found.titles.includes(found.name));
    expect(wrong).toEqual([]);
  });

  it('lists every error, and none that does not exist', () => {
    const refusals = (['create', 'subscribe', 'publish', 'call'] as const).flatMap((operation) =>
      (['denied_by_security_policy', 'denied_by_not_granting'] as const).map((why) => ({
        written: denied(operation, why),
        listed: denied(operation, why).replace(why, '<why>'),
      })),
    );
    const catalogue: string[] = Object.values(BayeuxErrors);
    const listed = [...catalogue, ...refusals.map((refusal) => refusal.listed)];
    const rows = rowsOf('error').map(([error = '']) => error);
    expect(rows.filter((row) => row !== '<code>::<text>').sort()).toEqual([...new Set(listed)].sort());
    const known = new Set([...listed, ...refusals.map((refusal) => refusal.written)]);
    const mentioned = text.match(/\b\d{3}:[^:`\s]*:[a-z_]+/g) ?? [];
    expect(mentioned.filter((error) => !known.has(error))).toEqual([]);
  });

  it('lists every close code, and none that does not exist', () => {
    const codes = rowsOf('close code').map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(CloseCodes).sort((left, right) => left - right));
  });

  it('gives the defaults that hold', () => {
    const mentioned = [
      ...text.matchAll(
        /`((?:session|channels|queue|websocket|longPolling|callbackPolling|limits|auth)\.\w+)` \((\d+)\)/g,
      ),
    ];
    expect(mentioned.length).toBeGreaterThan(10);
    for (const [, name = '', value] of mentioned)
      expect({ name, value: Number(value) }).toEqual({ name, value: defaults[name] });
    const listed = rowsOf('option').filter(([name]) => name !== '(fixed)');
    expect(Object.fromEntries(listed.map(([name, value]) => [name, Number(value)]))).toEqual(defaults);
  });

  it('lists every option that is a number', () => {
    const [options = ''] = readFileSync('docs/OPTIONS.md', 'utf8').split('## The other modules');
    const rows = options.matchAll(/^\|\s*`([\w.]+)`\s*\|\s*`-?\d+`/gm);
    expect(Object.keys(defaults).sort()).toEqual([...rows].map(([, name]) => name).sort());
  });

  it('gives the limits that cannot be changed', () => {
    const fixed = rowsOf('option').filter(([name]) => name === '(fixed)');
    expect(fixed.map(([, value]) => Number(value))).toEqual([DEFAULT_BAYEUX_OPTIONS.maxIdLength]);
    expect(text).toContain(`\`Retry-After\` is ${DEFAULT_TRANSPORT_OPTIONS.retryAfter} seconds`);
  });

  it('links only to chapters and files that exist', () => {
    const links = [...source.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = '']) => link);
    const chapters = [...source.matchAll(/^#+ (.*)$/gm)].map(
      ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
    );
    expect(links.filter((link) => !chapters.includes(link) && !existsSync(`docs/${link}`))).toEqual([]);
  });
});
