import { ClientStage } from './support/client-stage.js';
import { lifeCycle } from './support/life-cycle.js';
import { BROWSER_TRANSPORTS, TIMES } from './support/options.js';

const stage = ClientStage.forAll();

describe.each(BROWSER_TRANSPORTS)('the cometd client in a browser, over %s', (transport) => {
  lifeCycle(stage, {
    kind: 'cometd',
    transport,
    // The first one it has.
    handshakeOver: transport,
    // Nothing else proves a session there.
    everywhere: transport === 'callback-polling',
    timeout: TIMES.timeout,
  });
});
