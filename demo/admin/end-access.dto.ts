import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

/** What the administration's form sends. */
export class EndAccessDto {
  @IsString({ message: 'Please say whose access is to end.' })
  @IsNotEmpty({ message: 'Please say whose access is to end.' })
  @MaxLength(255, { message: 'No user has such a long id.' })
  userId: string;
}
