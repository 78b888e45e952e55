import { tenantsOf } from './claims-options.js';
import type { CometAuthOptions } from './auth-options.js';
import { type IssuerSettings, OF_ONE_ISSUER } from './issuer-settings.js';
import { ALGORITHM, validateJwtOptions } from './jwt-verifier.options.js';

/**
 * What is wrong with the issuers, as far as it can be told without asking them: one sentence for each mistake, saying
 * what to write instead. Empty if nothing is.
 */
export function validateIssuers(auth: CometAuthOptions, issuers: readonly IssuerSettings[]): string[] {
  const several = auth.issuers !== undefined;
  const mistakes = issuers.flatMap((issuer, index) =>
    [...validateJwtOptions(issuer), ...strategyMistakes(issuer)].map((mistake) =>
      several ? `auth.issuers[${index.toString()}]: ${mistake}` : mistake,
    ),
  );
  return several ? [...besideMistakes(auth), ...mistakes, ...togetherMistakes(issuers)] : mistakes;
}

function besideMistakes(auth: CometAuthOptions): string[] {
  const mistakes: string[] = [];
  if (auth.issuer !== undefined) {
    mistakes.push('auth has both issuer and issuers: write the one issuer as an element of issuers.');
  }
  for (const name of OF_ONE_ISSUER.filter((member) => auth[member] !== undefined)) {
    mistakes.push(
      `auth.${name} cannot hold for several issuers: write it in the element of issuers it is for.`,
    );
  }
  return mistakes;
}

function strategyMistakes({ strategy, introspection, issuer }: IssuerSettings): string[] {
  const asks = strategy !== 'jwt';
  if (!introspection) {
    return asks
      ? [
          `The strategy '${strategy}' asks ${issuer} about tokens, but as whom? ` +
            "Write for example introspection: { clientId: 'comet', clientSecret }.",
        ]
      : [];
  }
  const mistakes: string[] = [];
  if (!asks) {
    mistakes.push(
      "There is an introspection, but the strategy 'jwt' asks nobody: write strategy: 'introspection' or " +
        "'jwt+introspection', or leave the introspection out.",
    );
  }
  const { clientSecret, privateKey, signedResponseAlg } = introspection;
  if ((clientSecret === undefined) === (privateKey === undefined)) {
    mistakes.push('The introspection needs a clientSecret or a privateKey: write one of them.');
  }
  if (signedResponseAlg !== undefined && !ALGORITHM.test(signedResponseAlg)) {
    mistakes.push(
      `The introspection cannot use '${signedResponseAlg}': write an asymmetric algorithm, for example 'RS256'.`,
    );
  }
  return mistakes;
}

/** Two issuers may not be able to name the same user, as a message to the one would reach the other. */
function togetherMistakes(issuers: readonly IssuerSettings[]): string[] {
  const mistakes: string[] = [];
  if (issuers.some(hasTenants) && !issuers.every(hasTenants)) {
    mistakes.push('Some of auth.issuers have a tenant and some have none: give all of them one, or none.');
  }
  issuers.forEach((issuer, index) => {
    for (const [before, other] of issuers.slice(0, index).entries()) {
      const names = `auth.issuers[${before.toString()}] and auth.issuers[${index.toString()}]`;
      if (issuer.issuer === other.issuer) {
        mistakes.push(`${names} are the same issuer: write it once.`);
      } else if (canNameTheSame(issuer, other)) {
        mistakes.push(
          `${names} could name the same user: give each a userPrefix of its own, neither of which begins like the ` +
            "other, for example userPrefix: 'staff:', or a userId, or a tenant of its own.",
        );
      }
    }
  });
  return mistakes;
}

function hasTenants({ tenant }: IssuerSettings): boolean {
  return tenant !== undefined;
}

function canNameTheSame(one: IssuerSettings, other: IssuerSettings): boolean {
  if (!tenantsOf(one).some((tenant) => tenantsOf(other).includes(tenant))) return false;
  // Whoever makes ids by a function answers for them.
  if (one.userId && other.userId) return false;
  if (one.userId) return other.userPrefix === '';
  if (other.userId) return one.userPrefix === '';
  return one.userPrefix.startsWith(other.userPrefix) || other.userPrefix.startsWith(one.userPrefix);
}

/** Whether principals have tenants. */
export function haveTenants(issuers: readonly IssuerSettings[]): boolean {
  return issuers.some(hasTenants);
}
