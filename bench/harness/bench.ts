import type { BenchReport } from './report.ts';
import type { Rounds } from './rounds.ts';
import type { BenchServer } from './server.ts';

/** What a bench is given. */
export interface BenchContext {
  readonly server: BenchServer;
  /** Of the community: 1 is 100,000 members and a million messages. */
  readonly scale: number;
  /** Of the community in which `suggestions` finds friends. */
  readonly members: number;
  /** Of the proposal that `tally` closes. */
  readonly ballots: number;
  /** How long one form of a bench of rates is measured in a round. */
  readonly forMs: number;
  tell(line: string): void;
}

/** What a bench has to do in one pass of a run. */
export interface Pass {
  /** How often each form is measured. */
  readonly rounds: Rounds;
  /** The share of this pass where all passes together have so many rounds at most: of what takes seconds each time. */
  roundsAtMost(most: number): Rounds;
}

/** A bench that makes what it needs anew in each pass, and leaves the community as it found it. */
export interface FreshBench {
  readonly summary: string;
  run(context: BenchContext & Pass): Promise<BenchReport>;
}

/** What a bench has made, for all passes. */
export interface OpenBench {
  run(pass: Pass): Promise<BenchReport>;
  /** After the last pass, and after a failure. */
  close(): Promise<unknown>;
}

/** A bench whose rows or processes are too dear to be made in each pass. */
export interface LastingBench {
  readonly summary: string;
  open(context: BenchContext): Promise<OpenBench>;
}

export type Bench = FreshBench | LastingBench;
