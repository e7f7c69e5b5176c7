import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultPatience, type Patience } from '../../../migrate/index.ts';

/** What the options of a command say; absent ones keep their default. */
export interface PatienceOptions {
  readonly lockTimeout?: number;
  readonly statementTimeout?: number;
  readonly tries?: number;
  readonly giveUpAfter?: number;
  readonly wait?: number;
}

const seconds = (ms: number): string => `${ms / 1_000}`;

export function addPatience(command: Command): Command {
  const { canaryLockTimeoutMs, lockTimeoutMs, definitionTimeoutMs, dataTimeoutMs, tries, migratorWaitMs } =
    defaultPatience;
  return command
    .addOption(
      new Option(
        '--lock-timeout <SECONDS>',
        `how long a statement may queue for a lock [${seconds(canaryLockTimeoutMs)} at the first try, then ${seconds(lockTimeoutMs)}]`,
      ).argParser(positive),
    )
    .addOption(
      new Option(
        '--statement-timeout <SECONDS>',
        `how long one may run, 0 for ever [${seconds(definitionTimeoutMs)} for definitions, ${seconds(dataTimeoutMs)} for data]`,
      ).argParser(positiveOrZero),
    )
    .addOption(new Option('--tries <N>', `tries on a lock or a deadlock [${tries}]`).argParser(whole))
    .addOption(
      new Option(
        '--give-up-after <SECONDS>',
        'end a concurrent statement that others hold up for so long [never]',
      ).argParser(positive),
    )
    .addOption(
      new Option('--wait <SECONDS>', `wait for another migrator [${seconds(migratorWaitMs)}]`).argParser(
        positiveOrZero,
      ),
    );
}

export function patienceOf(options: PatienceOptions): Partial<Patience> {
  const ms = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : value * 1_000;
  const lock = ms(options.lockTimeout);
  const statement = ms(options.statementTimeout);
  const concurrent = ms(options.giveUpAfter);
  const wait = ms(options.wait);
  return {
    ...(lock !== undefined && { canaryLockTimeoutMs: lock, lockTimeoutMs: lock }),
    ...(statement !== undefined && { definitionTimeoutMs: statement, dataTimeoutMs: statement }),
    ...(options.tries !== undefined && { tries: options.tries }),
    ...(concurrent !== undefined && { concurrentWaitMs: concurrent }),
    ...(wait !== undefined && { migratorWaitMs: wait }),
  };
}

export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('A whole number from 1 on.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('A number of seconds above 0.');
  return value;
}

function positiveOrZero(text: string): number {
  return text === '0' ? 0 : positive(text);
}
