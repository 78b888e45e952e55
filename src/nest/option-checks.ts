import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsInt,
  IsString,
  Max,
  Min,
  ValidateIf,
  type ValidationArguments,
} from 'class-validator';
import { MAX_TIME } from '../bayeux/bayeux-options.js';

/** Checks the option only if it is given. `null` is: it would undo a default. */
export function Given(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A whole number, and a sentence that says so. */
export function WholeNumber(minimum: number, what: string, example: number): PropertyDecorator {
  const message = ({ property }: ValidationArguments) =>
    `${property} must be a whole number of ${what}, ${minimum} or more: write for example ${property}: ${example}.`;
  return (target, key) => {
    Given()(target, key);
    IsInt({ message })(target, key);
    Min(minimum, { message })(target, key);
    Max(MAX_TIME, { message })(target, key);
  };
}

/** A list of texts, and a sentence that says so. */
export function Words(example: string, { empty } = { empty: true }): PropertyDecorator {
  const message = ({ property }: ValidationArguments) =>
    `${property} must be a list of texts: write for example ${example}.`;
  return (target, key) => {
    Given()(target, key);
    IsArray({ message })(target, key);
    IsString({ each: true, message })(target, key);
    if (!empty) ArrayNotEmpty({ message })(target, key);
  };
}

/** A switch. */
export function YesOrNo(): PropertyDecorator {
  return (target, key) => {
    Given()(target, key);
    IsBoolean({ message: `${String(key)} must be true or false.` })(target, key);
  };
}
