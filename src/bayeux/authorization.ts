import type { Channels } from './channels.js';
import type { Core } from './core.js';
import type { Operation } from './errors.js';
import type { Authorization, AuthorizationRequest, Authorizer } from './channel-settings.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import type { Decision, MaybePromise } from './ports.js';
import type { Session } from './session.js';
import { configure } from './subscribing.js';

const GRANTED: Decision = Object.freeze({ allowed: true });
const NOT_GRANTED = Object.freeze({ allowed: false, why: 'denied_by_not_granting' }) satisfies Decision;
const MAX_REASON = 128;

type Denial = Extract<Decision, { allowed: false }>;

/** Who was asked last. */
type Asked = 'rules' | 'authorizers' | 'failed';

/** How the log speaks of what was asked for. */
const PHRASES = { subscribe: 'subscribe to', publish: 'publish to', call: 'call of' } as const;

/**
 * Whether a session may do something: the rules are asked, and then the authorizers, which can only narrow. Both within
 * one time limit; whatever goes wrong denies.
 */
export function decide(
  core: Core,
  operation: Exclude<Operation, 'create'>,
  session: Session,
  channel: string,
): MaybePromise<Decision> {
  let asked: Asked = 'rules';
  const told = (decision: Decision): Decision => {
    if (!decision.allowed) tellDenial(core, operation, session, channel, decision, asked);
    return decision;
  };
  const deny = (error: unknown): Decision => {
    core.logger.error(`The ${operation} authorisation failed, so it is denied.`, error);
    asked = 'failed';
    return told({ allowed: false, why: 'denied_by_security_policy' });
  };
  const narrowed = (decision: Decision): MaybePromise<Decision> => {
    if (!decision.allowed) return decision;
    if (core.channels.empty && !core.listeners.has('configureChannel')) return decision;
    asked = 'authorizers';
    return authorizeBoth(core, operation, session, channel);
  };
  try {
    const decision = withTimeLimit(
      core.scheduler,
      core.options.hookTimeout,
      `The ${operation} authorisation`,
      () => {
        const ruled = rule(core, operation, session, channel);
        return isThenable(ruled) ? ruled.then(narrowed) : narrowed(ruled);
      },
    );
    return isThenable(decision) ? decision.then(told, deny) : told(decision);
  } catch (error) {
    return deny(error);
  }
}

/** The rules are about clients; authorizers bind the application's own sessions too. */
function rule(
  core: Core,
  operation: Exclude<Operation, 'create'>,
  session: Session,
  channel: string,
): MaybePromise<Decision> {
  if (session.state.local) return GRANTED;
  const { principal } = session;
  const { authority } = core;
  const decision = authority[operation](principal, channel);
  if (!authority.create || operation === 'call') return decision;
  const permitted = (settled: Decision): MaybePromise<Decision> => {
    if (!settled.allowed || exists(core, principal.tenant, channel)) return settled;
    const created = authority.create?.(principal, channel, operation) ?? GRANTED;
    return isThenable(created) ? created.then(toCreate) : toCreate(created);
  };
  return isThenable(decision) ? decision.then(permitted) : permitted(decision);
}

function toCreate(decision: Decision): Decision {
  return decision.allowed ? decision : { ...decision, operation: 'create' };
}

/** Whether somebody subscribes to this very name, or something is settled for it. */
function exists({ channels, subscriptions }: Core, tenant: string, channel: string): boolean {
  return channels.settles(tenant, channel) || subscriptions.has(tenant, channel);
}

/** A channel that nobody subscribes to and nothing is settled for has to be created first. */
function authorizeBoth(
  core: Core,
  operation: Exclude<Operation, 'create'>,
  session: Session,
  channel: string,
): MaybePromise<Decision> {
  const { tenant } = session.principal;
  const ask = (): MaybePromise<Decision> =>
    authorize(core.channels, operation === 'call' ? 'publish' : operation, session, channel);
  if (operation === 'call' || exists(core, tenant, channel)) return ask();
  const made = (settled: Decision): MaybePromise<Decision> => {
    if (!settled.allowed) return toCreate(settled);
    // What listeners settle for a new channel holds for its first subscriber too.
    if (operation === 'subscribe') configure(core, tenant, channel);
    return ask();
  };
  const created = authorize(core.channels, 'create', session, channel);
  return isThenable(created) ? created.then(made) : made(created);
}

/** One authorizer to be asked; only one that covers all of the channel can grant it. */
interface Question {
  readonly ask: Authorizer;
  readonly covers: boolean;
}

/**
 * Asks the authorizers that concern a channel. Where there are none everything is granted; else one that denies is
 * enough to refuse, and without one that grants it is refused as well.
 */
function authorize(
  channels: Channels,
  operation: AuthorizationRequest['operation'],
  session: Session,
  channel: string,
): MaybePromise<Decision> {
  const questions = channels
    .authorizing(session.principal.tenant, channel)
    .flatMap(({ settings, covers }) => [...settings.authorizers].map((ask): Question => ({ ask, covers })));
  if (questions.length === 0) return GRANTED;
  return next(questions, { operation, channel, session }, 0, false);
}

function next(
  questions: readonly Question[],
  request: AuthorizationRequest,
  from: number,
  grantedBefore: boolean,
): MaybePromise<Decision> {
  let granted = grantedBefore;
  for (let index = from; index < questions.length; index++) {
    const { ask, covers } = questions[index] as Question;
    const answer = ask(request);
    if (isThenable(answer)) {
      const grantedSoFar = granted;
      return answer.then(
        (settled) =>
          refusal(settled) ??
          next(questions, request, index + 1, grantedSoFar || (covers && settled === 'grant')),
      );
    }
    const refused = refusal(answer);
    if (refused) return refused;
    granted ||= covers && answer === 'grant';
  }
  return granted ? GRANTED : NOT_GRANTED;
}

function refusal(answer: Authorization): Decision | undefined {
  if (answer === 'grant' || answer === 'ignore') return undefined;
  // Whatever else an authorizer says is no yes.
  const { deny = 'denied_by_security_policy' } = answer as { deny?: string };
  return { allowed: false, why: reason(deny) };
}

/** Colons and line breaks would give the error other parts than it has. */
function reason(text: string): string {
  return text.replace(/[:,\p{Cc}]+/gu, ' ').slice(0, MAX_REASON);
}

/** One line for the log, which is made only where somebody reads it. */
function tellDenial(
  { authority, logger }: Core,
  operation: Exclude<Operation, 'create'>,
  { principal }: Session,
  channel: string,
  { why, operation: denied = operation }: Denial,
  asked: Asked,
): void {
  const explain = (): string => {
    if (asked === 'failed') return 'the authorisation failed';
    if (asked === 'rules') {
      return authority.explain?.(principal, channel, denied, operation) ?? `the rules deny it (${why})`;
    }
    const what = denied === 'create' ? 'its creation' : 'it';
    if (why === NOT_GRANTED.why) return `no authorizer grants ${what}`;
    return `an authorizer denied ${what} (${printable(why)})`;
  };
  logger.debug(() => `A ${PHRASES[operation]} ${channel} was denied: ${explain()}.`);
}

/** What an application says, as one line of the log. */
function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}
