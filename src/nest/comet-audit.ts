import type { Audit, AuditEvent, AuditEventType } from '../bayeux/audit.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { Logger } from '../bayeux/ports.js';
import { failureCode } from '../auth/failure-code.js';
import type { CometPrincipal } from '../auth/comet-principal.js';

/**
 * What has happened to a session or its credentials. It never holds a token, a whole client id, or the data of a message.
 *
 * @publicApi
 */
export interface CometAuditEvent extends AuditEvent {
  /** What has happened. */
  readonly type: AuditEventType;
  /** Who it is about, where that is known. */
  readonly principal?: CometPrincipal | undefined;
}

/**
 * Records them, in a log or a queue of the application. It is called at the moment something happens, in the middle of
 * it, and has to be quick; what it throws, or rejects with, disturbs nothing.
 *
 * @publicApi
 */
export interface CometAudit {
  record(event: CometAuditEvent): unknown;
}

/** Keeps a sink that fails from doing harm. */
export function guardedAudit(sink: CometAudit, logger: Logger): Audit {
  let told = false;
  const failed = (error: unknown): void => {
    if (told) return;
    told = true;
    // Only the code: what the application throws may quote the event.
    logger.error(
      `An event could not be recorded by the audit: ${failureCode(error)}. Further failures are not logged.`,
    );
  };
  return {
    record: (event) => {
      try {
        const recorded = sink.record(event as CometAuditEvent);
        if (isThenable(recorded)) recorded.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    },
  };
}
