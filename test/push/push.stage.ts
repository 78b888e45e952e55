import type { OutgoingHttpHeaders } from 'node:http';
import type { CometModuleOptions } from '../../src/index.js';
import { CometPushModule, type CometPushOptions } from '../../src/push/index.js';
import type { HttpKind } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { bearer } from '../support/identity.js';
import type { NestApp, NestStage } from '../nest/support/nest-stage.js';
import { scopedTokens } from '../nest/support/scoped-tokens.js';

/** A service that may push. */
export const BILLING = bearer('service/billing.comet+publish');

/** Services may push news and to the inbox; nobody may push alerts. */
const RULES: NonNullable<CometModuleOptions['rules']> = [
  { channel: '/news/**', subscribe: true, publish: { kind: 'service', scope: 'comet:publish' } },
  { channel: '/inbox', publish: { kind: 'service' } },
  { channel: '/alerts', subscribe: true },
];

export function startPush(
  stage: NestStage,
  http: HttpKind,
  options: Partial<CometModuleOptions> = {},
  push: CometPushOptions = {},
): Promise<NestApp> {
  return stage.start({
    http,
    options: { auth: { anonymous: true, verifier: scopedTokens }, rules: RULES, ...options },
    imports: [CometPushModule.register(push)],
  });
}

export interface Pushed {
  readonly status: number;
  readonly body: { readonly accepted?: number; readonly message?: string | string[] };
  readonly challenge: string | undefined;
}

export async function push(
  app: NestApp,
  body: unknown,
  headers: OutgoingHttpHeaders = BILLING,
  path = '/push',
): Promise<Pushed> {
  const answer = await ask(app.origin + path, {
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }).answer;
  return {
    status: answer.status,
    body: JSON.parse(answer.text) as Pushed['body'],
    challenge: answer.headers['www-authenticate'],
  };
}
