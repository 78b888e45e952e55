// Lets a process of its own run the sources as they are: `node --import ./test/support/typescript.hooks.js script.ts`.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import typescript from 'typescript';

const { ModuleKind, ScriptTarget, transpileModule } = typescript;

// Node runs hooks on a thread of their own.
if (isMainThread) register(import.meta.url);

export function resolve(specifier, context, next) {
  const ofSource = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
  return next(ofSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { outputText } = transpileModule(await readFile(new URL(url), 'utf8'), {
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
  return { format: 'module', shortCircuit: true, source: outputText };
}
