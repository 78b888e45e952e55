import { readFileSync } from 'node:fs';

const ROW = /^\| (T\d+)\s+\| .+? \| (.+?)\s*\|$/gm;

const rows = [...readFileSync('docs/security.md', 'utf8').matchAll(ROW)].map(
  ([, number = '', tests = '']) => ({
    number,
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, name]) => `test/${name}.spec.ts`),
  }),
);

describe('docs/security.md', () => {
  it('lists every attack once, in order', () => {
    const numbers = rows.map(({ number }) => Number(number.slice(1)));
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(numbers.slice(0, 55)).toEqual(Array.from({ length: 55 }, (_, index) => index + 1));
  });

  it('leaves out nothing but DPoP', () => {
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ number }) => number)).toEqual(['T13']);
  });

  it.each(rows.filter(({ tests }) => tests.length > 0))(
    '$number is held by tests that bear it',
    ({ number, tests }) => {
      const title = new RegExp(String.raw`['"\`][^\n]*\b${number}\b`);
      for (const file of tests) expect([file, title.test(readFileSync(file, 'utf8'))]).toEqual([file, true]);
    },
  );
});
