import { answer, discardBody, type Exchange } from './answer.js';
import { readCallbackQuery } from './callback-query.js';
import type { Intake } from './intake.js';
import { PollLink } from './poll.link.js';
import type { Provenance } from './proxy-trust.js';
import { type AnswerHeaders, type RequestScope, scopeOf } from './request-scope.js';
import { scriptFormat } from './script.format.js';
import type { TransportOptions } from './transport-options.js';

/** What `Sec-Fetch-Site` may say. Pages of the list of origins cannot be told from other pages of other sites. */
const SITES: ReadonlySet<string> = new Set(['same-origin', 'same-site', 'none']);

/**
 * Bayeux over scripts that a page includes (Bayeux 1.0 §7.2). Any page can include any script, and the browser adds
 * what it has; so nothing that is added without the page's doing proves anything here, and a session that is not
 * anonymous needs its token in the messages.
 */
export class CallbackPollingTransport {
  readonly #intake: Intake;
  readonly #options: TransportOptions;

  constructor(intake: Intake, options: TransportOptions) {
    this.#intake = intake;
    this.#options = options;
  }

  /** Serves one GET. */
  serve(exchange: Exchange, provenance: Provenance, answerHeaders: AnswerHeaders): void {
    const { request, response } = exchange;
    const site = request.headers['sec-fetch-site'];
    // Browsers that do not send it may still heed the policy that the response carries.
    if (site !== undefined && !SITES.has(site)) {
      answer(exchange, 403, answerHeaders);
      return;
    }
    const query = readCallbackQuery(request.url ?? '', this.#options);
    if (!query.ok) {
      answer(exchange, query.status, answerHeaders);
      return;
    }
    // The page cannot set the header either: what is in it was put there by the browser, or by a proxy for a cookie.
    const asked = scopeOf(request, provenance, undefined, answerHeaders, this.#options);
    const scope: RequestScope = { ...asked, authorization: undefined };
    const format = scriptFormat(query.callback);
    const link = new PollLink(response, scope, format, this.#options, this.#intake);
    // A client that sends a body nevertheless must not go unnoticed when it goes.
    discardBody(exchange);
    // It never fails, and there is nothing left to do when it is through.
    void this.#intake.accept(query.messages, scope, link);
  }
}
