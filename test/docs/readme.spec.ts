import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { BayeuxErrors } from '../../src/index.js';

const readme = readFileSync('README.md', 'utf8');

describe('README', () => {
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

  describe('[G8] on how TypeScript finds the package', () => {
    const manifest = readFileSync('package.json', 'utf8');
    const { exports } = JSON.parse(manifest) as { exports: Record<string, { types?: string }> };
    const typed = Object.entries(exports).filter(([, { types }]) => types !== undefined);
    const files = new Map([
      ['/app/node_modules/nestjs-comet/package.json', manifest],
      ...typed.map(([, { types = '' }]) => [`/app/node_modules/nestjs-comet/${types.slice(2)}`, ''] as const),
    ]);
    const host: ts.ModuleResolutionHost = {
      fileExists: (name) => files.has(name),
      readFile: (name) => files.get(name),
      directoryExists: () => true,
    };
    const found = (moduleResolution: string) =>
      typed.map(([path]) => {
        const name = `nestjs-comet${path.slice(1)}`;
        const { options } = ts.convertCompilerOptionsFromJson({ moduleResolution }, '/app');
        return ts.resolveModuleName(name, '/app/main.mts', options, host).resolvedModule !== undefined;
      });

    it.each(['node16', 'nodenext', 'bundler'])('names %s, by which all of it is found', (name) => {
      expect(readme).toContain(`"${name}"`);
      expect(found(name)).toEqual(typed.map(() => true));
    });

    it('warns of node10, by which nothing of it is found', () => {
      expect(readme).toContain('`node10` it finds neither');
      expect(found('node10')).toEqual(typed.map(() => false));
    });
  });
});
