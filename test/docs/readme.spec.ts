import { readdirSync, readFileSync } from 'node:fs';
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
});
