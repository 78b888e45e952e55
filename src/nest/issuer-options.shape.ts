import {
  IsBoolean,
  IsIn,
  IsObject,
  IsString,
  Matches,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { KindDecision, TenantClaim, UserIdMapping } from '../auth/auth-options.js';
import { Given, WholeNumber, Words } from './option-checks.js';

/** A text that is not empty, and a sentence that says what to write. */
function Text(message: string): PropertyDecorator {
  return Matches(/^[^]+$/, { message });
}

/** A check that class-validator does not know. */
export function Check(
  name: string,
  validate: (value: unknown) => boolean,
  message: string,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate, defaultMessage: () => message } });
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isClaims(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((name) => typeof name === 'string');
  return isObject(value) && Object.values(value).every((place) => isText(place) || isTexts(place));
}

function isTenant(value: unknown): boolean {
  if (typeof value === 'string') return true;
  const { claim, allow } = (value ?? {}) as Partial<TenantClaim>;
  return isText(claim) && isTexts(allow);
}

class IntrospectionShape {
  @Text(
    "clientId is missing: write the name under which the issuer knows this server, for example clientId: 'comet'.",
  )
  clientId?: string;
  @Given()
  @Text('clientSecret must be a text: write the secret that the issuer has given to this server.')
  clientSecret?: string;
  @Given()
  @IsObject({ message: "privateKey must be a CryptoKey: make one, for example with jose's importPKCS8." })
  privateKey?: object;
  @Given()
  @IsIn(['client_secret_basic', 'client_secret_post'], {
    message: "authentication must be 'client_secret_basic' or 'client_secret_post'.",
  })
  authentication?: string;
  @Given()
  @IsString({ message: 'endpoint must be a URL: leave it out to have it discovered.' })
  endpoint?: string;
  @Given()
  @IsString({
    message: "signedResponseAlg must be an algorithm: write for example signedResponseAlg: 'RS256'.",
  })
  signedResponseAlg?: string;
  @WholeNumber(0, 'seconds', 30) maxTtl?: number;
  @WholeNumber(0, 'seconds', 5) negativeTtl?: number;
  @WholeNumber(0, 'seconds', 300) recheck?: number;
  @WholeNumber(1, 'questions', 20) concurrency?: number;
  @WholeNumber(0, 'questions', 200) queue?: number;
}

/** What is said of one issuer, or of all of them, as class-validator sees it. */
export class IssuerSettingsShape {
  issuer?: string;
  @ValidateIf(({ issuer, audience }: IssuerSettingsShape) => issuer !== undefined || audience !== undefined)
  @Check(
    'isAudience',
    (value) => isText(value) || isTexts(value),
    "audience is missing: write the name your issuer puts into `aud` for this server, for example audience: 'https://push.example.com/cometd'.",
  )
  audience?: string | readonly string[];
  @Given()
  @IsString({
    message: "audienceClaim must be the name of a claim: write for example audienceClaim: 'client_id'.",
  })
  audienceClaim?: string;
  @Given()
  @IsIn(['jwt', 'introspection', 'jwt+introspection'], {
    message: "strategy must be 'jwt', 'introspection' or 'jwt+introspection': leave it out for 'jwt'.",
  })
  strategy?: string;
  @Given()
  @ValidateNested({
    message:
      "introspection must be an object: write for example introspection: { clientId: 'comet', clientSecret }.",
  })
  introspection?: IntrospectionShape;
  @Given()
  @IsString({ message: 'jwksUri must be a URL: leave it out to have it discovered.' })
  jwksUri?: string;
  @Words("algorithms: ['RS256']", { empty: false })
  algorithms?: readonly string[];
  @Words("tokenTypes: ['JWT']", { empty: false })
  tokenTypes?: readonly string[];
  @Words("requiredScopes: ['comet']") requiredScopes?: readonly string[];
  @Given()
  @IsString({ message: "userClaim must be the name of a claim: write for example userClaim: 'sub'." })
  userClaim?: string;
  @Given()
  @IsString({ message: "userPrefix must be a text: write for example userPrefix: 'staff:'." })
  userPrefix?: string;
  @Given()
  @Check(
    'isUserId',
    (value) => typeof value === 'function',
    'userId must be a function: write for example userId: ({ sub }) => `staff:${sub}`.',
  )
  userId?: UserIdMapping;
  @Given()
  @Check(
    'isKind',
    (value) => typeof value === 'function',
    "kind must be a function: write for example kind: ({ gty }) => (gty === 'm2m' ? 'service' : undefined).",
  )
  kind?: KindDecision;
  @Given()
  @Check(
    'isTenant',
    isTenant,
    "tenant must be a name, or a claim with the names it may hold: write for example tenant: 'acme' or tenant: { claim: 'tenant', allow: ['acme', 'globex'] }.",
  )
  tenant?: string | TenantClaim;
  @Given()
  @Check(
    'isClaims',
    isClaims,
    "claims must be a list of names, or an object of names and places: write for example claims: ['name'] or claims: { roles: 'realm_access.roles' }.",
  )
  claims?: readonly string[] | Readonly<Record<string, string | readonly string[]>>;
  @WholeNumber(0, 'seconds', 5) clockTolerance?: number;
  @WholeNumber(1, 'seconds', 3600) maxTokenLifetime?: number;
  @Given()
  @IsBoolean({ message: 'allowInsecureIssuer must be true or false.' })
  allowInsecureIssuer?: boolean;
}

/** One of several issuers, with what stands beside them filled in. */
export class IssuerShape extends IssuerSettingsShape {
  @IsString({
    message:
      "issuer is missing: write the issuer of your access tokens, for example issuer: 'https://login.example.com'.",
  })
  declare issuer?: string;
}

/** Settings with every group in its shape. */
export function settingsShaped<T extends IssuerSettingsShape>(shape: T, settings: object): T {
  const { introspection } = Object.assign(shape, settings);
  if (isObject(introspection)) shape.introspection = Object.assign(new IntrospectionShape(), introspection);
  return shape;
}

/** The elements of `issuers`; what is no list, or no issuer, is left to the checks. */
export function issuersShaped(issuers: unknown, audience: IssuerShape['audience']): unknown {
  if (!Array.isArray(issuers)) return issuers;
  return issuers.map((issuer: unknown) => {
    const shape = settingsShaped(new IssuerShape(), isObject(issuer) ? issuer : {});
    if (shape.audience === undefined && audience !== undefined) shape.audience = audience;
    return shape;
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
