import { Logger, type Type } from '@nestjs/common';
import { ExecutionContextHost, FORBIDDEN_MESSAGE } from '@nestjs/core/internal';
import { selectExceptionFilterMetadata } from '@nestjs/common/internal';
import { WsException } from '@nestjs/websockets';
import { EMPTY, isObservable, lastValueFrom, takeWhile, tap } from 'rxjs';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { MaybePromise } from '../bayeux/ports.js';
import type { Failure } from '../bayeux/service.js';
import { type CometContext, currentOperation } from './comet-context.js';
import type { BoundFilter, EnhancerContexts, Enhancers, Parameter } from './enhancer-contexts.js';
import { type OperationKind, OPERATIONS } from './operation-kinds.js';
import { failureOf, failureOfPayload, isServerError } from './peer-failure.js';

const logger = new Logger('Comet');

/** The method that handles an operation, on the instance that is there for a session. */
export interface Handler {
  /** `Class.method`, for the log. */
  readonly name: string;
  readonly kind: OperationKind;
  /** Made for the session where the class is request-scoped. */
  enhancersFor(context: CometContext): MaybePromise<Enhancers>;
  /** What is bound to the method where no instance could be made. */
  readonly fallback: Enhancers;
}

/** What a handler of an operation is called with. */
export interface OperationInput {
  readonly context: CometContext;
  readonly data: unknown;
  /** The pattern by which the handler was found. */
  readonly pattern: string;
  /** Whether its time is over. The client is told that it has failed then, so that nothing may begin any more. */
  readonly expired?: () => boolean;
  readonly acknowledge?: ((answer?: unknown) => void) | undefined;
  /** Given each result: one value, or those of an Observable. */
  readonly result?: (value: unknown) => void;
}

const never = (): boolean => false;

/** Runs handlers with all that is bound to them, in Nest's order: guards, interceptors, pipes, the handler; filters last. */
export class Operations {
  readonly #contexts: EnhancerContexts;

  constructor(contexts: EnhancerContexts) {
    this.#contexts = contexts;
  }

  /** @returns why the operation failed, or nothing. Never throws, and never rejects. */
  run(handler: Handler, input: OperationInput): MaybePromise<Failure | undefined> {
    const { expired = never, result } = input;
    return this.#attempt(handler, input, (enhancers, args) =>
      this.#collect(this.#guarded(enhancers, args, expired), result, expired),
    );
  }

  /** Asks the guards alone. @returns why they refuse, or nothing. */
  guard(handler: Handler, input: OperationInput): MaybePromise<Failure | undefined> {
    return this.#attempt(handler, input, (enhancers, args) =>
      enhancers.guards.length === 0 ? undefined : this.#activate(enhancers, args),
    );
  }

  /**
   * Calls the method with its parameters and nothing that is bound to it. Messages of the server have no session that could
   * be guarded, nor a client to be told of a failure.
   *
   * @returns the result, or the last one. Throws what the method throws.
   */
  direct({ fallback }: Handler, { context, data, pattern }: OperationInput): MaybePromise<unknown> {
    const { call, instance, parameters = [] } = fallback;
    const args = [context.session, data, context, pattern];
    const values: unknown[] = [];
    for (const { index, extract } of parameters) values[index] = extract(args);
    let result: unknown;
    const done = this.#collect(call.apply(instance, values), (value) => (result = value), never);
    return isThenable(done) ? done.then(() => result) : result;
  }

  #attempt(
    handler: Handler,
    input: OperationInput,
    task: (enhancers: Enhancers, args: unknown[]) => MaybePromise<void>,
  ): MaybePromise<Failure | undefined> {
    const { context, data, acknowledge, pattern } = input;
    const args = acknowledge
      ? [context.session, data, acknowledge, context, pattern]
      : [context.session, data, context, pattern];
    return currentOperation.run(context, () => {
      let bound: Enhancers | undefined;
      const failing = (): Failing => new Failing(handler, bound ?? handler.fallback, args, context);
      const failed = (error: unknown): MaybePromise<Failure> => failing().of(error);
      const done = (): Failure | undefined => context.failure && failing().told(context.failure);
      try {
        const enhancers = handler.enhancersFor(context);
        const result = isThenable(enhancers)
          ? enhancers.then((made) => task((bound = made), args))
          : task((bound = enhancers), args);
        return isThenable(result) ? result.then(done, failed) : done();
      } catch (error) {
        return failed(error);
      }
    });
  }

  #guarded(enhancers: Enhancers, args: unknown[], expired: () => boolean): MaybePromise<unknown> {
    if (enhancers.guards.length === 0) return this.#intercepted(enhancers, args, expired);
    return this.#activate(enhancers, args).then(() =>
      expired() ? undefined : this.#intercepted(enhancers, args, expired),
    );
  }

  async #activate({ guards, reflected, callback }: Enhancers, args: unknown[]): Promise<void> {
    const { guardsConsumer } = this.#contexts;
    if (!(await guardsConsumer.tryActivate(guards, args, reflected, callback, 'ws'))) {
      throw new WsException(FORBIDDEN_MESSAGE);
    }
  }

  #intercepted(enhancers: Enhancers, args: unknown[], expired: () => boolean): MaybePromise<unknown> {
    const { interceptors, reflected, callback } = enhancers;
    if (interceptors.length === 0) return this.#call(enhancers, args, expired);
    return this.#contexts.interceptorsConsumer.intercept(
      interceptors,
      args,
      reflected,
      callback,
      // Nest asks for a promise, of what is thrown at once as well.
      () =>
        new Promise((resolve) => {
          resolve(expired() ? EMPTY : this.#call(enhancers, args, expired));
        }),
      'ws',
    );
  }

  #call(
    { instance, call, parameters }: Enhancers,
    args: unknown[],
    expired: () => boolean,
  ): MaybePromise<unknown> {
    if (!parameters) return call.apply(instance, args);
    const values: unknown[] = [];
    let waiting: PromiseLike<void>[] | undefined;
    for (const parameter of parameters) {
      const value = this.#valueOf(parameter, args);
      if (isThenable(value)) {
        (waiting ??= []).push(value.then((settled) => void (values[parameter.index] = settled)));
      } else values[parameter.index] = value;
    }
    return waiting
      ? Promise.all(waiting).then(() => (expired() ? EMPTY : call.apply(instance, values)))
      : call.apply(instance, values);
  }

  #valueOf({ extract, pipes, metadata }: Parameter, args: readonly unknown[]): MaybePromise<unknown> {
    const value = extract(args);
    if (pipes.length === 0) return value;
    return this.#contexts.pipesConsumer.apply(value, metadata as never, pipes);
  }

  /** Every value of an Observable is a result, and one that came by a promise as well; nothing is none. */
  #collect(
    result: unknown,
    take: ((value: unknown) => void) | undefined,
    expired: () => boolean,
  ): MaybePromise<void> {
    if (isThenable(result)) return result.then((settled) => this.#collect(settled, take, expired));
    if (isObservable(result)) {
      // One that goes on for ever would outlive its operation.
      const taken = result.pipe(takeWhile(() => !expired()));
      const values = take ? taken.pipe(tap(take)) : taken;
      return lastValueFrom(values, { defaultValue: undefined }).then(() => undefined);
    }
    if (result !== undefined) take?.(result);
    return undefined;
  }
}

/** One operation that has failed, on its way through the filters to the words for the client. */
class Failing {
  constructor(
    private readonly handler: Handler,
    private readonly enhancers: Enhancers,
    private readonly args: unknown[],
    private readonly context: CometContext,
  ) {}

  of(error: unknown): MaybePromise<Failure> {
    return this.#ask(this.enhancers.filters, error);
  }

  /** What the handler, or an interceptor, has told the client itself. */
  told(failure: Failure): Failure {
    return this.#logged(failure, new Error('The client was told so without an exception.'));
  }

  /** The first filter for the exception has its say, unless it knows no such operations: then the next one is asked. */
  #ask(filters: readonly BoundFilter[], error: unknown): MaybePromise<Failure> {
    const filter = selectExceptionFilterMetadata([...filters], error) as BoundFilter | undefined;
    if (!filter) return this.#plain(error);
    const { reflected, callback } = this.enhancers;
    const host = new ExecutionContextHost(this.args, reflected.constructor as Type, callback);
    host.setType('ws');
    const others = filters.slice(filters.indexOf(filter) + 1);
    const said = (answer: unknown): MaybePromise<Failure> => this.#filtered(error, answer);
    const failed = (thrown: unknown): MaybePromise<Failure> =>
      this.#filterFailed(filter, others, error, thrown);
    try {
      const answer = settled((filter.func as (error: unknown, host: unknown) => unknown)(error, host));
      return isThenable(answer) ? answer.then(said).then(undefined, failed) : this.#filtered(error, answer);
    } catch (thrown) {
      return failed(thrown);
    }
  }

  /** What a filter has told the client, or answers, is what the client is told; it stays a failure. */
  #filtered(error: unknown, answer: unknown): Failure {
    if (this.context.failure) return this.#logged(this.context.failure, error);
    if (answer instanceof Error) return this.#plain(answer);
    const { code } = this.handler.kind;
    const original = failureOf(error, code);
    const told =
      typeof answer === 'string' || (typeof answer === 'object' && answer !== null)
        ? failureOfPayload(answer, code)
        : undefined;
    if (!told) return this.#plain(error);
    const untold = told.error.endsWith('::request_failed') && original !== undefined;
    return this.#logged(untold ? { ...told, error: original.error } : told, error);
  }

  #filterFailed(
    filter: BoundFilter,
    others: readonly BoundFilter[],
    error: unknown,
    thrown: unknown,
  ): MaybePromise<Failure> {
    if (thrown === error) return this.#plain(error);
    if (this.context.failure) return this.#logged(this.context.failure, error);
    const failure = failureOf(thrown, this.handler.kind.code);
    if (failure) return this.#logged(failure, thrown);
    this.#log(`A filter failed at an exception of ${this.handler.name}`, thrown);
    // One for the whole application may know HTTP only, and then it has no say here.
    return filter.global ? this.#ask(others, error) : { error: this.handler.kind.unforeseen };
  }

  /** What the client is told where no filter has a say. */
  #plain(error: unknown): Failure {
    const { kind } = this.handler;
    const failure = failureOf(error, kind.code);
    if (failure) return this.#logged(failure, error);
    this.#log(`${this.handler.name} failed`, error);
    return { error: kind.unforeseen };
  }

  #logged(failure: Failure, error: unknown): Failure {
    if (isServerError(failure) || failure.error === this.handler.kind.unforeseen) {
      this.#log(`${this.handler.name} failed with ${failure.error}`, error);
    }
    return failure;
  }

  #log(what: string, error: unknown): void {
    const on = this.handler.kind === OPERATIONS.disconnect ? '' : ` on ${this.context.channel}`;
    const { stack, cause } = (error ?? {}) as { stack?: string; cause?: { stack?: string } };
    const trace = [stack ?? String(error), cause?.stack && `Caused by: ${cause.stack}`]
      .filter(Boolean)
      .join('\n');
    // Gateways refuse sessions by whatever they throw, so that it need not be a mistake.
    if (this.handler.kind === OPERATIONS.handshake) logger.warn(`${what}${on}. ${trace}`);
    else logger.error(`${what}${on}.`, trace);
  }
}

/** A filter may answer with a promise, an Observable, whose last value counts, or one in the other. */
function settled(answer: unknown): unknown {
  if (isThenable(answer)) return answer.then(settled);
  return isObservable(answer) ? lastValueFrom(answer, { defaultValue: undefined }).then(settled) : answer;
}
