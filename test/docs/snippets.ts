import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What is fenced as `language` in a page, block by block. */
export function blocksOf(page: string, language: string): string[] {
  const blocks = readFileSync(resolve(ROOT, page), 'utf8').matchAll(
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'),
  );
  return [...blocks].map(([, block = '']) => block);
}

/** The cells of the table under a head, without the marks of code; pipes within cells are not known. */
export function tableOf(page: string, head: string): string[][] {
  const text = readFileSync(resolve(ROOT, page), 'utf8');
  const [, table = ''] = new RegExp(`^\\| ${head} .*\\n\\|[ |-]*\\n((?:\\|.*\\n)+)`, 'm').exec(text) ?? [];
  return table
    .trim()
    .split('\n')
    .map((row) => row.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replace(/^`|`$/g, '')));
}

/**
 * The files of a page, each a block that begins with its name in a comment. They are compiled as an application
 * compiles them, with the types of the package, and loaded from where the packages of the project are found.
 */
export class Snippets {
  readonly #sources: Map<string, string>;
  readonly #folder: string;

  /** @param more files that the page has not, by their names. */
  constructor(page: string, more: Readonly<Record<string, string>> = {}) {
    const files = blocksOf(page, 'ts').map((block) => {
      const [, name] = /^\/\/ ([\w.-]+\.ts)\n/.exec(block) ?? [];
      if (name === undefined) throw new Error(`${page} has a snippet that does not say its name:\n${block}`);
      return [name, block] as const;
    });
    const cache = resolve(ROOT, 'node_modules/.cache/snippets');
    mkdirSync(cache, { recursive: true });
    this.#folder = mkdtempSync(resolve(cache, `${basename(page, '.md')}-`));
    this.#sources = new Map(
      [...files, ...Object.entries(more)].map(([name, source]) => [this.#at(name), source]),
    );
  }

  /** Compiles all of them. @returns what the compiler objects to. */
  compile(): string[] {
    const { config } = ts.readConfigFile(resolve(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
      config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
    const index = resolve(ROOT, 'src/index');
    const paths = { 'nestjs-comet': [`${index}.ts`] };
    const compiled = { ...options, paths, declaration: false, sourceMap: false, inlineSources: false };
    const program = ts.createProgram({
      rootNames: [...this.#sources.keys()],
      options: compiled,
      host: this.#host(compiled),
    });
    writeFileSync(this.#at('package.json'), '{ "type": "module" }');
    return [...this.#sources.keys()].flatMap((path) => {
      const source = program.getSourceFile(path);
      program.emit(source, (written, text) => {
        writeFileSync(
          this.#at(basename(written)),
          text.replaceAll("'nestjs-comet'", `'${relative(this.#folder, index)}.js'`),
        );
      });
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${basename(path)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      );
    });
  }

  /** Loads a file that has been compiled. */
  load(name: string): Promise<Record<string, unknown>> {
    return import(this.#at(name.replace(/\.ts$/, '.js'))) as Promise<Record<string, unknown>>;
  }

  /** Takes away what was compiled. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #at(name: string): string {
    return resolve(this.#folder, name);
  }

  #host(options: ts.CompilerOptions): ts.CompilerHost {
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    return Object.assign(host, {
      fileExists: (path: string) => this.#sources.has(path) || fileExists(path),
      readFile: (path: string) => this.#sources.get(path) ?? readFile(path),
      getSourceFile: (path: string, version: ts.ScriptTarget, ...rest: []) => {
        const source = this.#sources.get(path);
        return source === undefined
          ? getSourceFile(path, version, ...rest)
          : ts.createSourceFile(path, source, version, true);
      },
    });
  }
}
