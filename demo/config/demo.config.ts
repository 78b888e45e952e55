import { randomBytes } from 'node:crypto';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { DemoEnvironment, isLoopback } from './demo-environment.js';

/** The provider that signs users in: the embedded one or, with `OIDC_ISSUER`, any other. */
export interface ProviderConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: string;
  readonly scope: string;
  /** What names the push server in the `aud` of its access tokens. */
  readonly audience: string;
  /** Values of the `typ` header of access tokens, where they differ from RFC 9068. */
  readonly tokenTypes?: readonly string[];
  /** The claim that holds the user's id, if it is not `sub`. */
  readonly userClaim?: string;
  /** Seconds for which the access tokens of the embedded provider are good. */
  readonly tokenLifetime: number;
  /** The issuer is reached over plain HTTP on another address than this machine's own loopback. */
  readonly insecure: boolean;
}

type ClientConfig = Pick<ProviderConfig, 'issuer' | 'clientId' | 'clientSecret' | 'insecure'>;

/** What the demo runs with: read once from the environment, validated, and complete. */
export class DemoConfig {
  constructor(
    readonly host: string,
    readonly port: number,
    /** The one origin for issuer, redirects, resource and cookies. */
    readonly publicUrl: string,
    /** Whether the demo brings its own provider. */
    readonly embedded: boolean,
    readonly provider: ProviderConfig,
  ) {}

  /** Whether browsers come over https, so that cookies can be `Secure`. */
  get secure(): boolean {
    return this.publicUrl.startsWith('https:');
  }

  /** Cookies know no ports; two demos on one machine are kept apart by the name. */
  cookieName(name: string): string {
    const { port } = new URL(this.publicUrl);
    return port ? `${name}-${port}` : name;
  }
}

/** The environment does not make sense; the message is one sentence for each thing to mend. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads the configuration. @throws {@link ConfigError} */
export function readConfig(variables: NodeJS.ProcessEnv): DemoConfig {
  const env = validated(variables);
  const publicUrl = new URL(env.PUBLIC_URL ?? `http://${bracketed(env.HOST)}:${env.PORT}`).origin;
  const embedded = env.OIDC_ISSUER === undefined;
  return new DemoConfig(env.HOST, env.PORT, publicUrl, embedded, {
    ...(embedded ? embeddedClient(publicUrl) : externalClient(env)),
    scope: env.OIDC_SCOPE,
    audience: env.OIDC_AUDIENCE ?? `${publicUrl}/cometd`,
    ...(env.OIDC_TOKEN_TYP && { tokenTypes: env.OIDC_TOKEN_TYP.split(/[\s,]+/).filter(Boolean) }),
    ...(env.OIDC_USER_CLAIM && { userClaim: env.OIDC_USER_CLAIM }),
    tokenLifetime: env.TOKEN_LIFETIME,
  });
}

function validated(variables: NodeJS.ProcessEnv): DemoEnvironment {
  const known = Object.entries(variables).filter(([name, value]) => isOurs(name) && value?.trim());
  const env = plainToInstance(DemoEnvironment, Object.fromEntries(known));
  const problems = validateSync(env).flatMap((error) => Object.values(error.constraints ?? {}).slice(0, 1));
  const orphans = known.map(([name]) => name).filter((name) => name.startsWith('OIDC_'));
  if (env.OIDC_ISSUER === undefined && orphans.length > 0) {
    problems.push(
      `${orphans.join(', ')} without OIDC_ISSUER has no meaning: set the issuer too, or unset it.`,
    );
  }
  if (env.OIDC_ISSUER === undefined && variables['NODE_ENV'] === 'production') {
    problems.push(
      'The embedded OAuth provider is for development only and does not start with NODE_ENV=production: ' +
        'set OIDC_ISSUER and OIDC_CLIENT_ID to use your own provider.',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return env;
}

const isOurs = (name: string): boolean => /^(HOST|PORT|PUBLIC_URL|TOKEN_LIFETIME|OIDC_[A-Z_]+)$/.test(name);

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function embeddedClient(publicUrl: string): ClientConfig {
  const { protocol, hostname } = new URL(publicUrl);
  return {
    issuer: `${publicUrl}/oidc`,
    clientId: 'portal',
    clientSecret: randomBytes(32).toString('base64url'),
    insecure: protocol === 'http:' && !isLoopback(hostname),
  };
}

function externalClient(env: DemoEnvironment): ClientConfig {
  return {
    issuer: env.OIDC_ISSUER ?? '',
    clientId: env.OIDC_CLIENT_ID ?? '',
    ...(env.OIDC_CLIENT_SECRET && { clientSecret: env.OIDC_CLIENT_SECRET }),
    insecure: false,
  };
}
