import type { ContenderName } from '../contenders/catalogue.js';
import type { Issuer } from '../lab/issuer.js';
import { roundOf } from '../lab/round.js';
import { onStage, type Stage } from '../lab/stage.js';
import type { BenchCase, Cell } from './case.js';

/** Clients that come in before anything is measured: keys are fetched, code is compiled. */
const BEFORE = 1_000;
const CLIENTS = 2_000;
const CONTENDERS: readonly ContenderName[] = ['ours', 'ws', 'jose'];

let signed: Promise<string[]> | undefined;

/** All tokens that are needed, each made once. */
function tokensOf(issuer: Issuer): Promise<string[]> {
  return (signed ??= issuer.tokens(BEFORE + CLIENTS));
}

/** (g) Everybody comes back at once, each with a token of their own. */
export const storm: BenchCase = {
  id: 'g',
  title: 'a handshake storm: 2,000 clients with 2,000 different access tokens (RS256)',
  headline: { metric: 'handshakeMicros', unit: 'µs/handshake' },
  inQuick: false,
  cells: () =>
    CONTENDERS.map((contender): Cell => ({
      contender,
      measure: async (lab) => {
        const issuer = await lab.issuer();
        const tokens = await tokensOf(issuer);
        const use = async (stage: Stage) => {
          await comeIn(stage, tokens, 0, BEFORE);
          const cpu = await stage.server.call('cpu');
          const seconds = await comeIn(stage, tokens, BEFORE, BEFORE + CLIENTS);
          const micros = (await stage.server.call('cpu')) - cpu;
          const { faults } = await stage.load.call('observe');
          return roundOf({ handshakes: CLIENTS / seconds, handshakeMicros: micros / CLIENTS }, faults);
        };
        return onStage(contender, lab, use, { issuer: issuer.url });
      },
    })),
};

/** @returns seconds it took. */
async function comeIn(stage: Stage, tokens: readonly string[], from: number, to: number): Promise<number> {
  if (stage.contender !== 'jose') {
    return stage.join({ from, to, common: [], tokens, handshakeOnly: true });
  }
  const start = performance.now();
  await stage.server.call('verify', tokens.slice(from, to));
  return (performance.now() - start) / 1e3;
}
