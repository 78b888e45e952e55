import { FayeClient } from './faye.client.js';
import { withRealClient } from './interop.js';
import { lifeCycle } from './life-cycle.js';

describe('the faye client', () => {
  withRealClient((settings) => new FayeClient(settings), lifeCycle);
});
