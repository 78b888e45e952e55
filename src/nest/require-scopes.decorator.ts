import type { CustomDecorator } from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { SCOPE } from '../auth/scope-text.js';
import { IS_PUBLIC } from './comet-public.decorator.js';

const REQUIRED_SCOPES = 'nestjs-comet:required-scopes';
const REQUIRED_KINDS = 'nestjs-comet:required-kinds';

type RequiredKind = Exclude<CometPrincipal['kind'], 'anonymous'>;

/**
 * Scopes that an access token needs for a controller or gateway, or for one of its methods; what both name, and what
 * several decorators name, is needed together. A token without them is refused with `insufficient_scope`: over HTTP with
 * 403 (RFC 6750 §3.1), in a session with the error `403::insufficient_scope`. `CometOAuthGuard` sees to it, and where no
 * such guard would, the application does not start.
 *
 * @example
 * @UseGuards(CometOAuthGuard)
 * @RequireScopes('reports:read')
 * @Controller('reports')
 *
 * @throws TypeError without a scope, with a text that is none, or on anything but a class or a method.
 * @publicApi
 */
export function RequireScopes(...scopes: string[]): CustomDecorator {
  if (scopes.length === 0 || !scopes.every((scope) => SCOPE.test(scope))) {
    throw new TypeError(
      "RequireScopes needs scopes, each a text of its own: write for example @RequireScopes('reports:read').",
    );
  }
  return adding(REQUIRED_SCOPES, scopes, 'RequireScopes');
}

/**
 * Whose tokens are good for a controller or gateway, or for one of its methods: those of users, or those of services, which
 * are of the client credentials grant. The others are refused as by `RequireScopes`, under the same guard.
 *
 * @example
 * @RequireKind('service')
 *
 * @throws TypeError for another kind, or on anything but a class or a method.
 * @publicApi
 */
export function RequireKind(kind: RequiredKind): CustomDecorator {
  if (!['user', 'service'].includes(kind)) {
    throw new TypeError("RequireKind needs a kind: write @RequireKind('user') or @RequireKind('service').");
  }
  return adding(REQUIRED_KINDS, [kind], 'RequireKind');
}

/** What is asked for on classes and methods. */
export interface Requirement {
  readonly scopes: readonly string[];
  readonly kinds: readonly string[];
}

/** What all of the targets ask for together. */
export function requirementOf(...targets: readonly object[]): Requirement {
  return { scopes: namesOn(REQUIRED_SCOPES, targets), kinds: namesOn(REQUIRED_KINDS, targets) };
}

/** Whether a class or method asks for anything itself: a class that it extends is another one. */
export function requiresItself(target: object): boolean {
  return Reflect.hasOwnMetadata(REQUIRED_SCOPES, target) || Reflect.hasOwnMetadata(REQUIRED_KINDS, target);
}

/** Whether a class or method is marked with `@CometPublic` itself. */
export function isMarkedPublic(target: object): boolean {
  return Reflect.hasOwnMetadata(IS_PUBLIC, target);
}

/**
 * Whether `@CometPublic` opens a method. The method says more than its class, and a class more than the one it extends. A
 * target that says both is guarded.
 */
export function isPublic(type: object, method: object): boolean {
  for (const target of [method, ...lineage(type)]) {
    if (requiresItself(target)) return false;
    if (isMarkedPublic(target)) return true;
  }
  return false;
}

/** A class, and those that it extends. */
function* lineage(type: object): Generator<object> {
  for (let link: object | null = type; link && link !== Function.prototype;) {
    yield link;
    link = Object.getPrototypeOf(link) as object | null;
  }
}

function namesOn(key: string, targets: readonly object[]): readonly string[] {
  const named = targets.flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as string[]);
  return [...new Set(named)];
}

/** Adds to what stands there already, also on a class that is extended: the last one alone would ask for less. */
function adding(key: string, names: readonly string[], decorator: string): CustomDecorator {
  const decorate = (target: object, name?: string | symbol, descriptor?: unknown): void => {
    const method: unknown = (descriptor as PropertyDescriptor | undefined)?.value;
    const onMember = name !== undefined || descriptor !== undefined;
    if (onMember && (typeof method !== 'function' || typeof target === 'function')) {
      throw new TypeError(
        `${decorator} is for classes and their methods, and ${String(name ?? 'a parameter')} is neither: write it above a method.`,
      );
    }
    const subject = onMember ? (method as object) : target;
    const all = [...new Set([...names, ...namesOn(key, [subject])])];
    Reflect.defineMetadata(key, all, subject);
  };
  return Object.assign(decorate, { KEY: key });
}
