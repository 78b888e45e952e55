import type { ExecutionContext } from '@nestjs/common';
import { CUSTOM_ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { ContextUtils } from '@nestjs/core/internal';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import { BayeuxErrors } from '../bayeux/errors.js';
import { CometContext, type CometOperation } from './comet-context.js';

/** Nest's numbers of the parameter decorators of gateways: `@ConnectedSocket`, `@MessageBody` and `@Ack`. */
const SOCKET = 0;
const PAYLOAD = 3;
export const ACK = 13;

/** Whether gateways have a value for a decorator of parameters with this number. */
export function isParameterOfGateways(type: number): boolean {
  return type === SOCKET || type === PAYLOAD || type === ACK;
}

/** A decorated parameter, as Nest keeps it. */
export interface ParameterMetadata {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly schema?: unknown;
  readonly factory?: (data: unknown, context: ExecutionContext) => unknown;
}

/** What differs from one operation to another. */
export interface OperationKind {
  readonly operation: CometOperation;
  /** Whether guards and pipes run. */
  readonly guarded: boolean;
  /** What parameters without decorators are given, by Nest's keys. */
  readonly parameters: Readonly<Record<string, ParameterMetadata>>;
  /** Whether they are not the arguments in their order. */
  readonly rearranged: boolean;
  /** What a client is told of a failure that is not meant for it. */
  readonly unforeseen: string;
  /** The code of a text without one. */
  readonly code: number;
}

/** As gateways of Nest have it: the client, what it sent, and what acknowledges it. */
const AS_IN_NEST: OperationKind['parameters'] = {
  [`${SOCKET}:0`]: { index: 0 },
  [`${PAYLOAD}:1`]: { index: 1 },
  [`${ACK}:2`]: { index: 2 },
};

/** Listeners hear of the message first, as it may come from the server itself. */
const AS_LISTENERS: OperationKind['parameters'] = {
  [`${PAYLOAD}:0`]: { index: 0 },
  [`${SOCKET}:1`]: { index: 1 },
  [`comet${CUSTOM_ROUTE_ARGS_METADATA}:2`]: {
    index: 2,
    factory: (_, context) => CometContext.of(context).params,
  },
};

const kind = (operation: CometOperation, others: Partial<OperationKind>): OperationKind => ({
  operation,
  guarded: true,
  parameters: AS_IN_NEST,
  rearranged: false,
  unforeseen: BayeuxErrors.serverError,
  code: 400,
  ...others,
});

/** The operations of a client. Where a session ends there is nothing left to guard. */
export const OPERATIONS: Readonly<Record<CometOperation, OperationKind>> = {
  call: kind('call', { unforeseen: BayeuxErrors.serviceFailed }),
  publish: kind('publish', {}),
  message: kind('message', {
    parameters: AS_LISTENERS,
    rearranged: true,
    unforeseen: BayeuxErrors.messageDeleted,
  }),
  subscribe: kind('subscribe', { code: 403 }),
  handshake: kind('handshake', { unforeseen: BayeuxErrors.handshakeDenied, code: 403 }),
  disconnect: kind('disconnect', { guarded: false }),
};

const utils = new ContextUtils();

/** The decorated parameters of a method of a class, by Nest's keys. `reflected` is an object of that class. */
export function parametersOf(
  reflected: object,
  methodName: string,
): Readonly<Record<string, ParameterMetadata>> {
  const metadata = utils.reflectCallbackMetadata<Record<string, ParameterMetadata> | undefined>(
    reflected,
    methodName,
    PARAM_ARGS_METADATA,
  );
  return metadata ?? {};
}

/** The number of the decorator that a key of Nest is of; no number for one of the application. */
export function typeOfParameter(key: string): number {
  return Number(utils.mapParamType(key));
}

/** What a decorated parameter is given of the arguments of an operation. */
export function parameterOf(type: number, data: unknown, args: readonly unknown[]): unknown {
  switch (type) {
    case SOCKET:
      return args[0];
    case PAYLOAD:
      return data ? (args[1] as Record<string, unknown> | null | undefined)?.[data as string] : args[1];
    case ACK:
      return args.find((argument) => typeof argument === 'function');
    default:
      return null;
  }
}
