import type { BenchReport } from './report.ts';
import type { BenchServer } from './server.ts';

/** What a bench is given. */
export interface BenchContext {
  readonly server: BenchServer;
  /** How often each form is measured. */
  readonly rounds: number;
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

/** A bench module. It leaves the community as it found it, but for rows that others do not read. */
export interface Bench {
  readonly summary: string;
  run(context: BenchContext): Promise<BenchReport>;
}
