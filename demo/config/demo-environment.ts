import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min, ValidateBy, ValidateIf } from 'class-validator';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host name, as in `URL.hostname`, is this machine itself. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

const webUrl = (value: unknown): URL | null => {
  if (typeof value !== 'string' || !URL.canParse(value)) return null;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : null;
};

/** Whether the address means every interface, so that it is nothing a browser could open. */
const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

const isOrigin = (value: unknown): boolean => {
  const url = webUrl(value);
  return url !== null && url.pathname === '/' && !url.search && !url.hash;
};

const isSafeIssuer = (value: unknown): boolean => {
  const url = webUrl(value);
  return url !== null && !url.search && !url.hash && (url.protocol === 'https:' || isLoopback(url.hostname));
};

const hasOpenid = (value: unknown): boolean =>
  typeof value === 'string' && value.split(' ').includes('openid');

const TOKEN_LIFETIME = 'TOKEN_LIFETIME must be a whole number of seconds from 2 to 3600, for example 120.';

/** The environment variables of the demo, as text; each says in one sentence what to write when it is wrong. */
export class DemoEnvironment {
  @Matches(/^[A-Za-z0-9.:-]+$/, { message: 'HOST must be an address to listen on, for example 127.0.0.1.' })
  HOST = '127.0.0.1';

  @Transform(({ value }) => Number(value))
  @IsInt({ message: 'PORT must be a whole number, for example 3000.' })
  @Min(1, { message: 'PORT must be from 1 to 65535, for example 3000.' })
  @Max(65_535, { message: 'PORT must be from 1 to 65535, for example 3000.' })
  PORT = 3000;

  @ValidateIf((env: DemoEnvironment) => env.PUBLIC_URL !== undefined || isWildcard(env.HOST))
  @ValidateBy(
    { name: 'isOrigin', validator: { validate: isOrigin } },
    {
      message: (args) =>
        args.value === undefined
          ? 'PUBLIC_URL is needed when HOST is a wildcard: the origin that browsers will use, for example http://192.168.1.5:3000.'
          : 'PUBLIC_URL must be an origin without a path, for example https://portal.example.com.',
    },
  )
  PUBLIC_URL?: string;

  @IsOptional()
  @ValidateBy(
    { name: 'isSafeIssuer', validator: { validate: isSafeIssuer } },
    {
      message:
        'OIDC_ISSUER must be the https URL of your provider, exactly as in its tokens (http is accepted on this machine only).',
    },
  )
  OIDC_ISSUER?: string;

  @ValidateIf((env: DemoEnvironment) => env.OIDC_ISSUER !== undefined)
  @Matches(/./, {
    message: 'OIDC_CLIENT_ID is needed with OIDC_ISSUER: the client that your provider knows the portal as.',
  })
  OIDC_CLIENT_ID?: string;

  /** Absent for a public client. */
  OIDC_CLIENT_SECRET?: string;

  OIDC_AUDIENCE?: string;

  @ValidateBy(
    { name: 'hasOpenid', validator: { validate: hasOpenid } },
    { message: 'OIDC_SCOPE must contain openid, for example "openid profile offline_access".' },
  )
  OIDC_SCOPE = 'openid profile';

  @Transform(({ value }) => Number(value))
  @IsInt({ message: TOKEN_LIFETIME })
  @Min(2, { message: TOKEN_LIFETIME })
  @Max(3_600, { message: TOKEN_LIFETIME })
  TOKEN_LIFETIME = 120;

  OIDC_TOKEN_TYP?: string;

  OIDC_USER_CLAIM?: string;
}
