import { Equals, IsString, Length } from 'class-validator';
import { TARGET_NAMES } from '../auth/revocation-target.js';
import { Given } from './option-checks.js';

/** Characters of a name, as of subjects (RFC 9068 §2.2). */
const MAX_LENGTH = 255;

function Name(): PropertyDecorator {
  return (target, key) => {
    Given()(target, key);
    IsString()(target, key);
    Length(1, MAX_LENGTH)(target, key);
  };
}

/**
 * Whose tokens are to be revoked, as the body of `POST {path}/revoke`: one of the members, see `RevocationTarget`. Tenant
 * and issuer are those of the token that asks.
 *
 * @publicApi
 */
export class RevocationDto {
  @Name() userId?: string;
  @Name() subject?: string;
  @Name() sid?: string;
  @Name() tokenId?: string;
  @Name() clientId?: string;
  @Given() @Equals(true) all?: true;
}

/** Whether it names one target and no more. */
export function namesOne(body: RevocationDto): boolean {
  return TARGET_NAMES.filter((name) => body[name] !== undefined).length === 1;
}
