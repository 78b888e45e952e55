import type { ContenderName } from '../contenders/catalogue.js';
import type { BenchCase } from './case.js';
import { deliveryCells, PAD } from './pace.js';

const CLIENTS = 1_000;
const ROOMS = 100;
const ROOMS_PER_CLIENT = 10;
const BATCH = 10;
const MEMBERS = (CLIENTS * ROOMS_PER_CLIENT) / ROOMS;

const rooms = Array.from({ length: ROOMS }, (_, room) => `/chat/room/${String(room).padStart(3, '0')}`);

/** Ten rooms for each client, which are neighbours, so that every room has as many members. */
const roomsOf = (client: number): string[] =>
  Array.from({ length: ROOMS_PER_CLIENT }, (_, index) => rooms[(client + index) % ROOMS] ?? '');

const CONTENDERS: readonly ContenderName[] = ['ours', 'ws', 'uws', 'socket.io', 'faye'];

/** (c) What CometD's own load test does: clients publish batches into rooms. One client speaks for each room. */
export const chat: BenchCase = {
  id: 'c',
  title: 'clients publish batches of ten into 100 rooms, ten rooms for each of 1,000 clients',
  headline: { metric: 'cpuMicros', unit: 'µs/delivery' },
  inQuick: false,
  cells: (scale) =>
    // 20 batches a second, 20,000 deliveries.
    deliveryCells(CONTENDERS, { socket: 50, polling: 500 }, scale, {
      clients: CLIENTS,
      arrival: { common: [], own: Array.from({ length: CLIENTS }, (_, client) => roomsOf(client)) },
      source: {
        talk: { channels: rooms, speakers: rooms.map((_, room) => room), burst: BATCH, pad: PAD },
      },
      perTick: MEMBERS * BATCH,
    }),
};
