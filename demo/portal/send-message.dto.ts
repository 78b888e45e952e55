import { Transform } from 'class-transformer';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

/** What the portlet's form sends. */
export class SendMessageDto {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString({ message: 'The message must be text.' })
  @IsNotEmpty({ message: 'Please type a message first.' })
  @MaxLength(500, { message: 'A message has at most 500 characters.' })
  message: string;
}
