import type { Node } from 'libpg-query';
import type { TakenLock } from '../plan/measure.ts';
import type { Statement } from '../split.ts';
import type { World } from './world.ts';

/**
 * `error`: it breaks or destroys something. `warning`: somebody waits for it, or it is likely to be regretted; there
 * may be a reason. Both fail a check. `note`: worth knowing, fails nothing.
 */
export type Level = 'error' | 'warning' | 'note';

/** A rule is data and one question. Its two examples are run by the tests and printed on its page. */
export interface Rule {
  /** Stable: in suppressions, in file names, in the addresses of pages. */
  readonly id: string;
  readonly level: Level;
  /** When it speaks up; the title of its page. */
  readonly condition: string;
  /** What happens then, and to whom. */
  readonly effect: string;
  /** What to do instead. */
  readonly cure: string;
  /** Rules of squawk that say the same: they are not repeated where this one was asked. */
  readonly covers: readonly string[];
  readonly examples: {
    readonly bad: string;
    /** Each is the up part of a migration of its own. */
    readonly good: readonly string[];
    /** SQLSTATE with which the server itself refuses the bad one, when stoa_owner sends it. */
    readonly refusedWith?: string;
  };
  readonly find: (subject: Subject) => readonly Found[];
}

/** A statement, and what is known at the time when it runs. */
export interface Subject {
  readonly node: Node;
  readonly statement: Statement;
  /** As it stands before the statement. */
  readonly world: World;
  /** All statements of the file, and where this one stands. */
  readonly statements: readonly Statement[];
  readonly index: number;
  readonly isTransactional: boolean;
  /** Locks on existing tables that make somebody wait, taken further up in the same transaction. */
  readonly held: readonly TakenLock[];
}

export interface Found {
  readonly message: string;
  /** Byte in the up part, as the parser counts, when it is not the beginning of the statement. */
  readonly at?: number | undefined;
}

export const nothing: readonly Found[] = [];
