import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The folder with the packages that are there to compare with; compiled code stands two folders deeper. */
const require = createRequire(fileURLToPath(new URL('../../../bench/package.json', import.meta.url)));

/** A package of the benchmark. */
export function benchPackage(name: string): unknown {
  return require(name);
}

/** The version of a package of the benchmark. */
export function benchVersion(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
