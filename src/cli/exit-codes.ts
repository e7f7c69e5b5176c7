import { exitCodes } from '../errors.ts';

/** What each exit code means to whoever called. docs/cli.md says the same; a test compares them. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.unexpected, 'something broke that nobody foresaw; the stack is printed'],
  [exitCodes.usage, 'the command was called with words it does not take'],
  [exitCodes.configuration, 'a setting is missing or cannot be used'],
  [exitCodes.database, 'the database or its data folder cannot be reached or used'],
  [exitCodes.refused, 'it would destroy or change something that it must not without permission'],
  [exitCodes.checkFailed, 'a check ran and found something'],
  [exitCodes.busy, 'a port, a lock or the data folder is taken'],
  [exitCodes.input, 'a file or a row is not of the form that the command takes'],
  [exitCodes.interrupted, 'stopped by a signal before it was done'],
];

export function exitCodesText(): string {
  return exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n');
}
