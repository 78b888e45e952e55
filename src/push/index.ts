export type { CometPushOptions } from './push-options.js';
export { PushAnswerDto, PushBatchDto, PushMessageDto } from './push.dto.js';
export { CometPushModule } from './push.module.js';
