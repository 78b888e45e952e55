import type { Advice } from './advice.js';
import type { Reply } from './message.js';

/** Ids that JSON has as they are. */
const PLAIN = /^[\w-]+$/;

let lastAdvice: Advice | undefined;
let lastText = '';

/**
 * A reply as JSON. Over HTTP one to a connect leaves with all that is pushed, and but for their ids these are alike, so
 * they are put together from texts that are there.
 */
export function replyText(reply: Reply): string {
  const { channel, id, successful, advice } = reply;
  const usual = channel === '/meta/connect' && successful === true && advice && membersOf(reply) === 4;
  if (!usual || id === undefined || !PLAIN.test(id)) return JSON.stringify(reply);
  return `{"channel":"/meta/connect","id":"${id}","successful":true,"advice":${adviceText(advice)}}`;
}

function adviceText(advice: Advice): string {
  if (advice === lastAdvice) return lastText;
  const text = JSON.stringify(advice);
  // One that may still change is another one every time.
  if (Object.isFrozen(advice)) {
    lastAdvice = advice;
    lastText = text;
  }
  return text;
}

function membersOf(reply: Reply): number {
  let members = 0;
  for (const name in reply) if (reply[name as keyof Reply] !== undefined) members++;
  return members;
}
