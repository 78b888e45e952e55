import { validateJwtOptions } from '../../src/auth/jwt-verifier.options.js';
import type { JwtVerifierOptions } from '../../src/auth/jwt-verifier.options.js';
import { optionsFor } from './issuer.fixture.js';

const ISSUER = 'https://login.example.com';

describe('validateJwtOptions', () => {
  it('finds nothing wrong with good options', () => {
    expect(validateJwtOptions(optionsFor(ISSUER))).toEqual([]);
    expect(validateJwtOptions(optionsFor(`${ISSUER}/realms/one`, { audience: ['a', 'b'] }))).toEqual([]);
  });

  it.each([
    '',
    'login.example.com',
    'ftp://x',
    `${ISSUER}?a=1`,
    `${ISSUER}#a`,
    `https://u:p@x`,
    ` ${ISSUER}`,
  ])("refuses the issuer '%s'", (issuer) => {
    expect(validateJwtOptions(optionsFor(issuer))).toEqual([expect.stringContaining('issuer')]);
  });

  it('refuses the address of the metadata for an issuer, with which no issuer would be compared', () => {
    const url = `${ISSUER}/.well-known/openid-configuration`;
    expect(validateJwtOptions(optionsFor(url))).toHaveLength(1);
  });

  it.each<Partial<JwtVerifierOptions>>([
    { audience: '' },
    { audience: [] },
    { audience: ['a', ''] },
    { algorithms: [] },
    { algorithms: ['RS256', 'HS256'] },
    { algorithms: ['none'] },
    { tokenTypes: [] },
    { tokenTypes: [''] },
    { requiredScopes: [''] },
    { requiredScopes: ['a b'] },
    { userClaim: '' },
    { clockTolerance: -1 },
    { clockTolerance: NaN },
    { clockTolerance: Infinity },
  ])('refuses %j', (changes) => {
    expect(validateJwtOptions(optionsFor(ISSUER, changes))).toHaveLength(1);
  });
});
