import { types } from 'node:util';
import { GUARDS_METADATA } from '@nestjs/common/internal';
import { APP_GUARD, type NestContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';
import { isEnhanced, isMarkedByOthers } from './boot-checks.js';
import { CometOAuthGuard } from './comet-oauth.guard.js';
import { type ExploredClass, type ExploredMethod, isOfMicroservice } from './handler.explorer.js';
import { refuse } from './name-checks.js';
import { isMarkedPublic, isPublic, requirementOf, requiresItself } from './require-scopes.decorator.js';

/**
 * Sees to it that a guard reads what `@RequireScopes` and `@RequireKind` ask for: without one they would let everybody in.
 *
 * @throws TypeError with a sentence that says what to write.
 */
export function checkRequirements(classes: readonly ExploredClass[], container: NestContainer): void {
  const everywhere = isBoundGlobally(container);
  for (const explored of classes) {
    const { name, type, methods } = explored;
    checkOneSaying(name, type);
    const called = methods.filter((method) => runsGuards(explored, method));
    for (const method of methods) {
      const where = `${name}.${method.name}`;
      checkOneSaying(where, method.method);
      if (requiresItself(method.method) && !called.includes(method)) refuseIdle(where, method);
    }
    if (asks(type) && called.length === 0) {
      refuse(
        `${name} is marked with @RequireScopes or @RequireKind, but has no handler that a guard would run for: mark its ` +
          'methods with @SubscribeMessage, @OnPublish, @OnSubscribe, @OnChannel or as routes, or take the decorator away.',
      );
    }
    for (const method of called) {
      if (!asks(type, method.method) || isPublic(type, method.method)) continue;
      checkGuarded(`${name}.${method.name}`, explored, method, everywhere);
    }
  }
}

function asks(...targets: object[]): boolean {
  const { scopes, kinds } = requirementOf(...targets);
  return scopes.length + kinds.length > 0;
}

function checkOneSaying(where: string, target: object): void {
  if (!requiresItself(target) || !isMarkedPublic(target)) return;
  refuse(
    `${where} is marked with @CometPublic() and with @RequireScopes or @RequireKind, which say the opposite: take one of ` +
      'them away.',
  );
}

/** Whether Nest, this library or another one runs guards for a method. At the end of a session none run. */
function runsGuards(explored: ExploredClass, method: ExploredMethod): boolean {
  const lifeCycle = method.lifeCycle === 'handleDisconnect' ? undefined : method.lifeCycle;
  return (
    method.calledByNest || isEnhanced(explored, { ...method, lifeCycle }) || isMarkedByOthers(method.method)
  );
}

function refuseIdle(where: string, { lifeCycle, authorizes }: ExploredMethod): never {
  const marked = `${where} is marked with @RequireScopes or @RequireKind, but`;
  if (authorizes.length > 0) {
    refuse(
      `${marked} authorizers are asked without guards: look at request.session.principal in the method, or write a rule.`,
    );
  }
  if (lifeCycle === 'handleDisconnect') {
    refuse(`${marked} a session that has ended can be refused nothing: take the decorator away.`);
  }
  refuse(
    `${marked} nothing calls it for a client, so that no guard runs: mark it with @SubscribeMessage, @OnPublish, ` +
      '@OnSubscribe, @OnChannel or as a route too, or take the decorator away.',
  );
}

function checkGuarded(
  where: string,
  { type }: ExploredClass,
  { method }: ExploredMethod,
  everywhere: boolean,
): void {
  if (isBoundTo(method) || isBoundTo(type)) return;
  // Microservices of an application that serves HTTP too have no guards of the application.
  const remote = isOfMicroservice(method);
  if (everywhere && !remote) return;
  const globally = remote
    ? ''
    : ', or bind the guard everywhere, by { provide: APP_GUARD, useClass: CometOAuthGuard } in the providers of a module';
  refuse(
    `${where} needs what @RequireScopes or @RequireKind ask for, but no guard looks at that, so that everybody would be ` +
      `let in: mark it or its class with @UseGuards(CometOAuthGuard)${globally}.`,
  );
}

/** Guards are known by what is written, as tests put others in their places. */
function isBoundTo(target: object): boolean {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as unknown[];
  return guards.some(isGuard);
}

function isBoundGlobally(container: NestContainer): boolean {
  if (container.applicationConfig?.getGlobalGuards().some(isGuard)) return true;
  return [...container.getModules().values()].some(({ providers, injectables }) =>
    [...providers.values(), ...injectables.values()].some(isGuardOfApplication),
  );
}

/** Nest gives each `APP_GUARD` a token of its own, which begins with that. What a factory makes for each request is unknown. */
function isGuardOfApplication({ token, isAlias, inject, metatype }: InstanceWrapper): boolean {
  if (typeof token !== 'string' || !token.startsWith(`${APP_GUARD} (`)) return false;
  return isGuard(isAlias ? inject?.[0] : metatype);
}

function isGuard(guard: unknown): boolean {
  if (types.isProxy(guard)) return false;
  if (typeof guard !== 'function') return guard instanceof CometOAuthGuard;
  return guard === CometOAuthGuard || (guard.prototype as unknown) instanceof CometOAuthGuard;
}
