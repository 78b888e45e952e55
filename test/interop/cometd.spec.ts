import { CometdClient } from './cometd.client.js';
import { withRealClient } from './interop.js';
import { lifeCycle } from './life-cycle.js';

describe('the cometd client', () => {
  withRealClient((settings) => new CometdClient(settings), lifeCycle);
});
