import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  IsArray,
  IsString,
  MaxLength,
  MinLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

const CHANNEL = 'channel must be the name of a channel: write for example "/news/sport".';
const DATA = 'data is missing: write the data of the message, or null.';
const USER_IDS =
  'userIds must be a list of the ids of users, each once: write for example ["alice"], or leave it out.';
/** What is said where messages are none. */
export const MESSAGES = 'messages must be a list of messages, each with a channel and data.';

/** `ArrayUnique` compares each element with all others, which takes a second for some ten thousand. */
function EachOnce(): PropertyDecorator {
  const validate = (value: unknown): boolean => Array.isArray(value) && new Set(value).size === value.length;
  return ValidateBy({ name: 'eachOnce', validator: { validate, defaultMessage: () => USER_IDS } });
}

/** One message: to the subscribers of its channel, or to users. */
export class PushMessageDto {
  @ApiProperty({
    description: 'The channel. Without `userIds` the message goes to all who subscribe to it.',
    example: '/news/sport',
  })
  @IsString({ message: CHANNEL })
  channel!: string;

  @ApiProperty({
    description: 'What is sent: any JSON value.',
    oneOf: ['object', 'array', 'string', 'number', 'boolean'].map((type) => ({ type })),
    nullable: true,
    example: { text: 'goal' },
  })
  @ValidateBy({
    name: 'isPresent',
    validator: { validate: (value) => value !== undefined, defaultMessage: () => DATA },
  })
  data: unknown;

  @ApiPropertyOptional({
    description: 'The users whose sessions get the message, subscribed or not.',
    type: [String],
    minItems: 1,
    example: ['alice', 'bob'],
  })
  @ValidateIf((_, value) => value !== undefined)
  @IsArray({ message: USER_IDS })
  @ArrayNotEmpty({ message: USER_IDS })
  @EachOnce()
  @IsString({ each: true, message: USER_IDS })
  @MinLength(1, { each: true, message: USER_IDS })
  @MaxLength(255, { each: true, message: USER_IDS })
  userIds?: string[];
}

/** Several messages, of which all are sent or none. */
export class PushBatchDto {
  @ApiProperty({ type: [PushMessageDto], minItems: 1 })
  @IsArray({ message: MESSAGES })
  @ArrayNotEmpty({ message: MESSAGES })
  @ValidateNested({ each: true, message: MESSAGES })
  messages!: PushMessageDto[];
}

/** What became of a push. Not who has got it: a sender is not to learn who is there. */
export class PushAnswerDto {
  @ApiProperty({ description: 'How many messages were sent.', example: 1 })
  accepted!: number;
}
