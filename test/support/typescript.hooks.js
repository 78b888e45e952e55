// Lets a process of its own run the sources as they are: `node --import ./test/support/typescript.hooks.js script.ts`.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire, register } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const { version } = createRequire(import.meta.url)('typescript/package.json');
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/app-process', import.meta.url));

// Node runs hooks on a thread of their own.
if (isMainThread) register(import.meta.url);

export function resolve(specifier, context, next) {
  const ofSource = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
  return next(ofSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const text = await readFile(new URL(url), 'utf8');
  return { format: 'module', shortCircuit: true, source: await transpiled(url, text) };
}

/** From the cache, if the file was compiled before: that is most of what a start takes. */
async function transpiled(url, text) {
  const file = join(CACHE, createHash('sha256').update(`${version} ${url} ${text}`).digest('hex'));
  const cached = await readFile(file, 'utf8').catch(() => undefined);
  if (cached !== undefined) return cached;
  // Loading the compiler takes longer than all the rest.
  const { ModuleKind, ScriptTarget, transpileModule } = (await import('typescript')).default;
  const { outputText } = transpileModule(text, {
    fileName: url,
    compilerOptions: {
      module: ModuleKind.ESNext,
      target: ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      inlineSourceMap: true,
    },
  });
  // Another process may be writing the same: whole files only, under their name.
  const own = `${file}.${process.pid}`;
  await mkdir(CACHE, { recursive: true });
  await writeFile(own, outputText);
  await rename(own, file);
  return outputText;
}
