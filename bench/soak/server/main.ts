import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CometAdapter, CometService } from '../../../src/index.js';
import type { Order, Report } from '../control.js';
import { Broadcaster } from './broadcaster.js';
import { IncidentLog } from './incidents.js';
import { Meter } from './meter.js';
import { SoakModule } from './soak.module.js';

// The process that is measured: nothing of the load may be in it.
const log = new IncidentLog();
log.watchProcess();
const app = await NestFactory.create<NestExpressApplication>(SoakModule, {
  forceCloseConnections: true,
  logger: log,
});
app.useWebSocketAdapter(new CometAdapter(app));
const server = await app.listen(0, '127.0.0.1');
// Longer than clients keep idle connections, so that it is never us who close one as a poll comes in.
server.keepAliveTimeout = 65_000;

const service = app.get(CometService);
const broadcaster = new Broadcaster(service, (error) => log.error('A broadcast failed.', error));
const meter = new Meter(service, server, () => broadcaster.sent);

function tell(report: Report): void {
  process.send?.(report);
}

async function follow(order: Order): Promise<void> {
  switch (order.order) {
    case 'sample':
      tell({ report: 'sample', sample: await meter.sample() });
      break;
    case 'broadcast':
      if (order.on) broadcaster.start();
      else broadcaster.stop();
      break;
    case 'stop':
      broadcaster.stop();
      await app.close();
      tell({ report: 'stopped', incidents: log.incidents });
      process.disconnect();
  }
}

process.on('message', (order) => void follow(order as Order));
// Without the load there is nobody left to serve.
process.once('disconnect', () => process.exit());
// An interrupt goes to both processes; the load decides when it is over.
process.on('SIGINT', () => undefined);
tell({ report: 'ready', port: (server.address() as AddressInfo).port });
